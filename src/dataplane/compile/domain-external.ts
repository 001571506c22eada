import { policyRef, type PolicyRef } from '../../model/policy-ref.js';
import { addressBits, parseIpv4, type IpAddress } from '../../net/ip.js';
import { domainFirewall } from '../firewall.js';
import type { Device, KernelObject } from '../kernel-object.js';
import { domainNat } from './domain-nat.js';
import type { DomainView } from './domain-view.js';
import { externalMtu, type Environment } from './environment.js';
import type { ExternalPlan } from './external-plan.js';
import { externalRoutes, gatewayRoutes } from './external-routes.js';
import { segmentClamps } from './segment-clamps.js';
import { externalSide, shortWay } from './short-way.js';
import { domainSysctls } from './sysctl.js';
import { tunnelLinks } from './tunnel-device.js';
import { tunnelGuard } from './tunnel-guard.js';
import { tunnelRoutes } from './tunnel-routes.js';
import type { VirtualRoute } from './virtual-routes.js';

const EXT: Device = { kind: 'domain', device: 'ext' };

/**
 * The IPv4 dummy address (RFC 7600, IANA special-purpose registry). Each `ext` keeps it: Linux
 * flushes all routes of a device that loses its last IPv4 address, and the routes are to stay when
 * a NAT connection goes.
 */
const DUMMY_ADDRESS = parseIpv4('192.0.0.8');

/** What the connections of a routing domain need: nothing where it has none. */
export function* domainExternal(
  environment: Environment,
  plan: ExternalPlan,
  view: DomainView,
  virtual: readonly VirtualRoute[],
): Generator<KernelObject> {
  const connections = [...view.domain.connections.values()];
  if (connections.length === 0) return;
  yield {
    kind: 'link',
    domain: view.id,
    device: 'ext',
    mtu: externalMtu(environment, connections),
    owner: view.owner,
  };
  for (const scope of ['ext', 'extPeer'] as const)
    for (const sysctl of domainSysctls(scope, view.id)) yield { ...sysctl, owner: view.owner };
  yield* tunnelLinks(environment, view);
  yield* pastKernel(environment, view, virtual);

  const held = heldAddresses(plan, view);
  for (const [address, owner] of [[DUMMY_ADDRESS, view.owner] as const, ...held])
    yield {
      kind: 'address',
      place: view.id,
      device: EXT,
      address,
      prefixLength: addressBits(address),
      owner,
    };
  yield* externalRoutes(environment, plan, view, virtual);
  yield* tunnelRoutes(plan, view);
  yield* gatewayRoutes(view, held);

  const nat = domainNat(plan, view);
  const guard = tunnelGuard(plan, view, virtual);
  const clamps = segmentClamps(environment, view);
  if (nat !== undefined || guard !== undefined || clamps.length > 0)
    yield {
      kind: 'firewall',
      place: view.id,
      ruleset: domainFirewall(environment.firewallTable, { nat, guard, clamps }),
      owner: firewallOwner(view),
    };
}

/** What may go past the kernel on the external side, and the program that sends it. */
function* pastKernel(
  environment: Environment,
  view: DomainView,
  virtual: readonly VirtualRoute[],
): Generator<KernelObject> {
  const { id: routingDomain, owner } = view;
  const external = externalSide(environment, view.domain);
  if (external === undefined) return;
  const past = shortWay(environment, view, virtual) === undefined ? 'gateway' : 'both';
  yield { kind: 'externalEnd', entry: { routingDomain, external, past }, owner };
  if (past === 'gateway')
    yield {
      kind: 'filter',
      device: { kind: 'peer', domain: routingDomain, device: 'ext' },
      program: 'outbound',
      owner,
    };
}

/** The addresses that the domain holds on its external side, each with the first that wants it. */
function heldAddresses(plan: ExternalPlan, view: DomainView): Map<IpAddress, PolicyRef> {
  const addresses = new Map<IpAddress, PolicyRef>();
  for (const [id, { domainAddress }] of plan.get(view.id) ?? [])
    if (!addresses.has(domainAddress))
      addresses.set(domainAddress, policyRef.connection(view.id, id));
  return addresses;
}

/** The one connection that the firewall is for, or the domain where there are several. */
function firewallOwner(view: DomainView): PolicyRef {
  const filtered = [...view.domain.connections.values()].filter(
    ({ type, tcpMssClamping }) => type !== 'routed' || tcpMssClamping !== undefined,
  );
  const [only] = filtered;
  return only === undefined || filtered.length > 1
    ? view.owner
    : policyRef.connection(view.id, only.id);
}
