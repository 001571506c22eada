import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf, NvgateError } from '../errors.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { readCounters } from './bpf/counters.js';
import { watchEvents } from './bpf/events.js';
import type { LoadedObject } from './bpf/object.js';
import { createTables, type DeviceIndex, type Tables } from './bpf/tables.js';
import { createUnderlayMaps } from './bpf/underlay-maps.js';
import {
  isTableEntry,
  objectKey,
  partOf,
  type KernelObject,
  type Place,
  type TableEntry,
} from './kernel-object.js';
import { createPacketFilters } from './packet-filters.js';
import type { DataPlane, FeatureProbe, Operation, OperationFailure, Scope } from './port.js';
import { stretches } from './stretches.js';

/** One device of the gateway's namespace as it is now. */
export interface LinkIndex {
  /** ifindex of the gateway's ends of the routing domains' vnet pairs */
  readonly vnetPeers: ReadonlyMap<RoutingDomainId, number>;
  /** ifindex of the gateway's ends of the routing domains' ext pairs */
  readonly extPeers: ReadonlyMap<RoutingDomainId, number>;
  /** ifindex of the configured devices that are there, by configured name */
  readonly configured: ReadonlyMap<string, number>;
}

/** Namespaces, devices, addresses, routes and firewall: what needs no BPF (dataplane/linux). */
export interface NetworkPlane {
  observe(scope: Scope): Promise<KernelObject[]>;
  apply(operations: readonly Operation[]): Promise<OperationFailure[]>;
  domains(): Promise<ReadonlySet<RoutingDomainId>>;
  onChange(listener: (scope: Scope) => void): () => void;
  linkIndex(): Promise<LinkIndex>;
  /** As `linkIndex`, but only of the vnet pairs of these routing domains, however many others there are. */
  linkIndexOf(domains: ReadonlySet<RoutingDomainId>): Promise<LinkIndex>;
  deviceMtu(): Promise<ReadonlyMap<string, number>>;
  probe(): Promise<FeatureProbe[]>;
}

export interface KernelDataPlaneOptions {
  readonly network: NetworkPlane;
  readonly object: LoadedObject;
  /** Configured names of the underlay devices. */
  readonly underlay: readonly string[];
  /** Configured names of the external devices. */
  readonly external: readonly string[];
}

/**
 * The data plane in the Linux kernel: the network plane and the BPF programs with their maps.
 *
 * Programs of an earlier build whose maps had another layout stay on the devices, with those maps,
 * until ours have been filled; then each is replaced in one step. No packet sees maps half filled.
 */
