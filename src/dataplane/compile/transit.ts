import { createHash } from 'node:crypto';
import { NvgateError } from '../../errors.js';
import { isIpv4, type IpAddress, type Ipv4, type Ipv6 } from '../../net/ip.js';

/** Transit addresses are link-local: never routed outside, never a tenant's (RFC 3927 section 2.7). */
const TRANSIT_IPV4 = 0xa9fe_0000;
/** A unique local prefix (RFC 4193) of our own; what it leads to is the same 16 bits as in IPv4. */
const TRANSIT_IPV6 = 0xfd4e_5647_4154_0000_0000_0000_0000_0000n;

/** 169.254.169.254 answers for cloud metadata in many data centres. */
const CLOUD_METADATA = 0xa9fe;

/** First and last of what RFC 3927 section 2.1 lets a host use: 169.254.1.0 to 169.254.254.255. */
const FIRST = 0x0100;
const LAST = 0xfeff;

const CAPACITY = countUsable();

/**
 * Gives each key (a routing domain's share in an external address) its transit address. The same
 * set of keys always gets the same addresses: each starts at its hash, and the keys are served in
 * sorted order, so that of two that meet the same one steps aside.
 * @param shares the shared external address by key; the transit address is of its family
 * @throws NvgateError `limitExceeded` when there are more shares than transit addresses
 */
export function transitAddresses(shares: ReadonlyMap<string, IpAddress>): Map<string, IpAddress> {
  if (shares.size > CAPACITY)
    throw new NvgateError(
      'limitExceeded',
      `External addresses are to be shared ${shares.size} times; there is room for ${CAPACITY}. Give some routing domains addresses of their own.`,
    );
  const taken = new Set<number>();
  const addresses = new Map<string, IpAddress>();
  for (const key of [...shares.keys()].sort()) {
    const shared = shares.get(key);
    if (shared === undefined) continue;
    let low = createHash('sha256').update(key).digest().readUInt16BE(0);
    while (!isUsable(low) || taken.has(low)) low = (low + 1) & 0xffff;
    taken.add(low);
    addresses.set(
      key,
      isIpv4(shared) ? ((TRANSIT_IPV4 + low) as Ipv4) : ((TRANSIT_IPV6 + BigInt(low)) as Ipv6),
    );
  }
  return addresses;
}

function isUsable(low: number): boolean {
  const last = low & 0xff;
  return low >= FIRST && low <= LAST && low !== CLOUD_METADATA && last !== 0 && last !== 0xff;
}

function countUsable(): number {
  let count = 0;
  for (let low = FIRST; low <= LAST; low++) if (isUsable(low)) count++;
  return count;
}
