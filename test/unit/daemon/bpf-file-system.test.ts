import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { requireBpfFileSystem } from '../../../src/daemon/bpf-file-system.js';

it('says how to mount one where there is none', () => {
  expect(() => requireBpfFileSystem(tmpdir())).toThrow(/mount -t bpf bpf/);
  expect(() => requireBpfFileSystem('/no/such/directory')).toThrow(/cannot be read/);
});
