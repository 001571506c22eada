import type { Ipv4 } from '../../net/ip.js';
import type { LinkStatus } from '../strongswan/links.js';
import type { TunnelError } from '../port.js';
import type { CarriedLink, Transport } from './carrier.js';
import { explainAttempt, explainTunnel, triedUser } from './cause.js';
import { deviceUp, type Interfaces } from './interfaces.js';
import type { Link } from './link.js';

/** What has been seen since the last look. */
export interface Sight {
  readonly interfaces: Interfaces;
  /** Of the log that its pppds write. */
  readonly pppd: readonly string[];
  /** Of what the daemon that carries it writes. */
  readonly carrier: readonly string[];
  /** Why the daemon is not there. */
  readonly failure: string | undefined;
  /** Other links have the same log. */
  readonly shared: boolean;
}

/** How a link is, found out look by look. */
export interface HeldLink {
  readonly link: Link;
  /** Of those who call; absent while only its record is known. */
  userName: string | undefined;
  transport: Transport;
  /** Where its peer was when the link was last carried. */
  secured: Ipv4 | undefined;
  /** Who has called, where anybody may. */
  caller: Ipv4 | undefined;
  readonly phase: CarriedLink['phase'];
  /** By `performance.now()`. */
  readonly tryingSince: number | undefined;
  /** Somebody calls while another call, perhaps a dead one, has the device. */
  readonly blocked: boolean;
  see(sight: Sight): void;
  status(): LinkStatus;
}

/** Lines of one attempt that are kept. */
const MOST_LINES = 60;

export function createHeldLink(link: Link, now: () => Date): HeldLink {
  let attempt: string[] = [];
  let device: string | undefined;
  let error: TunnelError | undefined;
  let phase: CarriedLink['phase'] = 'idle';
  let tryingSince: number | undefined;
  let blocked = false;

  function peer(): Ipv4 | undefined {
    return typeof held.transport === 'number' ? held.transport : (link.peer ?? held.caller);
  }

  /** Of a log of several links: what is certainly of another is left out. */
  function own({ pppd, shared }: Sight): readonly string[] {
    if (!shared) return pppd;
    const user = triedUser(pppd);
    return user !== undefined && user === held.userName ? pppd : [];
  }

  function record(lines: readonly string[]): void {
    for (const line of lines) {
      if (line.startsWith('Using interface ')) attempt = [];
      attempt.push(line);
    }
    attempt = attempt.slice(-MOST_LINES);
  }

  function explain(sight: Sight, lines: readonly string[]): void {
    const context = { link, peer: peer() };
    const explanation =
      (lines.length === 0 ? undefined : explainAttempt(attempt, context)) ??
      explainTunnel(sight.carrier, context) ??
      (sight.failure === undefined
        ? undefined
        : ({ cause: 'daemonFailed', message: sight.failure } as const));
    if (explanation !== undefined) error = { ...explanation, at: now() };
  }

  const held: HeldLink = {
    link,
    userName: undefined,
    transport: link.type === 'l2tp' ? 'unknown' : 'none',
    secured: undefined,
    caller: undefined,
    get phase() {
      return phase;
    },
    get tryingSince() {
      return tryingSince;
    },
    get blocked() {
      return blocked;
    },
    see(sight) {
      const lines = [...own(sight), ...sight.carrier.filter((line) => PPPD_ITSELF.test(line))];
      record(lines);
      blocked = lines.some((line) => line.startsWith("Couldn't rename interface"));
      device = deviceUp(sight.interfaces, link);
      const begun = link.device !== undefined && sight.interfaces.devices.has(link.device);
      phase = device !== undefined ? 'up' : begun ? 'trying' : 'idle';
      tryingSince = phase === 'trying' ? (tryingSince ?? performance.now()) : undefined;
      // What IPsec lacks says the other side of the house.
      if (phase === 'up' || (link.type === 'l2tp' && held.transport === 'none')) error = undefined;
      else explain(sight, lines);
      if (link.type === 'l2tp' && held.transport === 'none') attempt = [];
      if (phase !== 'up') held.caller = undefined;
    },
    status() {
      const at = peer();
      return {
        up: device !== undefined,
        ...(device === undefined ? {} : { device }),
        ...(device === undefined || at === undefined ? {} : { peerAddress: at }),
        ...(error === undefined ? {} : { error }),
      };
    },
  };
  return held;
}

/** Before pppd has opened its log. */
const PPPD_ITSELF = /^\/usr\/sbin\/pppd: /;
