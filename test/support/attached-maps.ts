import koffi from 'koffi';
import {
  customerRouteCodec,
  lookupRecordCodec,
  providerAddressCodec,
  providerPeerCodec,
  virtualSubnetCodec,
} from '../../src/dataplane/bpf/codecs.js';
import { attachedProgram } from '../../src/dataplane/bpf/filter.js';
import { libbpf } from '../../src/dataplane/bpf/libbpf.js';
import { readBatches } from '../../src/dataplane/bpf/map.js';
import {
  multicastRouteCodec,
  providerGroupCodec,
  replicationCodec,
} from '../../src/dataplane/bpf/multicast-codecs.js';
import { rewriteCodec } from '../../src/dataplane/bpf/rewrite-table.js';

const openMap = koffi.load('libbpf.so.1').func('int bpf_map_get_fd_by_id(uint32_t id)') as (
  id: number,
) => number;

const CODECS = [
  providerAddressCodec,
  virtualSubnetCodec,
  lookupRecordCodec,
  customerRouteCodec,
  providerPeerCodec,
  rewriteCodec,
  providerGroupCodec,
  multicastRouteCodec,
  replicationCodec,
];

/** Offset and length of the name in struct bpf_map_info: cut off after 15 characters. */
const NAME = { offset: 24, length: 16 } as const;

/**
 * How many entries the policy's maps have that the program works with which is on the device now,
 * whoever has put it there; undefined where there is none. The calling thread is in its namespace.
 */
export function attachedEntries(ifindex: number): Record<string, number> | undefined {
  const program = attachedProgram(ifindex);
  if (program === undefined) return undefined;
  const bpf = libbpf();
  const found: Record<string, number> = {};
  for (const id of program.maps) {
    const fd = openMap(id);
    const info = Buffer.alloc(80);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(info.length);
    bpf.infoByFd(fd, info, length);
    const name = info.toString('latin1', NAME.offset, NAME.offset + NAME.length).split('\0')[0];
    const codec = CODECS.find((each) => each.name.slice(0, NAME.length - 1) === name);
    if (codec !== undefined) {
      let count = 0;
      for (const batch of readBatches(fd, codec, codec.valueSize)) count += batch.count;
      found[codec.name] = count;
    }
    bpf.close(fd);
  }
  return found;
}
