import { createNamespace, ip, type Namespace } from './namespace.js';
import { connect } from './topology.js';

/** A physical network: one host on the wire of one of the gateway's external devices. */
export interface PhysicalNetwork extends PhysicalAddresses {
  readonly device: string;
  readonly host: Namespace;
  /** They are used only where the network has IPv6. */
  readonly ipv6: PhysicalAddresses;
}

/** Of one IP family. */
export interface PhysicalAddresses {
  /** On the wire. */
  readonly prefix: string;
  /** Of the host, on the wire. */
  readonly address: string;
  /** Of the same host, in a network behind it: {@link EXTERNAL_NETWORK} and {@link DMZ_NETWORK} say which. */
  readonly remoteAddress: string;
  readonly remotePrefix: string;
  readonly gatewayAddress: string;
}

type PhysicalPlan = Pick<PhysicalNetwork, 'device' | 'ipv6' | keyof PhysicalAddresses>;

function physicalPlan(
  device: string,
  network: string,
  network6: string,
  remote: number,
): PhysicalPlan {
  return {
    device,
    prefix: `${network}.0/24`,
    gatewayAddress: `${network}.2`,
    address: `${network}.100`,
    remotePrefix: `192.168.${remote}.0/24`,
    remoteAddress: `192.168.${remote}.10`,
    ipv6: {
      prefix: `${network6}::/64`,
      gatewayAddress: `${network6}::2`,
      address: `${network6}::100`,
      remotePrefix: `2001:db8:${remote}::/64`,
      remoteAddress: `2001:db8:${remote}::10`,
    },
  };
}

export const EXTERNAL_NETWORK = physicalPlan('external', '203.0.113', '2001:db8:113', 101);
export const DMZ_NETWORK = physicalPlan('dmz', '198.51.100', '2001:db8:51', 102);

/** The gateway's namespace gets the device, and the way to what is behind the host. */
export async function createPhysicalNetwork(
  gateway: Namespace,
  plan: PhysicalPlan,
  ipv6: boolean,
): Promise<PhysicalNetwork> {
  const { device } = plan;
  const families = ipv6 ? [plan, plan.ipv6] : [plan];
  const host = await createNamespace(`${device}-host`);
  const onWire = (address: string): string => `${address}/${address.includes(':') ? 64 : 24}`;
  await connect(
    {
      ...{ namespace: gateway, device },
      addresses: families.map(({ gatewayAddress }) => onWire(gatewayAddress)),
    },
    {
      ...{ namespace: host, device: 'eth0' },
      addresses: families.map(({ address }) => onWire(address)),
    },
  );
  await ip(host, ...families.map(({ remoteAddress }) => `address add ${remoteAddress} dev lo`));
  await ip(
    gateway,
    ...families.map(({ remotePrefix, address }) => `route add ${remotePrefix} via ${address}`),
  );
  return { ...plan, host };
}
