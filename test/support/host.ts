import { createNamespace, ip, type Namespace } from './namespace.js';
import type { Segment } from './topology.js';

export interface HostOptions {
  readonly label: string;
  readonly segment: Segment;
  /** `eth0` where absent. */
  readonly device?: string;
  readonly macAddress?: string;
  /** With prefix length: `203.0.113.100/24`. */
  readonly addresses?: readonly string[];
  /** Addresses that the host has besides, on no segment: `192.168.101.10/32`. */
  readonly loopbackAddresses?: readonly string[];
  /** As `ip route add` reads them: `192.168.1.0/24 via 203.0.113.2`. */
  readonly routes?: readonly string[];
}

/** A plain Linux host: a namespace with one device on a segment. */
export async function createHost(options: HostOptions): Promise<Namespace> {
  const namespace = await createNamespace(options.label);
  const { segment, device = 'eth0', macAddress, addresses = [] } = options;
  await segment.attach({
    namespace,
    device,
    addresses,
    ...(macAddress === undefined ? {} : { macAddress }),
  });
  await ip(
    namespace,
    ...(options.loopbackAddresses ?? []).map((address) => `address add ${address} dev lo`),
    ...(options.routes ?? []).map((route) => `route add ${route}`),
  );
  return namespace;
}
