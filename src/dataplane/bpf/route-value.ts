import { ProviderAddress } from '../../model/addresses.js';
import type { CustomerRouteEntry } from '../../model/forwarding-table.js';
import type { Vsid } from '../../model/vsid.js';
import type { Ipv4 } from '../../net/ip.js';
import type { MacAddress } from '../../net/mac.js';
import type { CustomerRouteValue } from './codecs.js';

const NO_MAC = 0 as MacAddress;
const NO_ADDRESS = 0 as Ipv4;

/** What a route leads to, as its map has it. */
export function routeValue(target: CustomerRouteEntry['target']): CustomerRouteValue {
  switch (target.kind) {
    case 'onLink':
      return {
        kind: 'onLink',
        vsid: target.vsid,
        macAddress: target.wildcard?.macAddress ?? NO_MAC,
        providerAddress: target.wildcard?.providerAddress ?? NO_ADDRESS,
      };
    case 'router':
      return { kind: 'router', vsid: target.vsid, ...target.router };
    case 'multicast':
      return {
        kind: 'multicast',
        vsid: target.vsid,
        macAddress: NO_MAC,
        providerAddress: NO_ADDRESS,
      };
    case 'external':
      return { kind: 'external', vsid: 0, macAddress: NO_MAC, providerAddress: NO_ADDRESS };
  }
}

/** The other way round. */
export function routeTarget(value: CustomerRouteValue): CustomerRouteEntry['target'] {
  const vsid = value.vsid as Vsid;
  const tunnel = {
    macAddress: value.macAddress,
    providerAddress: ProviderAddress(value.providerAddress),
  };
  switch (value.kind) {
    case 'onLink':
      return value.providerAddress === 0
        ? { kind: 'onLink', vsid }
        : { kind: 'onLink', vsid, wildcard: tunnel };
    case 'router':
      return { kind: 'router', vsid, router: tunnel };
    case 'multicast':
      return { kind: 'multicast', vsid };
    case 'external':
      return { kind: 'external' };
  }
}
