import { createNamespace, ip, setSysctls, type Namespace } from './namespace.js';
import {
  EXTERNAL_GATEWAY_MAC,
  EXTERNAL_ROUTER_MAC,
  GATEWAY_MAC,
  underlayMac,
  type Traffic,
} from './raw-host-frames.js';
import { openRawSocket, type RawSocket } from './raw-host-socket.js';
import { EXTERNAL } from './scene-plan.js';
import { connect, type Port } from './topology.js';

/** The two wires of a gateway, the test at their far ends. */
export interface Wires {
  /** The gateway's: `underlay` without an address, `external` with those of the scene. */
  readonly gateway: Namespace;
  readonly underlay: Pick<RawSocket, 'send'>;
  readonly external: Pick<RawSocket, 'send'>;
  /** Takes what the gateway has sent since the last call. */
  take(): Traffic;
  remove(): void;
}

/** The device at the far end of each wire. */
const DEVICE = 'wire';

/**
 * @param providerAddresses who is on the underlay: static neighbours, so that the gateway never
 *   asks for one and each frame on the wire is an outcome
 */
export async function createWires(providerAddresses: readonly string[]): Promise<Wires> {
  const gateway = await createNamespace('gateway');
  const [underlayEnd, externalEnd] = [
    await plug({ namespace: gateway, device: 'underlay', macAddress: GATEWAY_MAC }),
    await plug({
      ...{ namespace: gateway, device: 'external', macAddress: EXTERNAL_GATEWAY_MAC },
      addresses: [`${EXTERNAL.gateway}/24`, `${EXTERNAL.gateway6}/64`],
    }),
  ];
  const neighbour = (address: string, mac: string, device: string): string =>
    `neigh replace ${address} lladdr ${mac.replaceAll('-', ':')} dev ${device} nud permanent`;
  await ip(
    gateway,
    ...providerAddresses.map((address) => neighbour(address, underlayMac(address), 'underlay')),
    neighbour(EXTERNAL.host, EXTERNAL_ROUTER_MAC, 'external'),
    neighbour(EXTERNAL.host6, EXTERNAL_ROUTER_MAC, 'external'),
    `route add default via ${EXTERNAL.host}`,
    `route add default via ${EXTERNAL.host6}`,
  );
  const underlay = openRawSocket(underlayEnd, DEVICE);
  const external = openRawSocket(externalEnd, DEVICE);
  return {
    ...{ gateway, underlay, external },
    take: () => ({
      underlay: underlay.receive(),
      external: external.receive().filter((frame) => !isGroupReport(frame)),
    }),
    remove() {
      underlay.close();
      external.close();
      for (const namespace of [gateway, underlayEnd, externalEnd]) namespace.remove();
    },
  };
}

/**
 * A wire from the port to a namespace of its own. Only a port with an IPv6 address speaks IPv6:
 * any other would talk about addresses that the kernel makes.
 */
async function plug(port: Port & { readonly macAddress: string }): Promise<Namespace> {
  const far = await createNamespace(port.device);
  const withoutIpv6 = (value: '0' | '1') => ({ 'net/ipv6/conf/default/disable_ipv6': value });
  const silent = !(port.addresses ?? []).some((address) => address.includes(':'));
  await setSysctls(far, withoutIpv6('1'));
  await setSysctls(port.namespace, withoutIpv6(silent ? '1' : '0'));
  await connect(
    { ...port, macAddress: port.macAddress.replaceAll('-', ':') },
    { namespace: far, device: DEVICE },
  );
  return far;
}

/** What the gateway's kernel says about IPv6 groups (MLD) on a device with IPv6. */
function isGroupReport(frame: Uint8Array): boolean {
  return frame[0] === 0x33 && frame[1] === 0x33;
}
