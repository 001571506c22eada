import { NvgateError } from '../errors.js';
import type { ProviderAddress } from '../model/addresses.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { Policy } from '../model/policy.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { familyOf, formatIp } from '../net/ip.js';
import type { Dropped } from './outcome.js';
import { chooseRoute, type RouteChoice, type UpTunnels } from './route-choice.js';
import { isNextHop, onLinkHop, routeToNextHop, type NextHop } from './route.js';
import { originOf } from './source-check.js';
import { isToAll, spreadIn, wayInto, type Spread } from './spread.js';
import type {
  TraceOutcome,
  TraceQuery,
  TraceResult,
  TraceStep,
  TunnelOutcome,
} from './trace-result.js';
import {
  connectionSentence,
  dropSentence,
  gatewaySentence,
  hostsSentence,
  nextHopSentence,
  rewrittenSentence,
  routeSentence,
  sourceSentence,
  spreadSentence,
  subnetSentence,
  tunnelDownSentence,
  tunnelSentence,
} from './trace-sentences.js';
import type { DropReason } from './verdict.js';

/**
 * Explains what the gateway would do with a packet of a VM (P5). Decides as `decap`, the routing
 * domain's kernel and `encap` do one after the other.
 *
 * @param tables compiled from the same policy.
 * @param tunnels those that are up, by routing domain.
 * @param pathMtus bytes of outer packet that the way to a peer carries, where that is known.
 * @throws NvgateError `invalidValue` when source and destination are of different families
 */
export function trace(
  query: TraceQuery,
  tables: ForwardingTables,
  policy: Pick<Policy, 'routingDomains'>,
  tunnels: ReadonlyMap<RoutingDomainId, UpTunnels>,
  pathMtus: PathMtus = new Map(),
): TraceResult {
  if (familyOf(query.from) !== familyOf(query.to))
    throw new NvgateError(
      'invalidValue',
      `${formatIp(query.from)} cannot send to ${formatIp(query.to)}. Give two IPv4 or two IPv6 addresses.`,
    );
  const subnet = tables.virtualSubnet(query.vsid);
  const domain = subnet === undefined ? undefined : policy.routingDomains.get(subnet.routingDomain);
  const steps: TraceStep[] = [
    { name: 'virtualSubnet', sentence: subnetSentence(query.vsid, domain?.head) },
  ];
  const decision =
    domain === undefined
      ? { outcome: drop('vsidUnknown', query) }
      : decide(query, domain, tables, steps, { tunnels: tunnels.get(domain.head.id), pathMtus });
  steps.push({ name: 'outcome', sentence: decision.outcome.sentence });
  return {
    query,
    routingDomain: domain?.head.id,
    source: decision.source,
    route: decision.route,
    outcome: decision.outcome,
    steps,
  };
}

type PathMtus = ReadonlyMap<ProviderAddress, number>;

/** What is known of the ways out of a routing domain besides its tables. */
interface Ways {
  readonly tunnels: UpTunnels | undefined;
  readonly pathMtus: PathMtus;
}

interface Decision {
  readonly outcome: TraceOutcome;
  readonly source?: NextHop;
  readonly route?: RouteChoice;
}

function decide(
  query: TraceQuery,
  domain: RoutingDomain,
  tables: ForwardingTables,
  steps: TraceStep[],
  ways: Ways,
): Decision {
  const id = domain.head.id;
  const source = originOf(id, query.from, tables);
  steps.push({ name: 'source', sentence: sourceSentence(query, source) });
  const toAll = isToAll(id, query.vsid, query.to, tables);
  if (source === 'local' && toAll)
    return { outcome: spreadOutcome(wayInto(id, query.from, query.to, tables), query, tables) };
  if (source === undefined || source === 'local') return { outcome: drop('spoofedAddress', query) };
  if (toAll) {
    const spread = spreadIn(query.vsid, query.to, tables);
    steps.push({ name: 'destination', sentence: hostsSentence(query, spread) });
    return { source, outcome: drop('multicastHeard', query) };
  }

  const record = tables.lookupRecord(id, query.to);
  if (record?.local === true) {
    const { vsid, macAddress } = record;
    const verdict = isRewrittenTo(source, record) ? 'restored' : 'decapsulated';
    const sentence = gatewaySentence(query.to, vsid, verdict);
    return { source, outcome: { kind: 'gateway', verdict, vsid, macAddress, sentence } };
  }

  const direct = onLinkHop(record);
  const directOutcome =
    direct === undefined
      ? undefined
      : isRewrittenTo(source, direct)
        ? rewrittenOutcome(source, direct, tables, ways)
        : tunnelOutcome('hairpinned', direct, tables, ways);
  if (direct !== undefined && directOutcome !== undefined) {
    steps.push({ name: 'destination', sentence: nextHopSentence(query.to, direct) });
    return { source, outcome: directOutcome };
  }
  return { source, ...decideByRoute(query, domain, tables, steps, ways) };
}

