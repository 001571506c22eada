import { expect, it } from 'vitest';
import { verifyLayout } from '../../../../src/dataplane/bpf/layout.js';
import { expectHandle, libbpf } from '../../../../src/dataplane/bpf/libbpf.js';

it('layout.ts and the BTF of the built object say the same of every struct', () => {
  const bpf = libbpf();
  const object = expectHandle(bpf.objectOpenFile('dist/bpf/nvgate.bpf.o', null), 'object');
  try {
    expect(() => verifyLayout(expectHandle(bpf.objectBtf(object), 'BTF'))).not.toThrow();
  } finally {
    bpf.objectClose(object);
  }
});
