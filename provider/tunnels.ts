import type { ConnectionId } from '../src/model/connection.js';
import type { RoutingDomainId } from '../src/model/routing-domain-id.js';
import type { IpAddress } from '../src/net/ip.js';

/** What the provider API asks about the tunnels of remote connections. */
export interface TunnelSource {
  /** Undefined where nothing is known of it yet. */
  stateOf(domain: RoutingDomainId, connection: ConnectionId): TunnelReport | undefined;
  /** @throws NvgateError where they cannot be had now */
  securityAssociations(
    domain: RoutingDomainId,
    connection: ConnectionId,
  ): Promise<readonly SecurityAssociationReport[]>;
}

export const TUNNEL_STATES = ['connected', 'connecting', 'disconnected', 'failed'] as const;
export type TunnelState = (typeof TUNNEL_STATES)[number];

/** How a tunnel is. */
export interface TunnelReport {
  readonly connection: TunnelState;
  /** When it came to be so. */
  readonly since: Date;
  /** Of the newest failure; stays after the tunnel is up again. */
  readonly lastError?: {
    readonly cause: string;
    /** What went wrong and what to do; never holds a secret. */
    readonly message: string;
    readonly at: Date;
  };
  /** Where the peer is now; only while connected. */
  readonly peerAddress?: IpAddress;
}

/** One IKE SA or pair of ESP SAs of a connection, as it is now. */
export interface SecurityAssociationReport {
  readonly kind: 'ike' | 'child';
  readonly state: string;
  readonly algorithms: string;
  readonly establishedSecondsAgo?: number;
  readonly rekeyInSeconds?: number;
  /** Bytes and packets are those of child SAs. */
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly packetsIn?: number;
  readonly packetsOut?: number;
  readonly localSelectors?: readonly string[];
  readonly remoteSelectors?: readonly string[];
}
