import { NVGRE_OVERHEAD } from '../codec/nvgre.js';
import type { Connection } from '../model/connection.js';
import type { ShortWay, VirtualSubnetEntry } from '../model/forwarding-table.js';
import type { RoutingDomainHead } from '../model/routing-domain.js';
import type { Vsid } from '../model/vsid.js';
import { formatIp, isUnspecified, type IpAddress } from '../net/ip.js';
import { formatMac } from '../net/mac.js';
import { formatPrefix } from '../net/prefix.js';
import type { RouteChoice } from './route-choice.js';
import type { Dropped } from './outcome.js';
import type { NextHop } from './route.js';
import type { Spread } from './spread.js';
import type { GatewayOutcome, TraceQuery, TunnelOutcome } from './trace-result.js';
import { VERDICTS, type DropReason } from './verdict.js';

/* What the steps of a trace say to a person. */

export function subnetSentence(vsid: Vsid, domain: RoutingDomainHead | undefined): string {
  if (domain === undefined) return `No routing domain has VSID ${vsid}.`;
  const name = domain.name === undefined ? '' : ` (${domain.name})`;
  return `VSID ${vsid} belongs to routing domain ${domain.id}${name}.`;
}

export function sourceSentence(query: TraceQuery, source: NextHop | 'local' | undefined): string {
  const from = formatIp(query.from);
  if (source === undefined) return `Nothing in the policy says where ${from} lives.`;
  if (source === 'local') return `${from} is an address of the gateway itself.`;
  const place = `${from} is ${byText(source)} and sends from PA ${formatIp(source.providerAddress)}`;
  return source.vsid === query.vsid
    ? `${place} with MAC ${formatMac(source.macAddress)}.`
    : `${place}. It lives in VSID ${source.vsid}: packets in VSID ${query.vsid} are taken only with the MAC ${formatMac(source.macAddress)} or a gateway MAC, as its host writes when it routes.`;
}

export function gatewaySentence(
  to: IpAddress,
  vsid: Vsid,
  verdict: GatewayOutcome['verdict'],
): string {
  const own = `${formatIp(to)} is the gateway's own address in VSID ${vsid}: the gateway answers itself.`;
  return verdict === 'restored' ? `${own} Both have rule nat: no NVGRE.` : own;
}

export function routeSentence(to: IpAddress, route: RouteChoice | undefined): string {
  if (route === undefined) return `No route of the routing domain leads to ${formatIp(to)}.`;
  const prefix = formatPrefix(route.destinationPrefix);
  return `${formatIp(to)} takes the route ${prefix}, metric ${route.metric}: ${routeOwnerText(route)}.`;
}

export function nextHopSentence(to: IpAddress, hop: NextHop): string {
  return `${formatIp(to)} is ${byText(hop)}: VSID ${hop.vsid}, MAC ${formatMac(hop.macAddress)}, PA ${formatIp(hop.providerAddress)}.`;
}

export function tunnelSentence(
  hop: NextHop,
  subnet: VirtualSubnetEntry,
  pathMtu: number | undefined,
): string {
  const sent = `Sent in NVGRE with VSID ${hop.vsid} from PA ${formatIp(subnet.providerAddress)} to PA ${formatIp(hop.providerAddress)} by ${subnet.underlay}.`;
  return pathMtu === undefined
    ? sent
    : `${sent} A router on the way carries ${pathMtu} bytes: senders of inner packets over ${pathMtu - NVGRE_OVERHEAD} are told so.`;
}

export function rewrittenSentence(
  source: IpAddress,
  hop: NextHop,
  { underlay, pathMtu }: Pick<TunnelOutcome, 'underlay' | 'pathMtu'>,
): string {
  const sent = `Both have rule nat: sent without NVGRE from PA ${formatIp(source)} to PA ${formatIp(hop.providerAddress)} by ${underlay}, GRE and what has IP options excepted.`;
  return pathMtu === undefined
    ? sent
    : `${sent} A router on the way carries ${pathMtu} bytes: senders of longer packets are told so.`;
}

/** Of what a VM sends: its host does what the gateway would do. */
export function hostsSentence({ to, vsid }: TraceQuery, spread: Spread | Dropped): string {
  const all = `${formatIp(to)} is for all of VSID ${vsid}: the VM's host sends it`;
  if ('reason' in spread)
    return `${all} to the other hosts of the subnet, of which there are none.`;
  return `${all} ${wayText(spread)} itself.`;
}

