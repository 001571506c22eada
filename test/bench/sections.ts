import type { RunContext } from './run-context.js';
import { measureControlPlane } from './section/control-plane.js';
import { measureLatency } from './section/latency.js';
import { measureNetworks } from './section/networks.js';
import { measurePackets } from './section/packets.js';
import { measureRecordTables } from './section/records.js';
import { measureStreams } from './section/streams.js';
import { measureVpn } from './section/vpn.js';

interface Section {
  readonly measure: (context: RunContext) => Promise<void>;
  /** Whether the short form has it. */
  readonly short: boolean;
  /** Whether it uses the topologies that are made once for all sections. */
  readonly topologies: boolean;
}

/** In this order: what makes its own topologies comes after what shares them. */
export const SECTIONS = {
  packets: { measure: measurePackets, short: true, topologies: true },
  streams: { measure: measureStreams, short: true, topologies: true },
  latency: { measure: measureLatency, short: false, topologies: true },
  networks: { measure: measureNetworks, short: true, topologies: true },
  vpn: { measure: measureVpn, short: false, topologies: false },
  records: { measure: measureRecordTables, short: false, topologies: false },
  control: { measure: measureControlPlane, short: true, topologies: false },
} as const satisfies Record<string, Section>;

export type SectionKey = keyof typeof SECTIONS;
