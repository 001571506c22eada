import type {
  CustomerRouteEntry,
  ForwardingTables,
  LookupRecordEntry,
  TunnelTarget,
} from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Vsid } from '../model/vsid.js';
import type { IpAddress } from '../net/ip.js';
import { dropped, type Dropped } from './outcome.js';

/** Where a packet into the virtual network goes: the host, and what its inner frame says. */
export interface NextHop extends TunnelTarget {
  readonly vsid: Vsid;
  /** What decided: the destination's own record, a router VM's, or the subnet's wildcard. */
  readonly by: 'record' | 'router' | 'wildcard';
  /** As in `LookupRecordEntry`. */
  readonly nat?: true;
}

/** Whether a way was found. */
export function isNextHop(found: NextHop | Dropped): found is NextHop {
  return 'providerAddress' in found;
}

/**
 * The next hop for a destination inside the virtual network: an on-link record at once, else what
 * the longest customer route says.
 */
export function routeToNextHop(
  domain: RoutingDomainId,
  destination: IpAddress,
  tables: ForwardingTables,
): NextHop | Dropped {
  const record = tables.lookupRecord(domain, destination);
  if (record?.local === true) return dropped('localDestination');
  const direct = onLinkHop(record);
  if (direct !== undefined) return direct;

  return targetHop(tables.customerRoute(domain, destination)?.target);
}

/** The next hop that a route's target gives where no record has answered before. */
export function targetHop(target: CustomerRouteEntry['target'] | undefined): NextHop | Dropped {
  switch (target?.kind) {
    case 'router':
      return { by: 'router', vsid: target.vsid, ...target.router };
    case 'onLink':
      return target.wildcard === undefined
        ? dropped('noRecord', target.vsid)
        : { by: 'wildcard', vsid: target.vsid, ...target.wildcard };
    case 'multicast':
      return dropped('innerMulticast', target.vsid);
    case 'external':
    case undefined:
      return dropped('noRoute');
  }
}

/** The host that a record names; undefined for one of the gateway's own addresses. */
export function recordHop(record: LookupRecordEntry): NextHop | undefined {
  if (record.local || record.providerAddress === undefined) return undefined;
  return {
    by: 'record',
    vsid: record.vsid,
    macAddress: record.macAddress,
    providerAddress: record.providerAddress,
    ...(record.nat && { nat: true }),
  };
}

/** The next hop that a record gives without a look at the routes; undefined where it gives none. */
export function onLinkHop(record: LookupRecordEntry | undefined): NextHop | undefined {
  return record?.onLink === true ? recordHop(record) : undefined;
}
