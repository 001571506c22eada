import { isIpv4, isIpv6, isLinkLocal, parseIp, type IpAddress } from '../../net/ip.js';
import { defaultPrefix, hostPrefix, parsePrefix, type Prefix } from '../../net/prefix.js';
import type { Address, Device, KernelObject, Place, Route } from '../kernel-object.js';
import { ADDRESS_METRIC, EXTERNAL_TABLE, ROUTE_PROTOCOL } from './names.js';
import type { LinkRow, PlaceState, ProxyRow, RouteRow } from './read-place.js';

/** The devices of a place that an object may name, by their names in the kernel. */
export type DeviceNames = ReadonlyMap<string, Device>;

/**
 * Addresses of the known devices. In a routing domain all are ours; in the gateway's namespace
 * those with our metric, and of one that is there twice ours is the one that counts.
 */
export function observedAddresses(
  place: Place,
  links: readonly LinkRow[],
  names: DeviceNames,
): KernelObject[] {
  return links.flatMap((link) => {
    const device = names.get(link.ifname);
    if (device === undefined) return [];
    const addresses = new Map<IpAddress, Address & { foreign?: true }>();
    for (const { local, prefixlen, metric } of link.addr_info) {
      if (local === undefined) continue;
      const address = parseIp(local);
      // Every IPv6 device has link-local addresses; the kernel makes them.
      if (isIpv6(address) && isLinkLocal(address)) continue;
      const ours = place !== 'gateway' || metric === ADDRESS_METRIC;
      if (!ours && addresses.has(address)) continue;
      addresses.set(address, {
        kind: 'address',
        place,
        device,
        address,
        prefixLength: prefixlen,
        ...(ours ? {} : { foreign: true }),
      });
    }
    return [...addresses.values()];
  });
}

/** Routes of our protocol number. */
export function observedRoutes(
  place: Place,
  routes: PlaceState['routes'],
  names: DeviceNames,
): Route[] {
  return [
    ...routes.ipv4.map((row) => observedRoute(place, row, names, defaultPrefix(4))),
    ...routes.ipv6.map((row) => observedRoute(place, row, names, defaultPrefix(6))),
  ].filter((route) => route !== undefined);
}

/** Undefined where the route leads to a device, or is in a table, that is none of ours. */
export function observedRoute(
  place: Place,
  row: RouteRow,
  names: DeviceNames,
  everything: Prefix,
): Route | undefined {
  const destinationPrefix = row.dst === 'default' ? everything : parseDestination(row.dst);
  const target = observedTarget(row, names);
  const table = row.table ?? 'main';
  if (target === undefined || (table !== 'main' && table !== String(EXTERNAL_TABLE)))
    return undefined;
  const metric = policyMetric(destinationPrefix, row.metric);
  return {
    kind: 'route',
    place,
    ...(table === 'main' ? {} : { table: 'external' }),
    destinationPrefix,
    metric,
    target,
  };
}

function observedTarget(row: RouteRow, names: DeviceNames): Route['target'] | undefined {
  if (row.type === 'unreachable' || row.type === 'throw') return row.type;
  if (row.gateway !== undefined) return { via: parseIp(row.gateway) };
  const device = row.dev === undefined ? undefined : names.get(row.dev);
  if (device === undefined) return undefined;
  const mtu = row.metrics?.find((metric) => metric.mtu !== undefined)?.mtu;
  return {
    device,
    ...(row.prefsrc === undefined ? {} : { source: parseIp(row.prefsrc) }),
    ...(mtu === undefined ? {} : { mtu }),
  };
}

function parseDestination(text: string): Prefix {
  return text.includes('/') ? parsePrefix(text) : hostPrefix(parseIp(text));
}

/** Proxy neighbours on configured devices; one without our protocol number is somebody else's. */
export function observedProxies(rows: readonly ProxyRow[], names: DeviceNames): KernelObject[] {
  return rows.flatMap(({ dst, dev, protocol }): KernelObject[] => {
    const device = names.get(dev);
    if (device?.kind !== 'configured') return [];
    return [
      {
        kind: 'proxyNeighbour',
        device,
        address: parseIp(dst),
        ...(protocol === String(ROUTE_PROTOCOL) ? {} : { foreign: true }),
      },
    ];
  });
}

/**
 * A metric as the kernel has it. IPv6 has no metric 0 (the kernel makes 1024 of it), so that IPv6
 * metrics are one larger there.
 */
export function kernelMetric(destination: Prefix, metric: number): number {
  return isIpv4(destination.address) ? metric : metric + 1;
}

function policyMetric(destination: Prefix, kernelMetric: number | undefined): number {
  if (kernelMetric === undefined) return 0;
  return isIpv4(destination.address) ? kernelMetric : kernelMetric - 1;
}
