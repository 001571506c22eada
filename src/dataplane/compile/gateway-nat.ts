import { externalAddressOf, type Connection, type ConnectionId } from '../../model/connection.js';
import type { Policy } from '../../model/policy.js';
import type { RoutingDomain } from '../../model/routing-domain.js';
import type { IpAddress } from '../../net/ip.js';
import type { Prefix } from '../../net/prefix.js';
import type { GatewayNat } from '../gateway-firewall.js';
import type { IkePeers, SharedAddress } from '../shared-address.js';
import type { Environment } from './environment.js';
import type { AddressPlan, ExternalPlan } from './external-plan.js';
import { subnetPrefixes } from './external-routes.js';
import { fixedPeer, isIpsec } from './remote-peer.js';

/** What the gateway's own namespace has to know of all connections together. */
export function gatewayNat(
  policy: Policy,
  plan: ExternalPlan,
  environment: Environment,
): GatewayNat {
  const externalAddresses: IpAddress[] = [];
  const routedPrefixes: Prefix[] = [];
  const shares: SharedAddress[] = [];
  for (const domain of policy.routingDomains.values()) {
    const connections = [...domain.connections.values()];
    if (connections.some(({ type }) => type === 'routed'))
      routedPrefixes.push(...subnetPrefixes({ domain }));
    const plans = plan.get(domain.head.id);
    if (plans === undefined) continue;
    for (const { shared, domainAddress } of plans.values())
      if (!shared) externalAddresses.push(domainAddress);
    shares.push(...sharesOf(domain, plans));
  }
  return {
    externalGroup: environment.externalGroup,
    underlayDevices: environment.underlay.flatMap(({ device, present }) =>
      present ? [device] : [],
    ),
    externalDevices: environment.external.map(({ device }) => device),
    externalAddresses,
    routedPrefixes,
    shares,
  };
}

/** One share per external address, whatever number of the domain's connections use it. */
function sharesOf(
  domain: RoutingDomain,
  plans: ReadonlyMap<ConnectionId, AddressPlan>,
): SharedAddress[] {
  const shares = new Map<IpAddress, SharedAddress>();
  for (const connection of domain.connections.values()) {
    const sharedAddress = externalAddressOf(connection);
    const plan = plans.get(connection.id);
    if (sharedAddress === undefined || plan?.shared !== true) continue;
    const transitAddress = plan.domainAddress;
    const { ports, ike } = shares.get(transitAddress) ?? NOTHING;
    shares.set(transitAddress, {
      sharedAddress,
      transitAddress,
      ports: [...ports, ...portsOf(connection)],
      ike: ikePeers(ike, connection),
    });
  }
  return [...shares.values()];
}

const NOTHING: Pick<SharedAddress, 'ports' | 'ike'> = {
  ports: [],
  ike: { peers: [], anyOther: false },
};

function portsOf(connection: Connection): SharedAddress['ports'] {
  return connection.type === 'nat'
    ? connection.rules.map(({ protocol, externalPort }) => ({ protocol, port: externalPort }))
    : [];
}

/** With those of one more connection. */
function ikePeers({ peers, anyOther }: IkePeers, connection: Connection): IkePeers {
  if (!isIpsec(connection)) return { peers, anyOther };
  const peer = connection.destinationAddress;
  return {
    peers: peer === undefined ? peers : [...peers, peer],
    anyOther: anyOther || fixedPeer(connection) === undefined,
  };
}
