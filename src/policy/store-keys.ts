import type { RoutingDomainId } from '../model/routing-domain-id.js';

/*
 * Keys of the store. The first byte tells what follows:
 *   0                          format version and revision
 *   1                          all provider addresses, one row, because their order counts
 *   2 key                      provider route
 *   3 RDID (16) part key       what belongs to a routing domain, its head first
 */
export const REVISION_KEY = Buffer.of(0);
export const PROVIDER_ADDRESSES_KEY = Buffer.of(1);

const PROVIDER_ROUTE = Buffer.of(2);
const ROUTING_DOMAIN = Buffer.of(3);
const DOMAIN_PREFIX_LENGTH = 17;

const PARTS = ['head', 'virtualSubnet', 'lookupRecord', 'customerRoute', 'connection'] as const;

export type DomainPart = (typeof PARTS)[number];

export function providerRouteKeyOf(key: string): Buffer {
  return Buffer.concat([PROVIDER_ROUTE, Buffer.from(key)]);
}

/** What all keys of a routing domain begin with. */
export function domainPrefix(domain: RoutingDomainId): Buffer {
  return Buffer.concat([ROUTING_DOMAIN, Buffer.from(domain.replaceAll('-', ''), 'hex')]);
}

/** Behind the last key of a routing domain. */
export function domainEnd(prefix: Buffer): Buffer {
  return Buffer.concat([prefix, Buffer.of(0xff)]);
}

export function partKey(prefix: Buffer, part: DomainPart, key = ''): Buffer {
  return Buffer.concat([prefix, Buffer.of(PARTS.indexOf(part)), Buffer.from(key)]);
}

/** What a key stands for; undefined for one that this version does not know. */
export function kindOfKey(
  key: Buffer,
): 'revision' | 'providerAddresses' | 'providerRoute' | DomainPart | undefined {
  const first = key[0] ?? 0xff;
  if (first === ROUTING_DOMAIN[0]) return PARTS[key[DOMAIN_PREFIX_LENGTH] ?? PARTS.length];
  return (['revision', 'providerAddresses', 'providerRoute'] as const)[first];
}
