import { NvgateError } from '../../errors.js';
import { readStruct, structByName } from './btf.js';
import type { Handle } from './libbpf.js';

/**
 * Byte offsets of the structs in maps.h. `verifyLayout` compares each with the BTF of the object
 * that is about to be loaded, so a struct that changed on one side only never reaches the kernel.
 */
export const LAYOUT = {
  virtual_subnet: {
    size: 40,
    fields: {
      routing_domain: 0,
      underlay_ifindex: 4,
      provider_address: 8,
      source_mac: 12,
      gateway_mac: 18,
      on_link_mask: 24,
      external_peer: 28,
      external_ifindex: 32,
      max_length: 36,
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
  customer_route: { size: 16, fields: { provider_address: 0, mac: 4, target: 10, vsid: 12 } },
  provider_peer_key: { size: 8, fields: { routing_domain: 0, provider_address: 4 } },
  external_end: { size: 8, fields: { routing_domain: 0, external_ifindex: 4 } },
  rewrite: { size: 16, fields: { routing_domain: 0, customer_address: 4, vsid: 8, local: 12 } },
  multicast_route_key: { size: 24, fields: { prefix_length: 0, vsid: 4, address: 8 } },
  multicast_route: { size: 8, fields: { routing_domain: 0, group: 4 } },
  replication: {
    size: 272,
    fields: {
      routing_domain: 0,
      packets_per_second: 4,
      hosts: 8,
      left_out: 12,
      provider_address: 16,
    },
  },
  provider_group_key: { size: 8, fields: { vsid: 0, group: 4 } },
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
export const LOOKUP_RECORD_NAT = 0x4;

export const CUSTOMER_ROUTE_KIND = { onLink: 1, router: 2, multicast: 3, external: 4 } as const;

/** EVENT_ in maps.h. */
export const EVENT_KIND = { pathMtu: 1, peerProblem: 2 } as const;

/** A struct as BTF describes it. */
export interface StructLayout {
  readonly size: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** @throws NvgateError `internal` naming the struct and the difference */
export function verifyLayout(btf: Handle): void {
  for (const [name, expected] of Object.entries(LAYOUT)) {
    const found = structLayout(btf, name);
    const wanted: StructLayout = expected;
    if (JSON.stringify(found) !== JSON.stringify(wanted))
      throw new NvgateError(
        'internal',
        `struct ${name} in the BPF object is ${JSON.stringify(found)}, layout.ts has ${JSON.stringify(wanted)}. Build both from one source.`,
      );
  }
}

function structLayout(btf: Handle, name: string): StructLayout {
  const { size, members } = readStruct(btf, structByName(btf, name));
  return { size, fields: Object.fromEntries(members.map((each) => [each.name, each.offset])) };
}
