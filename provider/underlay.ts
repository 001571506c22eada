import type { ProviderAddress } from '../src/model/addresses.js';
import type { Ipv4 } from '../src/net/ip.js';

/** What the provider API asks about the underlay and the peers on it. */
export interface UnderlaySource {
  /** In force now. */
  pathMtus(): readonly PathMtuReport[];
  peerProblems(): Promise<readonly PeerProblemReading[]>;
}

/** The way to a peer carries less than the gateway's own underlay device does (N9). */
export interface PathMtuReport {
  readonly providerAddress: ProviderAddress;
  /** Bytes of outer packet. */
  readonly mtu: number;
  /** Bytes of inner packet: what senders are told. */
  readonly innerMtu: number;
  /** The router that said so last. */
  readonly router: Ipv4;
  readonly learnedAt: Date;
}

/** Packets of one peer that are not NVGRE as it should be (N11). */
export interface PeerProblemReading {
  readonly providerAddress: ProviderAddress;
  /** Number of the problem (`forwarding/peer-problem`). */
  readonly problem: number;
  readonly packets: bigint;
  /** Since the last of them. */
  readonly ageSeconds: number;
}
