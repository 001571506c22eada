import type { ErrorCode } from '../errors.js';
import type { ConnectionId } from '../model/connection.js';
import type { RemoteConnection } from '../model/remote-connection.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { VpnSupport } from '../model/vpn-support.js';
import type { IpAddress } from '../net/ip.js';
import type { Prefix } from '../net/prefix.js';

/** One tunnel as a routing domain wants it. */
export interface TunnelSpec {
  readonly connection: RemoteConnection;
  /**
   * The gateway's end in the routing domain's namespace: the connection's source address, or the
   * transit address that the gateway translates to it.
   */
  readonly localAddress: IpAddress;
  /** Linux device in the namespace that leads into the tunnel; of kernel IPsec, made by the data plane. */
  readonly device: string;
  /** Kernel IPsec only: the number that ties the SAs to the device. */
  readonly interfaceId?: number;
  /** The VM network's prefixes: what policy-based selectors narrow and address checks go by. */
  readonly customerPrefixes: readonly Prefix[];
}

/** All tunnels that a routing domain wants, by connection. */
export type WantedTunnels = ReadonlyMap<ConnectionId, TunnelSpec>;

export type TunnelPhase = 'connecting' | 'connected' | 'disconnected' | 'failed';

/** What has kept a tunnel from being up, in terms that tell what to do. */
export type TunnelCause =
  | 'peerUnreachable'
  | 'noProposalChosen'
  | 'authenticationFailed'
  | 'identityMismatch'
  | 'certificateExpired'
  | 'certificateRevoked'
  | 'certificateUntrusted'
  | 'selectorsRefused'
  | 'peerMisbehaved'
  | 'daemonFailed'
  | 'other';

export interface TunnelError {
  readonly cause: TunnelCause;
  /** What went wrong and what to do; never holds a secret. */
  readonly message: string;
  readonly at: Date;
}

/**
 * How a tunnel is. `connecting`: being set up, or waiting for the peer to call; `failed`: the last
 * try has failed, and it will be tried again; `disconnected`: was up and ended in order.
 */
export interface TunnelState {
  readonly phase: TunnelPhase;
  /** When it came to this phase. */
  readonly since: Date;
  /** Of the newest failure; stays after the tunnel is up again. */
  readonly lastError?: TunnelError;
  /** Where the peer is now; only while connected. */
  readonly peerAddress?: IpAddress;
  /** The device that leads into the tunnel; only while connected. */
  readonly device?: string;
}

/** One IKE SA or pair of ESP SAs of a connection, as it is now. */
export interface SecurityAssociation {
  readonly kind: 'ike' | 'child';
  readonly state: string;
  /** In strongSwan's words: AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048 */
  readonly algorithms: string;
  readonly establishedSecondsAgo?: number;
  readonly rekeyInSeconds?: number;
  /** Child only */
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  readonly packetsIn?: number;
  readonly packetsOut?: number;
  readonly localSelectors?: readonly string[];
  readonly remoteSelectors?: readonly string[];
}

/** A tunnel that could not be brought to what is wanted. */
export interface TunnelFailure {
  readonly domain: RoutingDomainId;
  /** Absent: all tunnels of the domain. */
  readonly connection?: ConnectionId;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** States by routing domain and connection; domains without tunnels are absent. */
export type TunnelStates = ReadonlyMap<RoutingDomainId, ReadonlyMap<ConnectionId, TunnelState>>;

export interface TunnelChange {
  readonly domain: RoutingDomainId;
  readonly connection: ConnectionId;
  readonly before: TunnelPhase | undefined;
  readonly state: TunnelState;
}

/**
 * The tunnels of all routing domains and the daemons that hold them. The daemons outlive this
 * process; implementations find out what runs by looking, never by remembering.
 */
export interface Vpn {
  /**
   * Finds what an earlier process left running, and which of its tunnels are up, so that their
   * routes are never taken away. Before anything else.
   */
  adopt(): Promise<void>;
  /**
   * Brings the tunnels of these routing domains to what is wanted, an empty map meaning none; does
   * not wait for them to be up, and goes on bringing them up until told otherwise. Domains not
   * named are left alone. The namespace of a domain that wants tunnels must be there.
   */
  apply(wanted: ReadonlyMap<RoutingDomainId, WantedTunnels>): Promise<readonly TunnelFailure[]>;
  /** Routing domains for which daemons run or tunnels are wanted. */
  domains(): ReadonlySet<RoutingDomainId>;
  states(): TunnelStates;
  /** @returns what ends the subscription */
  onChange(listener: (change: TunnelChange) => void): () => void;
  securityAssociations(
    domain: RoutingDomainId,
    connection: ConnectionId,
  ): Promise<readonly SecurityAssociation[]>;
  /** What the running system supports; asked once, the answer is kept. */
  support(): Promise<VpnSupport>;
  /** Lets go. Daemons and tunnels go on. */
  close(): Promise<void>;
}
