import type { AddressVariation } from '../topology/path.js';

/** Who makes the packets. */
export type GeneratorKind = 'liveFrames' | 'packetSocket';

export const GENERATORS: Readonly<Record<GeneratorKind, string>> = {
  liveFrames:
    'BPF live frames: handed to the device’s receive path 64 at a time, as a driver would; one processor',
  packetSocket:
    'sendmmsg on AF_PACKET, 256 frames a call, over a veth pair, past the queueing discipline; one processor',
};

/** What a generator process is told, as JSON on its standard input. */
export interface GeneratorJob {
  readonly kind: GeneratorKind;
  /** BPF object of live frames. */
  readonly object: string;
  /** In the namespace that the process runs in. */
  readonly device: string;
  readonly seconds: number;
  /** As fast as it can where absent; a packet socket only. */
  readonly packetsPerSecond?: number;
  /** Hexadecimal. */
  readonly frames: readonly string[];
  readonly variation?: AddressVariation;
}

/** What it answers with, as JSON on its standard output. */
export interface GeneratorAnswer {
  readonly sent: number;
  /** In which it sent. */
  readonly seconds: number;
}
