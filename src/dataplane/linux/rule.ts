import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { familyOf, formatIp, parseIp, type IpFamily } from '../../net/ip.js';
import type { RoutingRule } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { domainNamespace, type NetworkContext } from './context.js';
import { EXTERNAL_TABLE, ROUTE_PROTOCOL } from './names.js';
import type { PlaceState, RuleRow } from './read-place.js';
import { GONE, ip, THERE, type Step } from './step.js';

export function ruleStep(
  context: NetworkContext,
  action: Operation['action'],
  { domain, packets }: RoutingRule,
): Step {
  const [verb, done] = action === 'remove' ? ['del', GONE] : ['add', THERE];
  const marks = `priority ${EXTERNAL_TABLE} protocol ${ROUTE_PROTOCOL}`;
  const line = `rule ${verb} ${selector(packets)} lookup ${EXTERNAL_TABLE} ${marks}`;
  const family = 'source' in packets ? familyOf(packets.source) : packets.family;
  return { ...ip(domainNamespace(context, domain), line, done), family };
}

/** What the namespace sends itself comes, to the rules, in by lo. */
function selector(packets: RoutingRule['packets']): string {
  if ('source' in packets) return `from ${formatIp(packets.source)} iif lo`;
  return packets.service === 'tcp' ? 'iif lo ipproto tcp' : 'iif lo ipproto udp dport 53';
}

/** Rules of our protocol number, of the forms that we make. */
export function observedRules(domain: RoutingDomainId, rules: PlaceState['rules']): RoutingRule[] {
  const ofFamily = (rows: readonly RuleRow[], family: IpFamily): RoutingRule[] =>
    rows.filter(isOurs).flatMap((row) => {
      const packets = observedPackets(row, family);
      return packets === undefined ? [] : [{ kind: 'rule', domain, packets }];
    });
  return [...ofFamily(rules.ipv4, 4), ...ofFamily(rules.ipv6, 6)];
}

function isOurs({ priority, table, protocol, iif }: RuleRow): boolean {
  return (
    protocol === String(ROUTE_PROTOCOL) &&
    priority === EXTERNAL_TABLE &&
    table === String(EXTERNAL_TABLE) &&
    iif === 'lo'
  );
}

function observedPackets(
  { src, srclen, ipproto, dport }: RuleRow,
  family: IpFamily,
): RoutingRule['packets'] | undefined {
  if (src !== 'all')
    return srclen === undefined && ipproto === undefined ? { source: parseIp(src) } : undefined;
  if (ipproto === 'tcp' && dport === undefined) return { service: 'tcp', family };
  if (ipproto === 'udp' && dport === 53) return { service: 'dns', family };
  return undefined;
}
