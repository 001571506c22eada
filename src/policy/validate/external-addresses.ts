import type { NatConnection } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import { formatIp, type IpAddress } from '../../net/ip.js';
import type { Touched } from '../touched.js';
import type { PolicyView } from './domain-view.js';
import { externalInterface } from './interfaces.js';
import { finding, type Report } from './report.js';

/** Routing domains that share an external address: one device, and no port of it twice (G2). */
export function checkExternalAddresses(view: PolicyView, touched: Touched, report: Report): void {
  const addresses = new Set<IpAddress>();
  for (const [id, touch] of touched.domains) {
    if (touch !== 'whole') continue;
    for (const connection of view.policy.routingDomains.get(id)?.connections.values() ?? [])
      if (connection.type === 'nat') addresses.add(connection.externalAddress);
  }
  for (const address of addresses) {
    const holders = holdersOf(view, address, touched);
    checkDevice(view, holders, report);
    checkPorts(holders, report);
  }
}

interface Holder {
  readonly domain: RoutingDomainId;
  readonly connection: NatConnection;
  readonly touched: boolean;
}

/** Those that the push has not touched come first: the others have to make way. */
function holdersOf({ policy, index }: PolicyView, address: IpAddress, touched: Touched): Holder[] {
  const holders: Holder[] = [];
  for (const domain of index.externalAddresses.get(address)?.keys() ?? [])
    for (const connection of policy.routingDomains.get(domain)?.connections.values() ?? [])
      if (connection.type === 'nat' && connection.externalAddress === address)
        holders.push({ domain, connection, touched: touched.domains.get(domain) === 'whole' });
  return [
    ...holders.filter((holder) => !holder.touched),
    ...holders.filter((holder) => holder.touched),
  ];
}

function checkDevice(
  { environment }: PolicyView,
  holders: readonly Holder[],
  report: Report,
): void {
  const [first] = holders;
  if (first === undefined) return;
  const device = externalInterface(first.connection, environment);
  for (const { domain, connection, touched } of holders)
    if (touched && externalInterface(connection, environment) !== device)
      report.error(
        finding(
          connection,
          'interface',
          'externalAddressConflict',
          `External address ${formatIp(connection.externalAddress)} of connection ${connection.id} is held on device ${device ?? 'none'} by ${place(first, domain)}; use that device or another address.`,
        ),
      );
}

function checkPorts(holders: readonly Holder[], report: Report): void {
  const taken = new Map<string, { readonly holder: Holder; readonly rule: string }>();
  for (const holder of holders)
    for (const [at, rule] of holder.connection.rules.entries()) {
      const port = `${rule.protocol} ${rule.externalPort}`;
      const other = taken.get(port);
      if (other === undefined) taken.set(port, { holder, rule: rule.name });
      else if (holder.touched)
        report.error(
          finding(
            holder.connection,
            `rules/${at}/externalPort`,
            'externalAddressConflict',
            `Port ${rule.externalPort}/${rule.protocol} of ${formatIp(holder.connection.externalAddress)} is taken by rule ${other.rule} of ${place(other.holder, holder.domain)}; choose another port or address.`,
          ),
        );
    }
}

/** Names a connection as seen from a routing domain. */
function place({ domain, connection }: Holder, from: RoutingDomainId): string {
  const name = `connection ${connection.id}`;
  return domain === from ? name : `${name} of routing domain ${domain}`;
}
