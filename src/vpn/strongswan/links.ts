import type { ConnectionId } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { VpnSupport } from '../../model/vpn-support.js';
import type { IpAddress } from '../../net/ip.js';
import type { TunnelError, TunnelFailure, TunnelSpec } from '../port.js';

/**
 * What lies above IPsec: the PPP links of L2TP connections, whose packets a transport SA protects,
 * and those of PPTP connections, which need none.
 */
export interface LinkLayer {
  support(): Promise<LinkSupport>;
  open(options: DomainLinksOptions): DomainLinks;
}

export interface LinkSupport {
  /** Why connections of a type cannot be, whatever IPsec can do; absent = they can. */
  readonly unavailable: VpnSupport['unavailable'];
  readonly authenticationMethods: VpnSupport['authenticationMethods'];
}

export interface DomainLinksOptions {
  readonly domain: RoutingDomainId;
  /** The domain's own, 0700; made and removed by others. */
  readonly directory: string;
  readonly networkNamespace: string;
  /** A status may have changed. */
  onChange(): void;
}

/** The links of one routing domain. Their daemons outlive this process. */
export interface DomainLinks {
  /** Finds what an earlier process left running. */
  adopt(): Promise<void>;
  /** All L2TP and PPTP connections that are wanted; empty = everything ends. */
  apply(wanted: ReadonlyMap<ConnectionId, TunnelSpec>): Promise<readonly TunnelFailure[]>;
  /** @param peerAddress where the peer of an L2TP connection's SA is; undefined = there is none */
  transport(connection: ConnectionId, peerAddress: IpAddress | undefined): void;
  /** All links that are known, by connection. */
  status(): ReadonlyMap<ConnectionId, LinkStatus>;
  /** Lets go; the links stay. */
  close(): void;
}

export interface LinkStatus {
  /** PPP is up: the device carries packets. */
  readonly up: boolean;
  /** Linux device. */
  readonly device?: string;
  readonly peerAddress?: IpAddress;
  /** Of the newest failure. */
  readonly error?: TunnelError;
}