export function createKernelDataPlane(options: KernelDataPlaneOptions): DataPlane {
  const { network, object } = options;
  const { earlier } = object;
  const filters = createPacketFilters(object, options);
  /** Table entries that the last look found missing and that could not be made. */
  const missing = new Map<string, Place>();

  const underlayMaps = createUnderlayMaps(object.maps, earlier.counting.peer_problems);
  let stopEvents = (): void => undefined;

  async function observe(scope: Scope): Promise<KernelObject[]> {
    const objects = await network.observe(scope);
    const links = await network.linkIndex();
    const wanted = (domain: RoutingDomainId): boolean =>
      scope === 'all' || scope.domains.has(domain);
    const tables = createTables(object.maps, deviceIndex(links));
    for (const piece of tables.observePieces(wanted)) {
      for (const entry of piece)
        if (partOf(entry) !== 'gateway' || scope === 'all' || scope.gateway) objects.push(entry);
      // A million of them take a second: whoever else wants something has a turn in between.
      await nextTurn();
    }
    objects.push(...filters.observe(links, scope));
    for (const [key, place] of missing) if (isInScope(place, scope)) missing.delete(key);
    dropEarlier(links);
    return objects;
  }

  async function apply(operations: readonly Operation[]): Promise<OperationFailure[]> {
    const failures: OperationFailure[] = [];
    for (const run of stretches(operations, isBpf)) {
      if (!run.every(isBpf)) failures.push(...(await network.apply(run)));
      else failures.push(...applyBpf(run, await linksFor(run)));
    }
    return failures;
  }

  /** Most writes to the tables name nothing but routing domains. */
  function linksFor(run: readonly Operation[]): Promise<LinkIndex> {
    if (earlier.isNeeded() || !run.every(({ object }) => namesDomainOnly(object)))
      return network.linkIndex();
    const parts = new Set(run.map(({ object }) => partOf(object)));
    parts.delete('gateway');
    return network.linkIndexOf(parts as ReadonlySet<RoutingDomainId>);
  }

  function dropEarlier(links: LinkIndex): void {
    if (earlier.isNeeded() && filters.haveAllCome(links)) earlier.drop();
  }

  function applyBpf(run: readonly Operation[], links: LinkIndex): OperationFailure[] {
    const tables = createTables(object.maps, deviceIndex(links));
    const failures: OperationFailure[] = [];
    for (const batch of stretches(run, isTableWrite)) {
      if (batch.length > 1 && batch.every(isTableWrite) && succeeds(() => setAll(tables, batch)))
        continue;
      for (const operation of batch)
        attempt(operation, failures, () => applyOne(operation, tables, links));
    }
    dropEarlier(links);
    return failures;
  }

  function applyOne(operation: Operation, tables: Tables, links: LinkIndex): void {
    const target = operation.object;
    if (target.kind === 'filter') {
      if (operation.action === 'remove') filters.detach(target, links);
      else filters.attach(target, links, missing.size === 0);
    } else if (isTableEntry(target)) {
      if (operation.action === 'remove') tables.delete(target);
      else setOne(target, tables, links);
    }
  }

  function setOne(target: TableEntry, tables: Tables, links: LinkIndex): void {
    try {
      tables.set(target);
    } catch (error) {
      if (hasDevices(target, links)) missing.set(objectKey(target), partOf(target));
      throw error;
    }
  }

  return {
    observe,
    apply,
    domains: () => network.domains(),
    onChange: (listener) => network.onChange(listener),
    counters: () => Promise.resolve(readCounters(object.maps.counters, earlier.counting.counters)),
    pathMtus: () => Promise.resolve(underlayMaps.pathMtus()),
    forgetPathMtus: (addresses) => {
      for (const address of addresses) underlayMaps.forgetPathMtu(address);
      return Promise.resolve();
    },
    peerProblems: () => Promise.resolve(underlayMaps.peerProblems()),
    onEvent: (listener) => {
      stopEvents();
      stopEvents = watchEvents(object.maps.events, listener);
      return stopEvents;
    },
    probe: () => network.probe(),
    deviceMtu: () => network.deviceMtu(),
    close: () => {
      stopEvents();
      object.close();
      return Promise.resolve();
    },
  };
}

function isBpf({ object }: Operation): boolean {
  return object.kind === 'filter' || isTableEntry(object);
}

function namesDomainOnly({ kind }: KernelObject): boolean {
  return kind === 'lookupRecord' || kind === 'providerPeer' || kind === 'replication';
}

/** Table writes go to the kernel together. */
function isTableWrite({ action, object }: Operation): boolean {
  return action !== 'remove' && isTableEntry(object);
}

function setAll(tables: Tables, batch: readonly Operation[]): void {
  tables.setAll(batch.flatMap(({ object }) => (isTableEntry(object) ? [object] : [])));
}

function succeeds(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

function attempt(operation: Operation, failures: OperationFailure[], act: () => void): void {
  try {
    act();
  } catch (error) {
    const code = error instanceof NvgateError ? error.code : 'internal';
    failures.push({ operation, code, reason: messageOf(error) });
  }
}

function isInScope(place: Place, scope: Scope): boolean {
  if (scope === 'all') return true;
  return place === 'gateway' ? scope.gateway : scope.domains.has(place);
}

/** Whether packets could use the entry: without its devices no map can have it. */
function hasDevices(object: TableEntry, links: LinkIndex): boolean {
  if (object.kind === 'providerAddress') return true;
  if (object.kind === 'externalEnd') {
    const { routingDomain, external } = object.entry;
    if (!links.extPeers.has(routingDomain) || !links.configured.has(external)) return false;
  }
  if (object.kind === 'virtualSubnet' && !links.configured.has(object.entry.underlay)) return false;
  return links.vnetPeers.has(object.entry.routingDomain);
}

function deviceIndex(links: LinkIndex): DeviceIndex {
  const domains = inverted(links.vnetPeers);
  const external = inverted(links.extPeers);
  const configured = inverted(links.configured);
  return {
    domainIndex: (domain) => links.vnetPeers.get(domain),
    domainOf: (ifindex) => domains.get(ifindex),
    externalIndex: (domain) => links.extPeers.get(domain),
    externalOf: (ifindex) => external.get(ifindex),
    configuredIndex: (name) => links.configured.get(name),
    configuredOf: (ifindex) => configured.get(ifindex),
  };
}

function inverted<Key>(map: ReadonlyMap<Key, number>): Map<number, Key> {
  return new Map([...map].map(([key, number]) => [number, key]));
}
