import type { TableEntry } from '../../../src/dataplane/kernel-object.js';
import type {
  CustomerRouteEntry,
  LookupRecordEntry,
  MulticastRouteEntry,
  ReplicationEntry,
  RewriteEntry,
  RouteTarget,
  TunnelTarget,
  VirtualSubnetEntry,
} from '../../../src/model/forwarding-table.js';
import { familyOf, isIpv4 } from '../../../src/net/ip.js';
import type { MacAddress } from '../../../src/net/mac.js';
import { maskAddress } from '../../../src/net/prefix.js';
import { onceIn, pick, type Choices } from '../../support/choices.js';
import { GROUPS, HOST_PAS, OWN_PAS } from '../../support/generated-tables.js';

/** What becomes of one entry: gone, or there with this value. */
export interface TableChange {
  readonly op: 'delete' | 'set';
  readonly entry: TableEntry;
}

const MACS = [1, 2, 3].map((n) => (0x00155d_000200 + n) as MacAddress);

/**
 * One step from tables to others, as a push makes them or as nobody would: records and routes
 * move, come and go, subnets change hands, peers are taken away before what needs them.
 * @param gone entries that were deleted before, some of which come back
 */
export function changeTables(
  choices: Choices,
  present: readonly TableEntry[],
  gone: readonly TableEntry[],
): TableChange {
  if (gone.length > 0 && onceIn(choices, 3)) return { op: 'set', entry: pick(choices, gone) };
  const entry = pick(choices, present);
  if (onceIn(choices, 3)) return { op: 'delete', entry };
  switch (entry.kind) {
    case 'virtualSubnet':
      return set({ ...entry, entry: otherSubnet(choices, entry.entry, present) });
    case 'lookupRecord':
      return set({ ...entry, entry: otherRecord(choices, entry.entry, present) });
    case 'customerRoute':
      return set({ ...entry, entry: otherRoute(choices, entry.entry, present) });
    case 'providerAddress':
      return set({ ...entry, entry: { address: pick(choices, HOST_PAS) } });
    case 'providerPeer':
      return set({ ...entry, entry: { ...entry.entry, providerAddress: pick(choices, OWN_PAS) } });
    case 'rewrite':
      return set({ ...entry, entry: otherRewrite(choices, entry.entry, present) });
    case 'providerGroup':
      return set({ ...entry, entry: { ...entry.entry, group: pick(choices, GROUPS) } });
    case 'multicastRoute':
      return set({ ...entry, entry: { ...entry.entry, group: groupOf(choices) } });
    case 'replication':
      return set({ ...entry, entry: otherHosts(choices, entry.entry) });
    case 'externalEnd':
      return set(entry); // It is there or not.
  }
}

function set(entry: TableEntry): TableChange {
  return { op: 'set', entry };
}

function subnetsOf(present: readonly TableEntry[]): VirtualSubnetEntry[] {
  return present.flatMap((object) => (object.kind === 'virtualSubnet' ? [object.entry] : []));
}

function vsidOf(
  choices: Choices,
  present: readonly TableEntry[],
  old: LookupRecordEntry['vsid'],
): LookupRecordEntry['vsid'] {
  const subnets = subnetsOf(present);
  return subnets.length > 0 && onceIn(choices, 3) ? pick(choices, subnets).vsid : old;
}

function otherSubnet(
  choices: Choices,
  entry: VirtualSubnetEntry,
  present: readonly TableEntry[],
): VirtualSubnetEntry {
  return {
    ...entry,
    providerAddress: pick(choices, OWN_PAS),
    ...(onceIn(choices, 2) && { sourceMac: pick(choices, MACS) }),
    ...(onceIn(choices, 4) && { gatewayMac: pick(choices, MACS) }),
    ...(onceIn(choices, 4) && { routingDomain: pick(choices, subnetsOf(present)).routingDomain }),
  };
}

function otherRecord(
  choices: Choices,
  entry: LookupRecordEntry,
  present: readonly TableEntry[],
): LookupRecordEntry {
  const limit = { maxLength: pick(choices, [1, 28, 60, 84, 460, 1280, 0xffff]) };
  const local = onceIn(choices, 8);
  const nat = isIpv4(entry.customerAddress) && onceIn(choices, 3) ? true : undefined;
  return {
    ...{ routingDomain: entry.routingDomain, customerAddress: entry.customerAddress },
    vsid: vsidOf(choices, present, entry.vsid),
    macAddress: pick(choices, MACS),
    ...(nat && { nat }),
    providerAddress: local && nat === undefined ? undefined : pick(choices, HOST_PAS),
    local,
    onLink: !local && !onceIn(choices, 3),
    ...(onceIn(choices, 2) && limit),
  };
}

function otherRewrite(
  choices: Choices,
  entry: RewriteEntry,
  present: readonly TableEntry[],
): RewriteEntry {
  const subnets = subnetsOf(present);
  return {
    ...entry,
    ...(subnets.length > 0 && { routingDomain: pick(choices, subnets).routingDomain }),
    local: onceIn(choices, 2),
  };
}

/** Another target, or a longer or shorter prefix around the same address. */
function otherRoute(
  choices: Choices,
  entry: CustomerRouteEntry,
  present: readonly TableEntry[],
): CustomerRouteEntry {
  const { address } = entry.destinationPrefix;
  const bits = familyOf(address) === 4 ? 32 : 128;
  const length = onceIn(choices, 2)
    ? entry.destinationPrefix.length
    : pick(
        choices,
        [0, 1, 8, 23, 24, 25, 31, 32, 64, 127, 128].filter((each) => each <= bits),
      );
  return {
    ...entry,
    destinationPrefix: { address: maskAddress(address, length), length },
    target:
      entry.target.kind === 'external' || onceIn(choices, 8)
        ? { kind: 'external' }
        : targetOf(choices, vsidOf(choices, present, entry.target.vsid)),
  };
}

function targetOf(choices: Choices, vsid: RouteTarget['vsid']): RouteTarget {
  switch (choices.below(4)) {
    case 0:
      return { kind: 'onLink', vsid };
    case 1:
      return { kind: 'onLink', vsid, wildcard: tunnelTarget(choices) };
    case 2:
      return { kind: 'router', vsid, router: tunnelTarget(choices) };
    default:
      return { kind: 'multicast', vsid };
  }
}

/** Undefined: a copy for each host. */
function groupOf(choices: Choices): MulticastRouteEntry['group'] {
  return onceIn(choices, 3) ? undefined : pick(choices, GROUPS);
}

function otherHosts(choices: Choices, entry: ReplicationEntry): ReplicationEntry {
  return {
    ...entry,
    providerAddresses: HOST_PAS.filter(() => onceIn(choices, 2)),
    leftOut: choices.below(3),
  };
}

function tunnelTarget(choices: Choices): TunnelTarget {
  return { macAddress: pick(choices, MACS), providerAddress: pick(choices, HOST_PAS) };
}
