import type { TcpMss } from '../model/tcp-mss.js';
import { comparePrefix, type Prefix } from '../net/prefix.js';
import { familyKeyword, prefixSet, type Chain } from './nft-text.js';

/** Where TCP segments are kept short. */
export interface SegmentClamp {
  /** Linux device that leads to the prefix. */
  readonly device: string;
  readonly prefix: Prefix;
  /** All of them count, so that the smallest wins; none = as the ends want it. */
  readonly limits: readonly TcpMss[];
}

/** Set and kept for the rest of its life by the segment that opens a connection, and its answer. */
const OPENS = 'tcp flags syn';

/**
 * The chains that make the two ends of a TCP connection believe that the other takes no longer
 * segments (the MSS option of RFC 9293). What leaves by a device and what comes by it is looked at
 * by itself: the longest prefix that holds the far end decides. The kernel only ever lowers the
 * option, and `rt mtu` looks at the routes to both ends.
 */
export function clampingChains(clamps: readonly SegmentClamp[]): {
  readonly hooked: Chain;
  readonly called: readonly Chain[];
} {
  const sorted = clamps.toSorted(
    (a, b) =>
      compareText(a.device, b.device) ||
      b.prefix.length - a.prefix.length ||
      comparePrefix(a.prefix, b.prefix),
  );
  const rules = (way: 'iifname' | 'oifname', end: 'saddr' | 'daddr'): string[] =>
    sorted.map(({ device, prefix, limits }) =>
      [
        `${way} "${device}" ${familyKeyword(prefix.address)} ${end} ${prefixSet([prefix])}`,
        ...statements(limits),
        'return',
      ].join(' '),
    );
  return {
    hooked: {
      name: 'segments',
      hook: 'type filter hook forward priority mangle; policy accept;',
      rules: [`${OPENS} jump segments_out`, `${OPENS} jump segments_in`],
    },
    called: [
      { name: 'segments_out', rules: rules('oifname', 'daddr') },
      { name: 'segments_in', rules: rules('iifname', 'saddr') },
    ],
  };
}

function statements(limits: readonly TcpMss[]): string[] {
  const numbers = limits.filter((limit) => limit !== 'pathMtu');
  const set = 'tcp option maxseg size set';
  return [
    ...(numbers.length === 0 ? [] : [`${set} ${Math.min(...numbers)}`]),
    ...(limits.includes('pathMtu') ? [`${set} rt mtu`] : []),
  ];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
