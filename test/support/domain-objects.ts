import { domainSysctls, gatewaySysctls } from '../../src/dataplane/compile/sysctl.js';
import { domainFirewall, type DomainNat } from '../../src/dataplane/firewall.js';
import type { Device, KernelObject } from '../../src/dataplane/kernel-object.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { addressBits, familyOf, parseIp, type IpAddress } from '../../src/net/ip.js';
import { defaultPrefix, hostPrefix, parsePrefix } from '../../src/net/prefix.js';

const EXTERNAL: Device = { kind: 'configured', name: 'external' };

/** The n-th routing domain of a test. */
export function testDomain(serial: number): RoutingDomainId {
  return RoutingDomainId(`11111111-2222-3333-4444-${String(serial).padStart(12, '0')}`);
}

export interface DomainDescription {
  readonly domain: RoutingDomainId;
  /** Name of the nft table. */
  readonly table: string;
  /** Prefixes on vnet, each with its gateway address. */
  readonly subnets: readonly { readonly prefix: string; readonly gateway: string }[];
  /** Addresses that the domain holds on its external side, as the gateway's routes lead there. */
  readonly external: readonly string[];
  /** Of these the gateway answers ARP for. */
  readonly published: readonly string[];
  readonly nat?: DomainNat;
}

/** All that one routing domain needs of Linux, in an order in which it can be made. */
export function domainObjects(description: DomainDescription): KernelObject[] {
  const { domain, nat, table } = description;
  const vnet: Device = { kind: 'domain', device: 'vnet' };
  const ext: Device = { kind: 'domain', device: 'ext' };
  const peer: Device = { kind: 'peer', domain, device: 'ext' };
  const external = description.external.map(parseIp);
  const addressOn = (device: Device, address: IpAddress): KernelObject => ({
    kind: 'address',
    place: domain,
    device,
    address,
    prefixLength: addressBits(address),
  });
  const families = new Set(external.map(familyOf));
  return [
    { kind: 'namespace', domain },
    { kind: 'link', domain, device: 'vnet', mtu: 1458 },
    { kind: 'link', domain, device: 'ext', mtu: 1500 },
    ...(['domain', 'vnet', 'ext', 'extPeer'] as const).flatMap((scope) =>
      domainSysctls(scope, domain),
    ),
    ...description.subnets.map(({ gateway }) => addressOn(vnet, parseIp(gateway))),
    ...external.map((address) => addressOn(ext, address)),
    ...(nat === undefined
      ? []
      : [
          {
            kind: 'firewall',
            place: domain,
            ruleset: domainFirewall(table, { nat, guard: undefined }),
          } as const,
        ]),
    ...description.subnets.map(({ prefix, gateway }): KernelObject => ({
      kind: 'route',
      place: domain,
      destinationPrefix: parsePrefix(prefix),
      metric: 0,
      target: { device: vnet, source: parseIp(gateway) },
    })),
    ...[...families].map((family): KernelObject => ({
      kind: 'route',
      place: domain,
      destinationPrefix: defaultPrefix(family),
      metric: 10,
      target: { device: ext },
    })),
    ...external.map((address): KernelObject => ({
      kind: 'route',
      place: 'gateway',
      destinationPrefix: hostPrefix(address),
      metric: 0,
      target: { device: peer },
    })),
    ...description.published.map((address): KernelObject => ({
      kind: 'proxyNeighbour',
      device: EXTERNAL,
      address: parseIp(address),
    })),
  ];
}

/** What the gateway's namespace needs whatever routing domains there are. */
export function gatewayObjects(table: string, ruleset: string): KernelObject[] {
  return [
    ...gatewaySysctls(undefined, true),
    ...gatewaySysctls('external', true),
    {
      kind: 'firewall',
      place: 'gateway',
      ruleset: ruleset.replace(/^table inet \S+/, `table inet ${table}`),
    },
  ];
}
