import {
  type Device,
  type KernelObject,
  type KernelObjectKind,
  type Place,
} from '../dataplane/kernel-object.js';
import type { Operation } from '../dataplane/port.js';
import { createObjectIndex, sameValue } from './object-index.js';

/**
 * What has to be there before what: an object is added after those of a lower rank and removed
 * before them.
 */
const RANK: Readonly<Record<KernelObjectKind, number>> = {
  namespace: 0,
  link: 1,
  sysctl: 2,
  // Takes the namespace's settings for new devices.
  tunnelLink: 3,
  address: 4,
  providerAddress: 5,
  virtualSubnet: 6,
  // Who moves to another host is heard from there before anything is sent there.
  providerPeer: 7,
  rewrite: 7,
  providerGroup: 7,
  lookupRecord: 8,
  customerRoute: 9,
  multicastRoute: 9,
  replication: 9,
  // Separation and translation before there is a way for a packet to go.
  firewall: 10,
  route: 11,
  // Sends packets to a table that has its routes.
  rule: 12,
  proxyNeighbour: 13,
  // The door is opened last.
  externalEnd: 14,
  filter: 15,
};

/**
 * The operations that turn what is observed into what is desired, in an order in which each finds
 * what it needs: first everything new or different, then what nobody wants, so that nothing that
 * stays is without what it needs in between. Nothing where both agree.
 *
 * Of two desired objects with one key the first counts.
 */
export function diff(
  desired: Iterable<KernelObject>,
  observed: Iterable<KernelObject>,
): Operation[] {
  const unwanted = createObjectIndex();
  for (const object of observed) unwanted.add(object);

  const wanted = createObjectIndex();
  const puts: Operation[] = [];
  for (const object of desired) {
    if (!wanted.add(object)) continue;
    const present = unwanted.take(object);
    if (present === undefined) puts.push({ action: 'add', object });
    else if (!sameValue(present, object)) puts.push({ action: 'change', object });
  }

  const removals = removableOf(unwanted.rest()).map((object): Operation => ({
    action: 'remove',
    object,
  }));
  return [...puts.sort(byRank), ...removals.sort((a, b) => byRank(b, a))];
}

function byRank(a: Operation, b: Operation): number {
  return RANK[a.object.kind] - RANK[b.object.kind];
}

/**
 * Without what is not ours, and without what vanishes by itself with a namespace or link that is
 * removed too. (A link is removed before its namespace all the same: its other end lies outside.)
 */
function removableOf(unwanted: readonly KernelObject[]): KernelObject[] {
  const objects = unwanted.filter((object) => object.foreign !== true);
  const gone = new Set<string>();
  for (const object of objects)
    if (object.kind === 'namespace') gone.add(object.domain);
    else if (object.kind === 'link') gone.add(linkKey(object.domain, object.device));
    else if (object.kind === 'tunnelLink') gone.add(linkKey(object.domain, object.name));
  return objects.filter((object) => !containersOf(object).some((container) => gone.has(container)));
}

/** The namespace and link that an object cannot outlive. */
function containersOf(object: KernelObject): string[] {
  switch (object.kind) {
    case 'address':
      return [object.place, ...linkOf(object.place, object.device)];
    case 'route': {
      const { place, target } = object;
      const hasDevice = typeof target === 'object' && 'device' in target;
      return [place, ...(hasDevice ? linkOf(place, target.device) : [])];
    }
    case 'firewall':
      return [object.place];
    case 'tunnelLink':
    case 'rule':
      return [object.domain];
    case 'filter':
      return linkOf('gateway', object.device);
    case 'namespace':
    case 'link':
    case 'sysctl':
    case 'proxyNeighbour':
    case 'providerAddress':
    case 'virtualSubnet':
    case 'lookupRecord':
    case 'customerRoute':
    case 'providerPeer':
    case 'externalEnd':
    case 'rewrite':
    case 'providerGroup':
    case 'multicastRoute':
    case 'replication':
      return [];
  }
}

function linkOf(place: Place, device: Device): string[] {
  switch (device.kind) {
    case 'domain':
      return [linkKey(place, device.device)];
    case 'peer':
      return [linkKey(device.domain, device.device)];
    case 'tunnel':
      return [linkKey(place, device.name)];
    case 'configured':
      return [];
  }
}

function linkKey(place: Place, device: string): string {
  return `${place} ${device}`;
}
