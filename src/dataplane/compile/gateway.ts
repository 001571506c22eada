import { externalAddressOf, isRemote, type Connection } from '../../model/connection.js';
import type { Policy } from '../../model/policy.js';
import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import { addressBits, isIpv6, type IpAddress } from '../../net/ip.js';
import { formatPrefix, prefixFamily } from '../../net/prefix.js';
import { gatewayFirewall } from '../gateway-firewall.js';
import type { Device, KernelObject } from '../kernel-object.js';
import { externalDevice, type Environment } from './environment.js';
import { connectionRoutes, type ExternalPlan } from './external-plan.js';
import { subnetPrefixes } from './external-routes.js';
import { gatewayNat } from './gateway-nat.js';
import { kernelMetric } from './metric.js';
import { groupMemberships } from './multicast.js';
import { externalSide } from './short-way.js';
import { gatewaySysctls } from './sysctl.js';

/** Everything that belongs to no single routing domain (`partOf`). */
export function* compileGateway(
  policy: Policy,
  environment: Environment,
  plan: ExternalPlan,
): Generator<KernelObject> {
  yield* underlaySide(policy);
  yield* externalDevices(policy, environment, plan);
}

function* underlaySide(policy: Policy): Generator<KernelObject> {
  const filtered = new Set<string>();
  for (const record of policy.providerAddresses.values()) {
    const { address, prefixLength } = record;
    const owner = policyRef.providerAddress(record);
    const device: Device = { kind: 'configured', name: record.interface };
    yield { kind: 'address', place: 'gateway', device, address, prefixLength, owner };
    yield { kind: 'providerAddress', entry: { address }, owner };
    if (filtered.has(record.interface)) continue;
    filtered.add(record.interface);
    yield { kind: 'filter', device, program: 'decap', owner };
  }
  yield* groupMemberships(policy);
  const routed = new Set<string>();
  for (const route of policy.providerRoutes.values()) {
    // The kernel has one route per destination and metric; the first next hop named is it.
    const key = `${formatPrefix(route.destinationPrefix)} ${route.metric}`;
    if (routed.has(key)) continue;
    routed.add(key);
    yield {
      kind: 'route',
      place: 'gateway',
      destinationPrefix: route.destinationPrefix,
      metric: kernelMetric(route.metric),
      target: { via: route.nextHop },
      owner: policyRef.providerRoute(route),
    };
  }
}

function* externalDevices(
  policy: Policy,
  environment: Environment,
  plan: ExternalPlan,
): Generator<KernelObject> {
  const devices = new Set<string>();
  const short = new Set<string>();
  const answered = new Set<IpAddress>();
  let withIpv6 = false;
  for (const [id, domain] of policy.routingDomains) {
    const device = externalSide(environment, domain);
    if (device !== undefined) short.add(device);
    for (const connection of domain.connections.values()) {
      const name = externalDevice(environment, connection);
      if (name !== undefined) devices.add(name);
      withIpv6 ||= leadsToIpv6(connection);
      const address = externalAddressOf(connection);
      if (name === undefined || address === undefined || answered.has(address)) continue;
      answered.add(address);
      const shared = plan.get(id)?.get(connection.id)?.shared ?? false;
      yield externalAddress(
        { kind: 'configured', name },
        address,
        shared,
        policyRef.connection(id, connection.id),
      );
    }
    if ([...domain.connections.values()].some(({ type }) => type === 'routed'))
      withIpv6 ||= subnetPrefixes({ domain }).some((prefix) => prefixFamily(prefix) === 6);
  }
  if (devices.size === 0) return;
  yield* gatewaySysctls(undefined, withIpv6);
  for (const name of devices) {
    yield* gatewaySysctls(name, withIpv6);
    if (short.has(name))
      yield { kind: 'filter', device: { kind: 'configured', name }, program: 'inbound' };
  }
  yield {
    kind: 'firewall',
    place: 'gateway',
    ruleset: gatewayFirewall(environment.firewallTable, gatewayNat(policy, plan, environment)),
  };
}

/**
 * The gateway holds a shared address itself, as it translates it. One that a routing domain holds
 * alone it only answers for.
 */
function externalAddress(
  device: Device,
  address: IpAddress,
  shared: boolean,
  owner: PolicyRef,
): KernelObject {
  if (!shared) return { kind: 'proxyNeighbour', device, address, owner };
  const prefixLength = addressBits(address);
  return { kind: 'address', place: 'gateway', device, address, prefixLength, owner };
}

/** What goes through a tunnel is of the outer address's family on the outside. */
function leadsToIpv6(connection: Connection): boolean {
  const address = externalAddressOf(connection);
  return (
    (address !== undefined && isIpv6(address)) ||
    (!isRemote(connection) &&
      connectionRoutes(connection).some((route) => prefixFamily(route.destinationPrefix) === 6))
  );
}
