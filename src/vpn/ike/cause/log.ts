import { formatIp } from '../../../net/ip.js';
import type { TunnelCause } from '../../port.js';
import type { IpsecTunnelSpec } from '../tunnel.js';

/** A `TunnelError` without its time. */
export interface Explanation {
  readonly cause: TunnelCause;
  /** What went wrong and what to do about it. */
  readonly message: string;
}

export interface FailureContext {
  readonly spec: IpsecTunnelSpec;
  /** To judge certificates by; the clock's where absent. */
  readonly now?: Date;
}

/** charon's lines of one try, searchable. */
export interface CharonLog extends FailureContext {
  /** The groups of the last line that matches, shortened; '' for those that took no part. */
  readonly find: (pattern: RegExp) => readonly string[] | undefined;
  readonly has: (pattern: RegExp) => boolean;
  /** For sentences: `peer 198.51.100.2`, or `peer` if nobody knows its address. */
  readonly peer: string;
}

export function readLog(lines: readonly string[], context: FailureContext): CharonLog {
  const find = (pattern: RegExp): readonly string[] | undefined => {
    const line = lines.findLast((candidate) => pattern.test(candidate));
    if (line === undefined) return undefined;
    return (pattern.exec(line) ?? [])
      .slice(1)
      .map((group: string | undefined) => shorten(group ?? ''));
  };
  const [caller] = find(/^(\S+) is initiating an? /) ?? [];
  const { destinationAddress } = context.spec.connection;
  const address = caller ?? (destinationAddress && formatIp(destinationAddress));
  return {
    ...context,
    find,
    has: (pattern) => lines.some((line) => pattern.test(line)),
    peer: address === undefined ? 'peer' : `peer ${address}`,
  };
}

/** What a stranger may put into a message of ours: long enough for a list of proposals. */
const LONGEST_QUOTE = 600;

/** Text that the peer had a hand in. */
export function shorten(text: string): string {
  const printable = text.replaceAll(/\p{C}/gu, '?');
  return printable.length <= LONGEST_QUOTE ? printable : `${printable.slice(0, LONGEST_QUOTE)}…`;
}
