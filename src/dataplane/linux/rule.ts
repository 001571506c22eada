import { familyOf, formatIp, parseIp } from '../../net/ip.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { RoutingRule } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { domainNamespace, type NetworkContext } from './context.js';
import { EXTERNAL_TABLE, ROUTE_PROTOCOL } from './names.js';
import type { RuleRow } from './read-place.js';
import { GONE, ip, THERE, type Step } from './step.js';

export function ruleStep(
  context: NetworkContext,
  action: Operation['action'],
  { domain, source }: RoutingRule,
): Step {
  // What the namespace sends itself comes, to the rules, in by lo.
  const rule = `from ${formatIp(source)} iif lo lookup ${EXTERNAL_TABLE}`;
  const marks = `priority ${EXTERNAL_TABLE} protocol ${ROUTE_PROTOCOL}`;
  const [verb, done] = action === 'remove' ? ['del', GONE] : ['add', THERE];
  const step = ip(domainNamespace(context, domain), `rule ${verb} ${rule} ${marks}`, done);
  return { ...step, family: familyOf(source) };
}

/** Rules of our protocol number, of the one form that we make. */
export function observedRules(domain: RoutingDomainId, rows: readonly RuleRow[]): RoutingRule[] {
  return rows.flatMap(({ priority, src, srclen, iif, table, protocol }) =>
    protocol === String(ROUTE_PROTOCOL) &&
    priority === EXTERNAL_TABLE &&
    table === String(EXTERNAL_TABLE) &&
    iif === 'lo' &&
    srclen === undefined
      ? [{ kind: 'rule', domain, source: parseIp(src) }]
      : [],
  );
}
