import { messageOf, NvgateError } from '../errors.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { attachedTag, attachFilter, detachFilter, programTag } from './bpf/filter.js';
import { readCounters } from './bpf/counters.js';
import { watchEvents } from './bpf/events.js';
import type { LoadedObject, ProgramName } from './bpf/object.js';
import { createTables, type DeviceIndex, type Tables } from './bpf/tables.js';
import { createUnderlayMaps } from './bpf/underlay-maps.js';
import {
  isTableEntry,
  partOf,
  type Device,
  type Filter,
  type KernelObject,
} from './kernel-object.js';
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
  linkIndex(): Promise<LinkIndex>;
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

/** The data plane in the Linux kernel: the network plane and the BPF programs with their maps. */
export function createKernelDataPlane(options: KernelDataPlaneOptions): DataPlane {
  const { network, object } = options;
  const { decap, encap, inbound, outbound } = object.programs;
  const tags: Readonly<Record<ProgramName, string>> = {
    decap: programTag(decap),
    encap: programTag(encap),
    inbound: programTag(inbound),
    outbound: programTag(outbound),
  };

  const underlayMaps = createUnderlayMaps(object.maps);
  let stopEvents = (): void => undefined;

  async function observe(scope: Scope): Promise<KernelObject[]> {
    const objects = await network.observe(scope);
    const links = await network.linkIndex();
    const wanted = (domain: RoutingDomainId): boolean =>
      scope === 'all' || scope.domains.has(domain);
    for (const entry of createTables(object.maps, deviceIndex(links)).observe(wanted))
      if (partOf(entry) !== 'gateway' || scope === 'all' || scope.gateway) objects.push(entry);
    for (const filter of expectedFilters(links, options, scope))
      if (attachedTag(filter.ifindex) === tags[filter.object.program]) objects.push(filter.object);
    return objects;
  }

  async function apply(operations: readonly Operation[]): Promise<OperationFailure[]> {
    const failures: OperationFailure[] = [];
    for (const run of stretches(operations, isBpf)) {
      if (!run.every(isBpf)) failures.push(...(await network.apply(run)));
      else failures.push(...applyBpf(run, await network.linkIndex()));
    }
    return failures;
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
    return failures;
  }

  function applyOne(operation: Operation, tables: Tables, links: LinkIndex): void {
    const target = operation.object;
    if (target.kind === 'filter') {
      const ifindex = filterIndex(target, links);
      if (operation.action === 'remove') {
        if (ifindex !== undefined) detachFilter(ifindex);
        return;
      }
      if (ifindex === undefined)
        throw new NvgateError('kernelOperationFailed', 'The device for the filter is not there.');
      attachFilter(ifindex, object.programs[target.program]);
    } else if (isTableEntry(target)) {
      if (operation.action === 'remove') tables.delete(target);
      else tables.set(target);
    }
  }

  return {
    observe,
    apply,
    counters: () => Promise.resolve(readCounters(object.maps.counters)),
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

interface ExpectedFilter {
  readonly object: Filter;
  readonly ifindex: number;
}

/** Where filters of ours may be. */
function expectedFilters(
  links: LinkIndex,
  { underlay, external }: Pick<KernelDataPlaneOptions, 'underlay' | 'external'>,
  scope: Scope,
): ExpectedFilter[] {
  const filters: ExpectedFilter[] = [];
  const add = (device: Device, program: ProgramName, ifindex: number): void => {
    filters.push({ object: { kind: 'filter', device, program }, ifindex });
  };
  if (scope === 'all' || scope.gateway)
    for (const [names, program] of [
      [underlay, 'decap'],
      [external, 'inbound'],
    ] as const)
      for (const name of names) {
        const ifindex = links.configured.get(name);
        if (ifindex !== undefined) add({ kind: 'configured', name }, program, ifindex);
      }
  for (const [domain, ifindex] of links.vnetPeers)
    if (scope === 'all' || scope.domains.has(domain))
      add({ kind: 'peer', domain, device: 'vnet' }, 'encap', ifindex);
  for (const [domain, ifindex] of links.extPeers)
    if (scope === 'all' || scope.domains.has(domain))
      add({ kind: 'peer', domain, device: 'ext' }, 'outbound', ifindex);
  return filters;
}

function filterIndex(filter: Filter, links: LinkIndex): number | undefined {
  switch (filter.device.kind) {
    case 'configured':
      return links.configured.get(filter.device.name);
    case 'peer':
      return (filter.device.device === 'vnet' ? links.vnetPeers : links.extPeers).get(
        filter.device.domain,
      );
    case 'domain':
    case 'tunnel':
      return undefined;
  }
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
