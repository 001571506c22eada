import koffi from 'koffi';
import { ProviderAddress } from '../../model/addresses.js';
import type { Ipv4 } from '../../net/ip.js';
import type { DataPlaneEvent } from '../port.js';
import { EVENT_KIND, LAYOUT } from './layout.js';
import { expectHandle, expectSuccess, libbpf, type Fd } from './libbpf.js';

const RECORD_CALLBACK = koffi.proto('int RingBufferRecord(void *context, void *data, size_t size)');

/**
 * Follows the ring buffer `events`; what waits in it comes first. No thread and no timer: the event
 * loop waits for the buffer's descriptor, and is not kept alive by it.
 * @returns ends it
 */
export function watchEvents(map: Fd, listener: (event: DataPlaneEvent) => void): () => void {
  const bpf = libbpf();
  const arrived: Buffer[] = [];
  const callback = koffi.register((_context: unknown, data: unknown, size: bigint | number) => {
    // The record is the kernel's again as soon as this returns; nothing may be thrown from here.
    const bytes = koffi.decode(data, koffi.array('uint8_t', Number(size), 'Typed')) as Uint8Array;
    arrived.push(Buffer.from(bytes));
    return 0;
  }, koffi.pointer(RECORD_CALLBACK));
  const ring = expectHandle(bpf.ringBufferNew(map, callback, null, null), 'BPF ring buffer events');

  const consume = (): void => {
    expectSuccess(bpf.ringBufferConsume(ring), 'reading BPF ring buffer events');
    for (const record of arrived.splice(0)) {
      const event = readEvent(record);
      if (event !== undefined) listener(event);
    }
  };
  const poll = koffi.node.poll(bpf.ringBufferEpollFd(ring), { readable: true }, consume);
  poll.unref();

  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    poll.close();
    bpf.ringBufferFree(ring);
    koffi.unregister(callback);
  };
}

/** Undefined for what this build does not know. */
function readEvent(record: Buffer): DataPlaneEvent | undefined {
  if (record.byteLength < LAYOUT.event.size) return undefined;
  const field = LAYOUT.event.fields;
  const providerAddress = ProviderAddress(record.readUInt32BE(field.provider_address) as Ipv4);
  switch (record.readUInt32LE(field.kind)) {
    case EVENT_KIND.pathMtu:
      return { kind: 'pathMtu', providerAddress };
    case EVENT_KIND.peerProblem:
      return { kind: 'peerProblem', providerAddress, problem: record.readUInt32LE(field.value) };
    default:
      return undefined;
  }
}
