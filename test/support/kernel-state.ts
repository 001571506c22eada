import { objectKey, objectValue, type KernelObject } from '../../src/dataplane/kernel-object.js';
import { formatIp } from '../../src/net/ip.js';
import { formatMac } from '../../src/net/mac.js';
import { formatPrefix } from '../../src/net/prefix.js';
import type { CustomerRouteEntry, TunnelTarget } from '../../src/model/forwarding-table.js';
import { BLUE, GREEN, RED } from './policy-of.js';

/** Kernel objects as sorted, readable lines, the routing domains by their colours. */
export function kernelState(objects: Iterable<KernelObject>): string[] {
  return Array.from(objects, line).sort();
}

/** The lines that begin with one of these words. */
export function linesOf(objects: Iterable<KernelObject>, ...starts: string[]): string[] {
  return kernelState(objects).filter((text) => starts.some((start) => text.startsWith(start)));
}

function line(object: KernelObject): string {
  return inColour(text(object).trim());
}

function text(object: KernelObject): string {
  switch (object.kind) {
    case 'providerAddress':
      return `providerAddress ${formatIp(object.entry.address)}`;
    case 'virtualSubnet': {
      const {
        vsid,
        routingDomain,
        providerAddress,
        underlay,
        sourceMac,
        gatewayMac,
        onLinkLength,
      } = object.entry;
      return `virtualSubnet ${vsid} ${routingDomain} from ${formatIp(providerAddress)} dev ${underlay} source ${formatMac(sourceMac)} gateway ${formatMac(gatewayMac)}${onLinkLength === undefined ? '' : ` on link /${onLinkLength}`}`;
    }
    case 'lookupRecord': {
      const { routingDomain, customerAddress, vsid, macAddress, providerAddress, onLink, nat } =
        object.entry;
      const where = `${object.entry.local ? 'local' : ''}${providerAddress === undefined ? '' : `${object.entry.local ? ' ' : ''}at ${formatIp(providerAddress)}`}${nat === true ? ' nat' : ''}`;
      return `lookupRecord ${routingDomain} ${formatIp(customerAddress)} vsid ${vsid} ${formatMac(macAddress)} ${where}${onLink ? ' onLink' : ''}`;
    }
    case 'customerRoute': {
      const { routingDomain, destinationPrefix, target } = object.entry;
      return `customerRoute ${routingDomain} ${formatPrefix(destinationPrefix)} ${routeTarget(target)}`;
    }
    case 'providerPeer':
      return `providerPeer ${object.entry.routingDomain} ${formatIp(object.entry.providerAddress)}`;
    case 'rewrite': {
      const { providerAddress, routingDomain, customerAddress, vsid, local } = object.entry;
      return `rewrite ${formatIp(providerAddress)} ${routingDomain} ${formatIp(customerAddress)} vsid ${vsid}${local ? ' local' : ''}`;
    }
    case 'providerGroup':
      return `providerGroup ${object.entry.vsid} ${formatIp(object.entry.group)}`;
    case 'multicastRoute': {
      const { vsid, destinationPrefix, group } = object.entry;
      return `multicastRoute ${vsid} ${formatPrefix(destinationPrefix)} ${group === undefined ? 'copies' : formatIp(group)}`;
    }
    case 'replication': {
      const { vsid, providerAddresses, leftOut, packetsPerSecond } = object.entry;
      const hosts = providerAddresses.map((address) => ` ${formatIp(address)}`).join('');
      return `replication ${vsid} to${hosts} left out ${leftOut} rate ${packetsPerSecond}`;
    }
    case 'namespace':
    case 'link':
    case 'tunnelLink':
    case 'sysctl':
    case 'address':
    case 'route':
    case 'rule':
    case 'proxyNeighbour':
    case 'firewall':
    case 'filter':
    case 'externalEnd':
      return `${objectKey(object).trim()} ${objectValue(object)}`;
  }
}

function routeTarget(target: CustomerRouteEntry['target']): string {
  switch (target.kind) {
    case 'onLink':
      return `onLink ${target.vsid}${target.wildcard === undefined ? '' : ` else ${tunnel(target.wildcard)}`}`;
    case 'router':
      return `router ${target.vsid} ${tunnel(target.router)}`;
    case 'multicast':
      return `multicast ${target.vsid}`;
    case 'external':
      return 'external';
  }
}

function tunnel({ macAddress, providerAddress }: TunnelTarget): string {
  return `${formatMac(macAddress)} at ${formatIp(providerAddress)}`;
}

function inColour(line: string): string {
  return line.replaceAll(BLUE, 'blue').replaceAll(RED, 'red').replaceAll(GREEN, 'green');
}
