import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import {
  ConnectionId,
  type Connection,
  type NatConnection,
  type PortForwardingRule,
  type RoutedConnection,
} from '../../src/model/connection.js';
import { customerRouteKey, type CustomerRoute } from '../../src/model/customer-route.js';
import { lookupRecordKey, type LookupRecord } from '../../src/model/lookup-record.js';
import { EMPTY_POLICY } from '../../src/model/policy.js';
import type { ProviderAddressRecord } from '../../src/model/provider-address.js';
import { providerRouteKey, type ProviderRoute } from '../../src/model/provider-route.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import type { SubnetGateway, VirtualSubnet } from '../../src/model/virtual-subnet.js';
import { Vsid } from '../../src/model/vsid.js';
import { parseIp, parseIpv4 } from '../../src/net/ip.js';
import { parseMac } from '../../src/net/mac.js';
import { parsePrefix } from '../../src/net/prefix.js';
import {
  emptyDomain,
  openPolicy,
  type OpenDomain,
  type OpenPolicy,
} from '../../src/policy/open-policy.js';
import type { PolicyEnvironment } from '../../src/policy/environment.js';
import { PERMISSIVE_VPN } from './vpn-support.js';

/** A gateway with one device on each side, and room for what tests push. */
export const ENVIRONMENT: PolicyEnvironment = {
  underlay: ['underlay'],
  external: ['external', 'internet'],
  limits: {
    virtualSubnets: 1000,
    lookupRecords: 10_000,
    customerRoutes: 10_000,
    providerPeers: 10_000,
  },
  vpn: PERMISSIVE_VPN,
};

export const BLUE = RoutingDomainId('11111111-2222-3333-4444-000000005001');
export const RED = RoutingDomainId('11111111-2222-3333-4444-000000006001');

export interface BlueAndRed {
  readonly policy: OpenPolicy;
  readonly blue: OpenDomain;
  readonly red: OpenDomain;
}

/**
 * A valid policy: gateway at 10.1.1.40, hosts at 10.1.1.20 and .30, two tenants with the same two
 * subnets and addresses; blue is connected by routing, red by NAT at 203.0.113.10.
 */
export function blueAndRed(): BlueAndRed {
  const policy = openPolicy(EMPTY_POLICY);
  addProviderAddress(policy, providerAddress('10.1.1.40'));
  addProviderRoute(policy, providerRoute('0.0.0.0/0', '10.1.1.1'));
  const blue = tenant(policy, BLUE, 'blue', 5001);
  const red = tenant(policy, RED, 'red', 6001);
  addConnection(blue, routed('corp', ['192.168.101.0/24']));
  addConnection(red, nat('internet', '203.0.113.10', [forward('web', 8080, '192.168.1.101', 80)]));
  return { policy, blue, red };
}

function tenant(policy: OpenPolicy, id: RoutingDomainId, name: string, vsid: number): OpenDomain {
  const domain = addDomain(policy, id, name);
  addSubnet(domain, subnet(vsid, ['192.168.1.0/24']));
  addSubnet(domain, subnet(vsid + 1, ['192.168.2.0/24']));
  addRecord(domain, record(vsid, '192.168.1.101', { vmName: `${name}01` }));
  addRecord(domain, record(vsid + 1, '192.168.2.102', { pa: '10.1.1.30' }));
  addRoute(domain, route(vsid, '192.168.1.0/24', '0.0.0.0'));
  addRoute(domain, route(vsid + 1, '192.168.2.0/24', '0.0.0.0'));
  return domain;
}

export function addDomain(policy: OpenPolicy, id: RoutingDomainId, name?: string): OpenDomain {
  const domain = emptyDomain({ id, ...(name !== undefined && { name }) });
  policy.routingDomains.set(id, domain);
  return domain;
}

export function addProviderAddress(
  policy: OpenPolicy,
  value: ProviderAddressRecord,
): ProviderAddressRecord {
  policy.providerAddresses = new Map([...policy.providerAddresses, [value.address, value]]);
  return value;
}

export function addProviderRoute(policy: OpenPolicy, value: ProviderRoute): ProviderRoute {
  policy.providerRoutes.set(providerRouteKey(value), value);
  return value;
}

