import { prefixContains, Prefix, maskAddress } from '../net/prefix.js';
import type { IpAddress } from '../net/ip.js';
import { isTunnelLink } from './compile/tunnel-device.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import {
  isTableEntry,
  objectKey,
  partOf,
  type Device,
  type KernelObject,
  type Place,
} from './kernel-object.js';
import type { DataPlane, Operation, OperationFailure, Scope } from './port.js';

/** An operation that is to fail for as long as it stands in the list. */
export interface Fault {
  readonly action: Operation['action'];
  /** `objectKey` of the object */
  readonly key: string;
  readonly reason: string;
}

export interface FakeDataPlaneOptions {
  /** MTU of the configured devices that are there, by name. */
  readonly devices: ReadonlyMap<string, number>;
  readonly faults?: readonly Fault[];
  /** What somebody else has made: addresses, proxy neighbours. */
  readonly foreign?: readonly KernelObject[];
}

/**
 * A data plane in memory that keeps the kernel's rules: nothing can be made without what it needs,
 * and with what it needs it vanishes. No packets.
 */
export function createFakeDataPlane(options: FakeDataPlaneOptions): DataPlane {
  const objects = new Map<string, KernelObject>();
  const listeners = new Set<(scope: Scope) => void>();
  for (const object of options.foreign ?? [])
    objects.set(objectKey(object), { ...object, foreign: true });

  function hasDevice(place: Place, device: Device): boolean {
    switch (device.kind) {
      case 'configured':
        return place === 'gateway' && options.devices.has(device.name);
      case 'domain':
        return objects.has(`link ${place} ${device.device}`);
      case 'peer':
        return place === 'gateway' && objects.has(`link ${device.domain} ${device.device}`);
      case 'tunnel':
        // Devices that VPN daemons make are taken to be there.
        return !isTunnelLink(device.name) || objects.has(`tunnelLink ${place} ${device.name}`);
    }
  }

  const hasPlace = (place: Place): boolean =>
    place === 'gateway' || objects.has(`namespace ${place}`);

  function holdsAddress(place: Place, test: (address: IpAddress, length: number) => boolean) {
    for (const object of objects.values())
      if (
        object.kind === 'address' &&
        object.place === place &&
        test(object.address, object.prefixLength)
      )
        return true;
    return false;
  }

  /** What an object lacks to be there, in the kernel's words; undefined where it lacks nothing. */
  function lack(object: KernelObject): string | undefined {
    switch (object.kind) {
      case 'namespace':
      case 'providerAddress':
        return undefined;
      case 'link':
      case 'tunnelLink':
      case 'rule':
        return hasPlace(object.domain) ? undefined : 'No such namespace';
      case 'firewall':
        return hasPlace(object.place) ? undefined : 'No such namespace';
      case 'sysctl':
        if (!hasPlace(object.place)) return 'No such namespace';
        if (object.device !== undefined && !hasDevice(object.place, object.device))
          return 'No such file or directory';
        return undefined;
      case 'address':
        return hasDevice(object.place, object.device) ? undefined : 'Cannot find device';
      case 'proxyNeighbour':
      case 'filter':
        return hasDevice('gateway', object.device) ? undefined : 'Cannot find device';
      case 'route': {
        const { place, target } = object;
        if (!hasPlace(place)) return 'No such namespace';
        if (typeof target === 'string') return undefined;
        if ('via' in target)
          return holdsAddress(place, (address, length) =>
            prefixContains(Prefix(maskAddress(address, length), length), target.via),
          )
            ? undefined
            : 'Nexthop has invalid gateway';
        if (!hasDevice(place, target.device)) return 'Cannot find device';
        const source = target.source;
        return source === undefined || holdsAddress(place, (address) => address === source)
          ? undefined
          : 'Invalid prefsrc address';
      }
      // Entries name the routing domain by its vnet: without it nobody can tell whose they are.
      case 'virtualSubnet':
        if (!options.devices.has(object.entry.underlay)) return 'Cannot find device';
        return hasVnet(object.entry.routingDomain);
      case 'lookupRecord':
      case 'customerRoute':
      case 'providerPeer':
      case 'rewrite':
      case 'providerGroup':
      case 'multicastRoute':
      case 'replication':
        return hasVnet(object.entry.routingDomain);
      case 'externalEnd':
        return hasDevice('gateway', {
          kind: 'peer',
          domain: object.entry.routingDomain,
          device: 'ext',
        })
          ? undefined
          : 'Cannot find device';
    }
  }

  function hasVnet(domain: Place): string | undefined {
    return objects.has(`link ${domain} vnet`) ? undefined : 'The routing domain has no vnet';
  }

  /** Takes away whatever has lost what it needs, until all that is left stands. */
  function settle(): void {
    let before: number;
    do {
      before = objects.size;
      for (const [key, object] of objects) if (lack(object) !== undefined) objects.delete(key);
    } while (objects.size < before);
  }

  function applyOne(operation: Operation): string | undefined {
    const { action, object } = operation;
    const key = objectKey(object);
    const fault = options.faults?.find((each) => each.action === action && each.key === key);
    if (fault !== undefined) return fault.reason;
    const present = objects.get(key);
    if (action === 'remove') {
      if (present?.foreign === true) return undefined;
      if (objects.delete(key) && othersNeed(object)) settle();
      return undefined;
    }
    const reason = lack(object);
    if (reason === undefined && present?.foreign !== true) objects.set(key, withoutOwner(object));
    return reason;
  }

  function domains(): Set<RoutingDomainId> {
    const found = new Set<RoutingDomainId>();
    for (const object of objects.values())
      if (object.kind === 'namespace' || object.kind === 'link') found.add(object.domain);
    return found;
  }

  /** As the kernel does: not of what is in maps. */
  function tell(operations: readonly Operation[]): void {
    const changed = operations.map(({ object }) => object).filter((each) => !isTableEntry(each));
    if (changed.length === 0) return;
    const parts = new Set(changed.map(partOf));
    const gateway = parts.delete('gateway');
    const scope = { gateway, domains: parts as ReadonlySet<RoutingDomainId> };
    for (const listener of listeners) queueMicrotask(() => listener(scope));
  }

  return {
    observe: (scope) =>
      Promise.resolve(
        [...objects.values()].filter((object) => inScope(object, scope)).map(asObserved),
      ),
    apply: (operations) => {
      const failures: OperationFailure[] = [];
      tell(operations);
      for (const operation of operations) {
        const reason = applyOne(operation);
        if (reason !== undefined)
          failures.push({ operation, code: 'kernelOperationFailed', reason });
      }
      return Promise.resolve(failures);
    },
    domains: () => Promise.resolve(domains()),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    counters: () => Promise.resolve([]),
    pathMtus: () => Promise.resolve([]),
    forgetPathMtus: () => Promise.resolve(),
    peerProblems: () => Promise.resolve([]),
    onEvent: () => () => undefined,
    probe: () => Promise.resolve([]),
    deviceMtu: () => Promise.resolve(options.devices),
    close: () => Promise.resolve(),
  };
}

function othersNeed({ kind }: KernelObject): boolean {
  return kind === 'namespace' || kind === 'link' || kind === 'tunnelLink' || kind === 'address';
}

function inScope(object: KernelObject, scope: Scope): boolean {
  if (scope === 'all') return true;
  const part = partOf(object);
  return part === 'gateway' ? scope.gateway : scope.domains.has(part);
}

/** The kernel does not know who wanted an object. */
function withoutOwner(object: KernelObject): KernelObject {
  const copy = { ...object };
  delete copy.owner;
  return copy;
}

/** A setting is always there, whoever has set it. */
function asObserved(object: KernelObject): KernelObject {
  return object.kind === 'sysctl' ? { ...object, foreign: true } : object;
}