/** Of what the gateway sends. */
export function spreadSentence(spread: Spread, subnet: VirtualSubnetEntry): string {
  const sent = `Sent in NVGRE with VSID ${spread.vsid} from PA ${formatIp(subnet.providerAddress)} ${wayText(spread)} by ${subnet.underlay}.`;
  return spread.by === 'copies' && spread.leftOut > 0
    ? `${sent} ${spread.leftOut} more hosts get nothing: map the subnet's broadcast and multicast to a PA multicast group by a customer route.`
    : sent;
}

function wayText(spread: Spread): string {
  return spread.by === 'group'
    ? `to PA multicast group ${formatIp(spread.providerAddress)}`
    : `to each host (${spread.providerAddresses.map(formatIp).join(', ')})`;
}

export function connectionSentence(
  query: TraceQuery,
  connection: Connection,
  shortWay?: ShortWay,
): string {
  const service =
    query.protocol === undefined
      ? ''
      : ` (${query.protocol}${query.port === undefined ? '' : ` port ${query.port}`})`;
  const leaves = `Leaves by the ${connection.type} connection ${connection.id} to ${formatIp(query.to)}${service}`;
  const segments = query.protocol === 'udp' ? '' : segmentSentence(connection);
  switch (connection.type) {
    case 'nat':
      return `${leaves}, with ${formatIp(connection.externalAddress)} as its source address.${segments}`;
    case 'routed':
      return `${leaves}, unchanged.${segments}${shortWaySentence(shortWay)}`;
    case 'ikev2':
    case 'l2tp':
    case 'pptp':
      return `${leaves}, through its tunnel.${segments}`;
  }
}

/** With a space before it. */
function shortWaySentence(way: ShortWay | undefined): string {
  return way === undefined
    ? ''
    : ` Goes past the kernel where the gateway's routes lead out of ${way.external} and back, and nothing in its header needs the kernel.`;
}

/** With a space before it; nothing where the ends decide. */
function segmentSentence({ tcpMssClamping: largest }: Connection): string {
  if (largest === undefined) return '';
  return largest === 'pathMtu'
    ? ' TCP segments are kept to what the routes to both ends carry.'
    : ` TCP segments are kept to ${largest} bytes.`;
}

export function tunnelDownSentence({ to }: TraceQuery, { id, type }: Connection): string {
  return `Dropped: ${formatIp(to)} is behind the ${type} connection ${id}, whose tunnel is down; the sender is told that it is unreachable. The state of the connection says why.`;
}

export function dropSentence(reason: DropReason, query: TraceQuery): string {
  const hint = HINTS[reason]?.(query);
  return `Dropped, ${reason}: ${VERDICTS[reason].description}${hint === undefined ? '' : ` ${hint}`}`;
}

/** What to do about it, where it is the policy that has to change. */
const HINTS: Partial<Record<DropReason, (query: TraceQuery) => string>> = {
  vsidUnknown: ({ vsid }) => `Push virtual subnet ${vsid}, or trace from another one.`,
  spoofedAddress: ({ from }) =>
    `Push a lookup record for ${formatIp(from)}, or trace from another address.`,
  noRoute: ({ to }) => `Push a customer route or a connection that leads to ${formatIp(to)}.`,
  noRecord: ({ to }) => `Push a lookup record for ${formatIp(to)}.`,
};

function routeOwnerText(route: RouteChoice): string {
  switch (route.kind) {
    case 'virtualSubnet':
      return `a prefix of virtual subnet ${route.vsid}`;
    case 'customerRoute':
      return isUnspecified(route.route.nextHop)
        ? `a customer route, on link in VSID ${route.route.vsid}`
        : `a customer route through the router ${formatIp(route.route.nextHop)}`;
    case 'connection':
      return `of the connection ${route.connection.id}`;
  }
}

function byText(hop: NextHop): string {
  switch (hop.by) {
    case 'record':
      return 'a VM with a lookup record';
    case 'router':
      return 'behind a router VM';
    case 'wildcard':
      return `covered by the wildcard record of VSID ${hop.vsid}`;
  }
}