export function addSubnet(domain: OpenDomain, value: VirtualSubnet): VirtualSubnet {
  domain.virtualSubnets.set(value.vsid, value);
  return value;
}

export function addRecord(domain: OpenDomain, value: LookupRecord): LookupRecord {
  domain.lookupRecords.set(lookupRecordKey(value.vsid, value.customerAddress), value);
  return value;
}

export function addRoute(domain: OpenDomain, value: CustomerRoute): CustomerRoute {
  domain.customerRoutes.set(customerRouteKey(value), value);
  return value;
}

export function addConnection<Kind extends Connection>(domain: OpenDomain, value: Kind): Kind {
  domain.connections.set(value.id, value);
  return value;
}

export function pa(text: string): ProviderAddress {
  return ProviderAddress(parseIpv4(text));
}

export function ca(text: string): CustomerAddress {
  return CustomerAddress(parseIp(text));
}

export function providerAddress(
  address: string,
  prefixLength = 24,
  device = 'underlay',
): ProviderAddressRecord {
  return { address: pa(address), prefixLength, interface: device };
}

export function providerRoute(destination: string, nextHop: string, metric = 0): ProviderRoute {
  return { destinationPrefix: parsePrefix(destination), nextHop: parseIpv4(nextHop), metric };
}

export function subnet(
  vsid: number,
  prefixes: readonly string[],
  gateway: { address?: string; mac?: string } = {},
): VirtualSubnet {
  const set: SubnetGateway = {
    ...(gateway.address !== undefined && { address: ca(gateway.address) }),
    ...(gateway.mac !== undefined && { macAddress: parseMac(gateway.mac) }),
  };
  return { vsid: Vsid(vsid), prefixes: prefixes.map(parsePrefix), gateway: set };
}

export interface RecordOptions {
  readonly mac?: string;
  readonly pa?: string;
  readonly rule?: LookupRecord['rule'];
  readonly type?: LookupRecord['type'];
  readonly vmName?: string;
}

/** A VM at 10.1.1.20 unless said otherwise. */
export function record(vsid: number, address: string, options: RecordOptions = {}): LookupRecord {
  return {
    vsid: Vsid(vsid),
    customerAddress: ca(address),
    macAddress: parseMac(options.mac ?? '00-15-5D-01-14-04'),
    providerAddress: pa(options.pa ?? '10.1.1.20'),
    rule: options.rule ?? 'encap',
    type: options.type ?? 'static',
    ...(options.vmName !== undefined && { vmName: options.vmName }),
  };
}

export function route(
  vsid: number,
  destination: string,
  nextHop: string,
  metric = 255,
): CustomerRoute {
  return {
    vsid: Vsid(vsid),
    destinationPrefix: parsePrefix(destination),
    nextHop: parseIp(nextHop),
    metric,
  };
}

export function routed(
  id: string,
  destinations: readonly string[],
  device?: string,
): RoutedConnection {
  return {
    type: 'routed',
    id: ConnectionId(id),
    ...(device !== undefined && { interface: device }),
    routes: destinations.map((text) => ({ destinationPrefix: parsePrefix(text), metric: 10 })),
  };
}

/** Leads everywhere unless said otherwise. */
export function nat(
  id: string,
  externalAddress: string,
  rules: readonly PortForwardingRule[] = [],
  options: { readonly device?: string; readonly routes?: readonly string[] } = {},
): NatConnection {
  return {
    type: 'nat',
    id: ConnectionId(id),
    ...(options.device !== undefined && { interface: options.device }),
    routes: (options.routes ?? [externalAddress.includes(':') ? '::/0' : '0.0.0.0/0']).map(
      (text) => ({
        destinationPrefix: parsePrefix(text),
        metric: 10,
      }),
    ),
    externalAddress: parseIp(externalAddress),
    rules,
  };
}

export function forward(
  name: string,
  externalPort: number,
  internalAddress: string,
  internalPort: number,
  protocol: PortForwardingRule['protocol'] = 'tcp',
): PortForwardingRule {
  return {
    name,
    protocol,
    externalPort,
    internalAddress: ca(internalAddress),
    internalPort,
  };
}
