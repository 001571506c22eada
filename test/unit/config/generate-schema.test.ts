import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { configJsonSchema } from '../../../src/config/generate-schema.js';

it('is what config/nvgate.schema.json holds', () => {
  expect(JSON.parse(readFileSync('config/nvgate.schema.json', 'utf8'))).toEqual(configJsonSchema());
});

it('asks for nothing that has a default', () => {
  expect(configJsonSchema()).not.toHaveProperty('required');
  expect(configJsonSchema()).toMatchObject({
    properties: { underlay: { items: { required: ['name', 'device'] } } },
  });
});

it('explains every key', () => {
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('properties' in node)
      for (const property of Object.values(node.properties as object)) {
        expect(property).toHaveProperty('description');
        walk(property);
      }
    if ('items' in node) walk(node.items);
  };
  walk(configJsonSchema());
});