/** Whether both have a PA that stands for them alone (N13). */
function isRewrittenTo(source: NextHop, { nat }: { readonly nat?: true }): boolean {
  return source.nat === true && nat === true;
}

/** What the routing domain does with a packet that no on-link record answers for. */
function decideByRoute(
  query: TraceQuery,
  domain: RoutingDomain,
  tables: ForwardingTables,
  steps: TraceStep[],
  ways: Ways,
): Decision {
  const route = chooseRoute(domain, query.to, tables, ways.tunnels);
  steps.push({ name: 'route', sentence: routeSentence(query.to, route) });
  if (route === undefined) return { outcome: drop('noRoute', query) };
  if (route.kind === 'connection' && route.tunnelDown) {
    const { connection } = route;
    const sentence = tunnelDownSentence(query, connection);
    return { route, outcome: { kind: 'dropped', verdict: 'noRoute', connection, sentence } };
  }
  if (route.kind === 'connection') {
    const sentence = connectionSentence(
      query,
      route.connection,
      tables.virtualSubnet(query.vsid)?.shortWay,
    );
    const { connection, route: connectionRoute } = route;
    return {
      route,
      outcome: {
        kind: 'connection',
        verdict: 'decapsulated',
        connection,
        route: connectionRoute,
        sentence,
      },
    };
  }
  const hop = routeToNextHop(domain.head.id, query.to, tables);
  if (!isNextHop(hop)) return { route, outcome: drop(hop.reason, query) };
  steps.push({ name: 'nextHop', sentence: nextHopSentence(query.to, hop) });
  return {
    route,
    outcome: tunnelOutcome('encapsulated', hop, tables, ways) ?? drop('subnetUnknown', query),
  };
}

/** Undefined where the packet path does not have the next hop's subnet. */
function tunnelOutcome(
  verdict: TunnelOutcome['verdict'],
  hop: NextHop,
  tables: ForwardingTables,
  { pathMtus }: Ways,
): TunnelOutcome | undefined {
  const subnet = tables.virtualSubnet(hop.vsid);
  if (subnet === undefined) return undefined;
  const pathMtu = pathMtus.get(hop.providerAddress);
  return {
    kind: 'tunnel',
    verdict,
    by: hop.by,
    vsid: hop.vsid,
    sourceProviderAddress: subnet.providerAddress,
    providerAddress: hop.providerAddress,
    sourceMac: subnet.sourceMac,
    destinationMac: hop.macAddress,
    underlay: subnet.underlay,
    ...(pathMtu === undefined ? {} : { pathMtu }),
    sentence: tunnelSentence(hop, subnet, pathMtu),
  };
}

/** Without NVGRE, from the PA that stands for the source (N13). */
function rewrittenOutcome(
  source: NextHop,
  hop: NextHop,
  tables: ForwardingTables,
  ways: Ways,
): TunnelOutcome | undefined {
  const outcome = tunnelOutcome('rewritten', hop, tables, ways);
  if (outcome === undefined) return undefined;
  const { providerAddress: sourceProviderAddress } = source;
  const sentence = rewrittenSentence(sourceProviderAddress, hop, outcome);
  return { ...outcome, sourceProviderAddress, sentence };
}

/** What the gateway itself sends to all of a virtual subnet. */
function spreadOutcome(
  way: NextHop | Spread | Dropped,
  query: TraceQuery,
  tables: ForwardingTables,
): TraceOutcome {
  if ('reason' in way) return drop(way.reason, query);
  const subnet = tables.virtualSubnet(way.vsid);
  if (subnet === undefined || (way.by !== 'group' && way.by !== 'copies'))
    return drop('subnetUnknown', query);
  return {
    kind: 'multicast',
    verdict: way.by === 'group' ? 'groupEncapsulated' : 'copyEncapsulated',
    vsid: way.vsid,
    sourceProviderAddress: subnet.providerAddress,
    providerAddresses: way.by === 'group' ? [way.providerAddress] : way.providerAddresses,
    leftOut: way.by === 'group' ? 0 : way.leftOut,
    sourceMac: subnet.sourceMac,
    destinationMac: way.macAddress,
    underlay: subnet.underlay,
    sentence: spreadSentence(way, subnet),
  };
}

function drop(verdict: DropReason, query: TraceQuery): TraceOutcome {
  return { kind: 'dropped', verdict, sentence: dropSentence(verdict, query) };
}
