import type { Ipv4 } from '../../net/ip.js';
import type { Daemon } from '../daemon/process.js';
import type { Link } from './link.js';

/** A daemon that carries links, and how it is told what to do. Calls must not overlap. */
export interface Carrier {
  /**
   * Has the daemon run if a link needs it, and calls the peers of those that are due.
   * @throws NvgateError `vpnDaemonFailed`
   */
  tend(links: readonly CarriedLink[]): Promise<void>;
  /**
   * Ends one link, and no other.
   * @param device that it has now
   */
  hangUp(link: Link, device: string | undefined): Promise<void>;
  /** Ends the daemon, for good. */
  stop(): Promise<void>;
  find(): Promise<Daemon | undefined>;
}

export interface CarriedLink {
  readonly link: Link;
  readonly transport: Transport;
  /** `trying`: a pppd negotiates, or waits for somebody to negotiate with. */
  readonly phase: 'up' | 'trying' | 'idle';
}

/** Where the peer's SA is that protects an L2TP link. PPTP has none. */
export type Transport = Ipv4 | 'none' | 'unknown';
