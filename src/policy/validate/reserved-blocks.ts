import type { IpAddress } from '../../net/ip.js';
import { hostPrefix, parsePrefix, prefixesOverlap, type Prefix } from '../../net/prefix.js';

/** Blocks whose addresses no single host can have beyond its own link (RFC 6890, RFC 4291). */
const RESERVED: readonly { readonly prefix: Prefix; readonly name: string }[] = [
  { prefix: parsePrefix('0.0.0.0/8'), name: '“this network”, 0.0.0.0/8' },
  { prefix: parsePrefix('127.0.0.0/8'), name: 'loopback, 127.0.0.0/8' },
  { prefix: parsePrefix('169.254.0.0/16'), name: 'link-local, 169.254.0.0/16' },
  { prefix: parsePrefix('224.0.0.0/4'), name: 'multicast, 224.0.0.0/4' },
  { prefix: parsePrefix('240.0.0.0/4'), name: 'reserved, 240.0.0.0/4' },
  { prefix: parsePrefix('::/127'), name: 'unspecified and loopback, ::/127' },
  { prefix: parsePrefix('::ffff:0:0/96'), name: 'IPv4-mapped, ::ffff:0:0/96' },
  { prefix: parsePrefix('fe80::/10'), name: 'link-local, fe80::/10' },
  { prefix: parsePrefix('ff00::/8'), name: 'multicast, ff00::/8' },
];

/** Names the reserved block that a prefix touches, if it touches one. */
export function reservedBlockOf(prefix: Prefix): string | undefined {
  return RESERVED.find((block) => prefixesOverlap(block.prefix, prefix))?.name;
}

/** Names the reserved block that an address lies in, if it lies in one. */
export function reservedBlockOfAddress(address: IpAddress): string | undefined {
  return reservedBlockOf(hostPrefix(address));
}
