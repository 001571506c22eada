import { createNamespace, ip, runIn, type Namespace } from './namespace.js';

/** One end of a veth pair. */
export interface Port {
  readonly namespace: Namespace;
  readonly device: string;
  readonly macAddress?: string;
  /** With prefix length: `10.1.1.20/24`. */
  readonly addresses?: readonly string[];
  readonly mtu?: number;
  /**
   * False: what is sent here leaves as it would on a wire, checksums filled in and no packet over
   * the MTU. Needed where user space takes the packets: it does not see the kernel's marks.
   */
  readonly offload?: boolean;
}

/** A veth pair straight between two namespaces, both ends up. */
export async function connect(a: Port, b: Port): Promise<void> {
  await ip(
    a.namespace,
    `link add ${linkAttributes(a)} type veth peer ${linkAttributes(b)} netns ${b.namespace.name}`,
  );
  for (const port of [a, b]) await bringUp(port);
}

function linkAttributes(port: Port): string {
  const mac = port.macAddress === undefined ? '' : ` address ${port.macAddress}`;
  const mtu = port.mtu === undefined ? '' : ` mtu ${port.mtu}`;
  return `name ${port.device}${mac}${mtu}`;
}

async function bringUp(port: Port): Promise<void> {
  if (port.offload === false) await switchOffloadsOff(port.namespace, port.device);
  await ip(
    port.namespace,
    ...(port.addresses ?? []).map((address) => `address add ${address} dev ${port.device}`),
    `link set ${port.device} up`,
  );
}

/** Every transmit offload off: the kernel segments and fills in checksums before the device. */
export async function switchOffloadsOff(namespace: Namespace, device: string): Promise<void> {
  const features = ['tx', 'sg', 'tso', 'gso', 'tx-udp-segmentation'];
  await runIn(namespace, 'ethtool', ['-K', device, ...features.flatMap((name) => [name, 'off'])]);
}

/** An Ethernet segment: a bridge in a namespace of its own. */
export interface Segment {
  readonly namespace: Namespace;
  /** Makes the device in the port's namespace and plugs its other end into the bridge. */
  attach(port: Port): Promise<void>;
}

/**
 * @param mtu of the segment and, where they say nothing else, of its ports
 */
export async function createSegment(label: string, mtu = 1500): Promise<Segment> {
  const namespace = await createNamespace(label);
  await ip(
    namespace,
    `link add name bridge mtu ${mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    'link set bridge up',
  );
  let ports = 0;
  return {
    namespace,
    async attach(port) {
      const device = `port${(ports += 1)}`;
      const offload = port.offload === undefined ? {} : { offload: port.offload };
      await connect({ namespace, device, mtu, ...offload }, { mtu, ...port });
      await ip(namespace, `link set ${device} master bridge`);
    },
  };
}
