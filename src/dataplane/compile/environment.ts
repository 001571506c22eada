import type { ProviderAddress } from '../../model/addresses.js';
import type { Connection, ConnectionId } from '../../model/connection.js';
import type { RoutingDomainId } from '../../model/routing-domain-id.js';
import type { IpsecDataPath } from '../../model/vpn-support.js';
import type { IpAddress } from '../../net/ip.js';

/** What the compiler has to know of the machine that it compiles for. */
export interface Environment {
  /** Devices that lead to the NVE hosts. */
  readonly underlay: readonly EnvironmentDevice[];
  /** Devices that lead to the physical network; the first is the default of a connection. */
  readonly external: readonly EnvironmentDevice[];
  /** Name of our nft table, in every namespace. */
  readonly firewallTable: string;
  /** Device group of the gateway's ends of all `ext` pairs. */
  readonly externalGroup: number;
  /** Where ESP is done; absent where there is no IPsec. */
  readonly ipsec?: IpsecDataPath;
  /** The tunnels that are up now: only they have routes. */
  readonly tunnels: ReadonlyMap<RoutingDomainId, ReadonlyMap<ConnectionId, UpTunnel>>;
  /** Broadcast and multicast that may leave for each virtual subnet, before it is copied (N10). */
  readonly multicastPacketsPerSecond: number;
  /** Bytes of outer packet that the way to a peer carries, where a router has said so (N9). */
  readonly pathMtus: ReadonlyMap<ProviderAddress, number>;
  /** Whether packets may go between virtual networks and the physical network past the kernel. */
  readonly shortWay: boolean;
}

/** A remote connection that carries packets. */
export interface UpTunnel {
  /** Linux device in the routing domain's namespace that leads into it. */
  readonly device: string;
  /** Where the peer is now. */
  readonly peerAddress?: IpAddress;
}

export interface EnvironmentDevice {
  /** Name in the configuration. */
  readonly name: string;
  /** Linux device. */
  readonly device: string;
  /** Bytes of IP packet that the device carries. */
  readonly mtu: number;
  /** Whether the device is there now. */
  readonly present: boolean;
}

/** What an NVGRE header adds to the inner IP packet (N1): outer IPv4 20, GRE 8, inner Ethernet 14. */
export const NVGRE_OVERHEAD = 42;

/** A device that is not there now is taken for a plain Ethernet until it comes. */
export const DEFAULT_MTU = 1500;

/** The devices of the configuration, each with what `DataPlane.deviceMtu` says of it. */
export function environmentDevices(
  devices: readonly Pick<EnvironmentDevice, 'name' | 'device'>[],
  mtus: ReadonlyMap<string, number>,
): EnvironmentDevice[] {
  return devices.map(({ name, device }) => ({
    name,
    device,
    mtu: mtus.get(name) ?? DEFAULT_MTU,
    present: mtus.has(name),
  }));
}

/**
 * The largest inner packet (N8): one number for the whole gateway, that of its smallest underlay,
 * so that a record may move between underlay devices without its VMs noticing.
 */
export function innerMtu(environment: Pick<Environment, 'underlay'>): number {
  return smallestMtu(environment.underlay) - NVGRE_OVERHEAD;
}

/** The smallest MTU among devices; that of a plain Ethernet where there are none. */
export function smallestMtu(devices: readonly EnvironmentDevice[]): number {
  return devices.length === 0 ? DEFAULT_MTU : Math.min(...devices.map((device) => device.mtu));
}

/** Configured name of the external device that a connection uses; undefined where there is none. */
export function externalDevice(
  environment: Pick<Environment, 'external'>,
  connection: Connection,
): string | undefined {
  return connection.interface ?? environment.external[0]?.name;
}

/** The smallest of the external devices in use: the kernel then answers what is too big itself (N8). */
export function externalMtu(
  environment: Pick<Environment, 'external'>,
  connections: readonly Connection[],
): number {
  const names = new Set(connections.map((connection) => externalDevice(environment, connection)));
  return smallestMtu(environment.external.filter((device) => names.has(device.name)));
}
