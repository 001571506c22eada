import { NvgateError } from '../errors.js';

declare const brand: unique symbol;

/** RDID: the UUID of a routing domain (one tenant's VM network), small letters, no braces. */
export type RoutingDomainId = string & { readonly [brand]: 'RoutingDomainId' };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Reads a UUID with or without {braces}, in either case.
 * @throws NvgateError `invalidRoutingDomainId`
 */
export function RoutingDomainId(text: string): RoutingDomainId {
  const bare = text.replace(/^\{(.*)\}$/, '$1').toLowerCase();
  if (!UUID.test(bare))
    throw new NvgateError(
      'invalidRoutingDomainId',
      `"${text}" is not a routing domain id. Write a UUID like 11111111-2222-3333-4444-000000005001.`,
    );
  return bare as RoutingDomainId;
}
