import { isRemote, type Connection } from '../../model/connection.js';
import { formatIp, type IpAddress } from '../../net/ip.js';
import type { Touched } from '../touched.js';
import {
  addressField,
  holdersOf,
  place,
  touchedAddresses,
  type Holder,
} from './address-holders.js';
import type { PolicyView } from './domain-view.js';
import { externalInterface } from './interfaces.js';
import { checkPeers } from './peers.js';
import { finding, type Report } from './report.js';

/**
 * Connections that share an external address: one device, no port of it twice (G2), and peers that
 * can be told apart. Costs as much as there are connections at the addresses touched.
 */
export function checkExternalAddresses(view: PolicyView, touched: Touched, report: Report): void {
  for (const address of touchedAddresses(view, touched)) {
    const holders = holdersOf(view, address, touched);
    checkDevice(view, address, holders, report);
    checkPorts(address, holders, report);
    checkPeers(address, holders, report);
  }
}

function checkDevice(
  { environment }: PolicyView,
  address: IpAddress,
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
          `External address ${formatIp(address)} of connection ${connection.id} is held on device ${device ?? 'none'} by ${place(first, domain)}; use that device or another address.`,
        ),
      );
}

/** Who a port of an external address belongs to. */
interface Taker {
  readonly holder: Holder;
  /** `rule web of`, or nothing where the port is the connection's own. */
  readonly part: string;
}

function checkPorts(address: IpAddress, holders: readonly Holder[], report: Report): void {
  const byRules = new Map<string, Taker>();
  const byTunnels = new Map<string, Taker>();
  const refuse = (holder: Holder, field: string, port: string, { holder: by, part }: Taker): void =>
    report.error(
      finding(
        holder.connection,
        field,
        'externalAddressConflict',
        `Port ${port} of ${formatIp(address)} is taken by ${part}${place(by, holder.domain)}; choose another port or address.`,
      ),
    );

  for (const holder of holders) {
    const { connection, touched } = holder;
    for (const port of tunnelPorts(connection)) {
      const rule = byRules.get(port);
      if (rule !== undefined && touched) refuse(holder, addressField(connection), port, rule);
      if (!byTunnels.has(port)) byTunnels.set(port, { holder, part: '' });
    }
    if (connection.type !== 'nat') continue;
    for (const [at, rule] of connection.rules.entries()) {
      const port = `${rule.externalPort}/${rule.protocol}`;
      const other = byRules.get(port) ?? byTunnels.get(port);
      if (other !== undefined && touched) refuse(holder, `rules/${at}/externalPort`, port, other);
      if (!byRules.has(port)) byRules.set(port, { holder, part: `rule ${rule.name} of ` });
    }
  }
}

/** The ports at which a tunnel's peer speaks to the gateway (RFC 7296, RFC 3948, RFC 2661, RFC 2637). */
function tunnelPorts(connection: Connection): readonly string[] {
  if (!isRemote(connection)) return [];
  switch (connection.type) {
    case 'ikev2':
      return ['500/udp', '4500/udp'];
    case 'l2tp':
      return ['500/udp', '4500/udp', '1701/udp'];
    case 'pptp':
      return ['1723/tcp'];
  }
}
