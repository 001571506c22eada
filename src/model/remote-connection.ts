import type { IpAddress } from '../net/ip.js';
import type { Prefix } from '../net/prefix.js';
import type { ConnectionBase } from './connection.js';
import type { MainMode, QuickMode } from './ipsec.js';
import type { Secret } from './secret.js';

interface RemoteBase extends ConnectionBase {
  /** External address of the gateway's end; several routing domains may use one. */
  readonly sourceAddress: IpAddress;
  /** The peer, of the same family; absent: any address, the gateway waits for the peer to call. */
  readonly destinationAddress?: IpAddress;
}

/** What an IPsec peer is and how it is spoken to. */
interface IpsecBase extends RemoteBase {
  readonly authentication: IpsecAuthentication;
  /** Who the gateway says it is; its source address if absent. */
  readonly localIdentity?: string;
  /** Who the peer must be; its destination address if absent, anybody that authenticates if there is none either. */
  readonly remoteIdentity?: string;
  readonly mainMode: MainMode;
  readonly quickMode: QuickMode;
  /** The gateway calls and keeps calling; otherwise it waits. Always false without a destination. */
  readonly initiate: boolean;
  /** Seconds of silence after which the peer is asked whether it is there. */
  readonly deadPeerDetectionSeconds: number;
}

export const DEFAULT_DEAD_PEER_DETECTION_SECONDS = 10;

/** Remote connection by IKEv2 (G3). */
export interface Ikev2Connection extends IpsecBase {
  readonly type: 'ikev2';
  /** The peer may also come from elsewhere than its destination address, which is where it is called. */
  readonly peerAddressMayChange: boolean;
  /** Policy-based: only what fits both lists passes. Absent: route-based, everything that is routed to it. */
  readonly trafficSelectors?: TrafficSelectors;
}

export interface TrafficSelectors {
  readonly local: readonly Prefix[];
  readonly remote: readonly Prefix[];
}

/** Remote connection by L2TP over IPsec transport mode, RFC 3193 (G4). */
export interface L2tpConnection extends IpsecBase {
  readonly type: 'l2tp';
  readonly pointToPoint: PointToPoint;
}

/** Remote connection by PPTP, RFC 2637, with MPPE (G5). Insecure. */
export interface PptpConnection extends RemoteBase {
  readonly type: 'pptp';
  readonly initiate: boolean;
  readonly pointToPoint: PointToPoint;
}

/** The PPP link inside L2TP and PPTP. */
export interface PointToPoint {
  /** PPTP: mschapv2 only, MPPE needs its keys (RFC 3079). */
  readonly method: 'pap' | 'chap' | 'mschapv2';
  readonly userName: string;
  readonly secret: Secret;
  /** The gateway's end of the link; asked of the peer if absent. */
  readonly localAddress?: IpAddress;
  /** The peer's end; the responder gives it. */
  readonly remoteAddress?: IpAddress;
}

export type IpsecAuthentication = PresharedKey | CertificateAuthentication;

export interface PresharedKey {
  readonly method: 'psk';
  readonly secret: Secret;
}

/** Each file or text is PEM. */
export interface CertificateAuthentication {
  readonly method: 'certificate';
  readonly credential:
    | { readonly certificate: string; readonly privateKey: Secret }
    | { readonly certificateFile: string; readonly privateKeyFile: string };
  /** Certificates that may have signed the peer's. At least one. */
  readonly certificateAuthorities: readonly (
    { readonly certificate: string } | { readonly certificateFile: string }
  )[];
  /** Certificate revocation lists (PEM) besides those that a certificate names. */
  readonly revocationLists: readonly string[];
  /** `strict`: no certificate without fresh word that it is good; `relaxed`: only a known revocation counts. */
  readonly revocation: 'strict' | 'relaxed';
}

export type IpsecConnection = Ikev2Connection | L2tpConnection;

/** A tunnel to a remote site. */
export type RemoteConnection = Ikev2Connection | L2tpConnection | PptpConnection;
export type RemoteConnectionType = RemoteConnection['type'];
