import fc from 'fast-check';
import { stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseTextDocument } from '../../../src/config/document.js';
import { RefusedError, type Problem } from '../../../src/errors.js';

const options = { code: 'malformedRequest', textKeys: ['macAddress'] } as const;
const at = (path: string): Problem => ({ path, code: 'invalidValue', message: 'Wrong.' });

describe('locate', () => {
  const document = parseTextDocument(
    ['top:', '  - {a: 1}', '  - b: 2', '    "c/d": [x, y]'].join('\n'),
    'test',
    options,
  );
  it.each([
    ['', 1, 1],
    ['/top', 1, 1],
    ['/top/0', 2, 5],
    ['/top/0/a', 2, 6],
    ['/top/1/b', 3, 5],
    ['/top/1/c~1d/1', 4, 16],
    ['/top/1/missing', 3, 5],
    ['/top/9/missing/deeper', 1, 1],
  ])('%s stands at %i:%i', (path, line, column) => {
    expect(document.locate([at(path)])[0]?.position).toEqual({ line, column });
  });
});

it('keeps the digits of keys that are text', () => {
  const text = 'records:\n- {macAddress: 001122334455, n: 0010}\n- {macAddress: 12e4}';
  expect(parseTextDocument(text, 'test', options).value).toEqual({
    records: [{ macAddress: '001122334455', n: 10 }, { macAddress: '12e4' }],
  });
});

it('lists every syntax error', () => {
  expect.assertions(2);
  try {
    parseTextDocument('a: 1\na: 2\nb: [', 'test', options);
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError);
    expect((error as RefusedError).problems.length).toBeGreaterThan(1);
  }
});

it('refuses aliases that blow up', () => {
  const levels = Array.from({ length: 12 }, (_, i) =>
    i === 0
      ? 'a0: &a0 [x, x]'
      : `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
  );
  expect(() => parseTextDocument(levels.join('\n'), 'test', options)).toThrow(RefusedError);
});

it('reads the same from JSON and from YAML', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json: unknown = JSON.parse(JSON.stringify(value));
      const fromYaml = parseTextDocument(stringify(json), 'yaml', { code: 'internal' }).value;
      const fromJson = parseTextDocument(JSON.stringify(json), 'json', { code: 'internal' }).value;
      expect(fromJson).toEqual(json);
      expect(fromYaml).toEqual(json);
    }),
  );
});
