import koffi from 'koffi';
import { NvgateError } from '../../errors.js';
import { expectHandle, libbpf, type Handle } from './libbpf.js';

/**
 * Byte offsets of the structs in maps.h. `verifyLayout` compares each with the BTF of the object
 * that is about to be loaded, so a struct that changed on one side only never reaches the kernel.
 */
export const LAYOUT = {
  virtual_subnet: {
    size: 28,
    fields: {
      routing_domain: 0,
      underlay_ifindex: 4,
      provider_address: 8,
      source_mac: 12,
      gateway_mac: 18,
      on_link_mask: 24,
    },
  },
  lookup_record_key: { size: 20, fields: { routing_domain: 0, address: 4 } },
  lookup_record: {
    size: 20,
    fields: { provider_address: 0, mac: 4, flags: 10, vsid: 12, max_length: 16 },
  },
  customer_route_key: {
    size: 24,
    fields: { prefix_length: 0, routing_domain: 4, address: 8 },
  },
  customer_route: { size: 16, fields: { provider_address: 0, mac: 4, kind: 10, vsid: 12 } },
  provider_peer_key: { size: 8, fields: { routing_domain: 0, provider_address: 4 } },
  counter_key: { size: 8, fields: { vsid: 0, verdict: 4 } },
  counter: { size: 16, fields: { packets: 0, bytes: 8 } },
  path_mtu: { size: 16, fields: { learned: 0, mtu: 8, router: 12 } },
  peer_problem_key: { size: 8, fields: { provider_address: 0, problem: 4 } },
  peer_problem: { size: 16, fields: { packets: 0, reported: 8 } },
  event: { size: 12, fields: { kind: 0, provider_address: 4, value: 8 } },
} as const;

/** Beside an address: this one is IPv4 (DOMAIN_IPV4 in maps.h). */
export const DOMAIN_IPV4 = 0x80000000;

export const LOOKUP_RECORD_LOCAL = 0x1;
export const LOOKUP_RECORD_ON_LINK = 0x2;

export const CUSTOMER_ROUTE_KIND = { onLink: 1, router: 2, multicast: 3 } as const;

/** EXTERNAL_END_ in maps.h. */
export const EXTERNAL_END = { outside: 1, domain: 2 } as const;

/** EVENT_ in maps.h. */
export const EVENT_KIND = { pathMtu: 1, peerProblem: 2 } as const;

const BTF_KIND_STRUCT = 4;

/** A struct as BTF describes it. */
export interface StructLayout {
  readonly size: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** @throws NvgateError `internal` naming the struct and the difference */
export function verifyLayout(btf: Handle): void {
  for (const [name, expected] of Object.entries(LAYOUT)) {
    const found = readStruct(btf, name);
    const wanted: StructLayout = expected;
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      throw new NvgateError(
        'internal',
        `struct ${name} in the BPF object is ${JSON.stringify(found)}, layout.ts has ${JSON.stringify(wanted)}. Build both from one source.`,
      );
  }
}

/** Reads struct btf_type and its struct btf_member list (linux/btf.h). */
function readStruct(btf: Handle, name: string): StructLayout {
  const { btfFind, btfType, btfName } = libbpf();
  const id = btfFind(btf, name, BTF_KIND_STRUCT);
  if (id < 0) throw new NvgateError('internal', `The BPF object has no struct ${name}.`);
  const type = expectHandle(btfType(btf, id), `BTF type ${name}`);
  const [, info, size] = words(type, 3);
  const memberCount = (info ?? 0) & 0xffff;
  const members = words(type + 12n, memberCount * 3);
  const fields: Record<string, number> = {};
  for (let index = 0; index < memberCount; index++) {
    const fieldName = btfName(btf, members[index * 3] ?? 0) ?? '';
    fields[fieldName] = (members[index * 3 + 2] ?? 0) / 8;
  }
  return { size: size ?? 0, fields };
}

function words(pointer: Handle, count: number): number[] {
  return [...(koffi.decode(pointer, koffi.array('uint32_t', count, 'Array')) as number[])];
}
