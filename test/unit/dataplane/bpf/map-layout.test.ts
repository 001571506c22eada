import { afterAll, expect, it } from 'vitest';
import { expectHandle, libbpf } from '../../../../src/dataplane/bpf/libbpf.js';
import { declaredLayout } from '../../../../src/dataplane/bpf/map-layout.js';

const bpf = libbpf();
const object = expectHandle(bpf.objectOpenFile('dist/bpf/nvgate.bpf.o', null), 'object');
const btf = expectHandle(bpf.objectBtf(object), 'BTF');
afterAll(() => bpf.objectClose(object));

const layoutOf = (name: string, record?: string) =>
  declaredLayout(btf, expectHandle(bpf.findMap(object, name), name), record);

it('has the fields of keys and values, those of a struct inside by both names', () => {
  expect(layoutOf('lookup_records')).toMatchObject({
    ...{ type: 1, flags: 0, maxEntries: 1_048_576, keySize: 20 },
    key: {
      size: 20,
      fields: {
        routing_domain: { offset: 0, size: 4 },
        'address.word': { offset: 4, size: 16 },
      },
    },
    value: { fields: { mac: { offset: 4, size: 6 } } },
  });
});

it('has one field without a name for what is no struct', () => {
  expect(layoutOf('path_mtus').key).toEqual({ size: 4, fields: { '': { offset: 0, size: 4 } } });
});

it('has the records of a ring buffer', () => {
  const { key, value } = layoutOf('events', 'event');
  expect(key).toBeUndefined();
  expect(Object.keys(value?.fields ?? {})).toEqual(['kind', 'provider_address', 'value']);
});
