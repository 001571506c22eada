import { createHash } from 'node:crypto';
import { NvgateError } from '../../errors.js';
import { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { MacAddress } from '../../net/mac.js';
import type { DomainDevice } from '../kernel-object.js';

/** Routing protocol number of our routes and proxy neighbours (`ip route show proto 76`). */
export const ROUTE_PROTOCOL = 76;

/** Number and priority of the routing rules that send to our own routing table, and of that table. */
export const EXTERNAL_TABLE = 76;

/** Metric of our addresses on the gateway's devices (IFA_RT_PRIORITY). */
export const ADDRESS_METRIC = 7637;

/** The network namespace of a routing domain. */
export function namespaceName(instance: string, domain: RoutingDomainId): string {
  return `${instance}-${domain}`;
}

/** The routing domain whose namespace has this name; undefined where it is not one of ours. */
export function domainOfNamespace(instance: string, name: string): RoutingDomainId | undefined {
  if (!name.startsWith(`${instance}-`)) return undefined;
  try {
    const domain = RoutingDomainId(name.slice(instance.length + 1));
    return namespaceName(instance, domain) === name ? domain : undefined;
  } catch (error) {
    if (error instanceof NvgateError) return undefined;
    throw error;
  }
}

/**
 * The gateway's end of a routing domain's veth pair. A device name has room for 15 characters,
 * a routing domain id has 36: so a hash, and the whole name as the device's alias.
 */
export function peerName(instance: string, domain: RoutingDomainId, device: DomainDevice): string {
  const prefix = device === 'vnet' ? 'vn' : 'vx';
  return prefix + digest(namespaceName(instance, domain)).toString('hex', 0, 5);
}

/** Tells the operator, and us after a crash, whose end of what the device is. */
export function peerAlias(instance: string, domain: RoutingDomainId, device: DomainDevice): string {
  return `${namespaceName(instance, domain)}/${device}`;
}

/** The pair's end that has this alias; undefined where it is not one of ours. */
export function peerOfAlias(
  instance: string,
  alias: string,
): { readonly domain: RoutingDomainId; readonly device: DomainDevice } | undefined {
  const [namespace = '', device] = alias.split('/');
  if (device !== 'vnet' && device !== 'ext') return undefined;
  const domain = domainOfNamespace(instance, namespace);
  return domain === undefined ? undefined : { domain, device };
}

/**
 * Both ends of a pair have this one (locally administered) address. A device without ARP sends
 * frames to its own address, and the other end takes them only if that is its address as well.
 */
export function pairMac(
  instance: string,
  domain: RoutingDomainId,
  device: DomainDevice,
): MacAddress {
  const hash = digest(peerAlias(instance, domain, device));
  return (0x02_00_00_00_00_00 + hash.readUIntBE(0, 5)) as MacAddress;
}

/**
 * Device group of the gateway's ends of all `ext` pairs of an instance. Firewall rules match it,
 * so that a new routing domain is separated from the others before its first packet.
 */
export function externalGroup(instance: string): number {
  return 0x10000000 + digest(`${instance} ext`).readUIntBE(0, 3);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
