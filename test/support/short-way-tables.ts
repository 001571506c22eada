import type { TableEntry } from '../../src/dataplane/kernel-object.js';
import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Vsid } from '../../src/model/vsid.js';
import { parseIp, parseIpv4 } from '../../src/net/ip.js';
import { parseMac } from '../../src/net/mac.js';
import { parsePrefix } from '../../src/net/prefix.js';

export const LAB_BLUE = RoutingDomainId('11111111-2222-3333-4444-000000000001');
export const LAB_RED = RoutingDomainId('11111111-2222-3333-4444-000000000002');
export const LAB_GREEN = RoutingDomainId('11111111-2222-3333-4444-000000000003');

/** Where the VMs are, and with which MAC address. */
export const LAB_HOST = { providerAddress: '10.1.1.20', mac: '02-00-00-00-01-01' } as const;
export const LAB_GATEWAY = '10.1.1.40';

/** VSID by routing domain. */
export const LAB_VSIDS = { blue: 5001, red: 6001 } as const;

const HOST = ProviderAddress(parseIpv4(LAB_HOST.providerAddress));
const GATEWAY = ProviderAddress(parseIpv4(LAB_GATEWAY));
const MAC = parseMac(LAB_HOST.mac);

/**
 * Two routing domains with the short way: blue goes out by default, red to two prefixes. Of green,
 * which translates, the packet path on the external side knows nothing but that.
 */
export const LAB_TABLES: readonly TableEntry[] = [
  { kind: 'providerAddress', entry: { address: GATEWAY } },
  ...domainTables(LAB_BLUE, LAB_VSIDS.blue, 1458, {
    inside: ['192.168.1.0/24', 'fd00:1::/64'],
    outside: ['0.0.0.0/0', '::/0'],
    records: ['192.168.1.101', 'fd00:1::101'],
    near: ['192.168.1.102'],
    gateway: '192.168.1.1',
  }),
  ...domainTables(LAB_RED, LAB_VSIDS.red, 1390, {
    inside: ['192.168.2.0/24', '192.168.77.0/24', 'fd00:2::/64'],
    outside: ['203.0.113.0/24', '2001:db8:ff::/64'],
    // Nothing leads back to the second from the gateway.
    records: ['192.168.2.101', '192.168.77.1', 'fd00:2::101'],
    near: [],
    gateway: '192.168.2.1',
  }),
  {
    kind: 'externalEnd',
    entry: { routingDomain: LAB_GREEN, external: 'external', past: 'gateway' },
  },
];

interface LabDomain {
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  readonly records: readonly string[];
  /** To whose host the way carries less. */
  readonly near: readonly string[];
  readonly gateway: string;
}

function domainTables(
  routingDomain: RoutingDomainId,
  number: number,
  maxLength: number,
  domain: LabDomain,
): TableEntry[] {
  const vsid = Vsid(number);
  const record = (text: string, local: boolean, limit?: number): TableEntry => ({
    kind: 'lookupRecord',
    entry: {
      ...{ routingDomain, vsid, macAddress: MAC, local, onLink: !local },
      customerAddress: CustomerAddress(parseIp(text)),
      providerAddress: local ? undefined : HOST,
      ...(limit === undefined ? {} : { maxLength: limit }),
    },
  });
  const route = (
    text: string,
    target: Extract<TableEntry, { kind: 'customerRoute' }>['entry']['target'],
  ): TableEntry => ({
    kind: 'customerRoute',
    entry: { routingDomain, destinationPrefix: parsePrefix(text), target },
  });
  return [
    {
      kind: 'virtualSubnet',
      entry: {
        ...{ vsid, routingDomain, providerAddress: GATEWAY, underlay: 'underlay' },
        ...{ sourceMac: MAC, gatewayMac: MAC },
        shortWay: { external: 'external', maxLength },
      },
    },
    { kind: 'externalEnd', entry: { routingDomain, external: 'external', past: 'both' } },
    { kind: 'providerPeer', entry: { routingDomain, providerAddress: HOST } },
    ...domain.records.map((text) => record(text, false)),
    ...domain.near.map((text) => record(text, false, 1300)),
    record(domain.gateway, true),
    ...domain.inside.map((text) => route(text, { kind: 'onLink', vsid })),
    ...domain.outside.map((text) => route(text, { kind: 'external' })),
  ];
}
