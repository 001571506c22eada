import { join } from 'node:path';
import { ConnectionId } from '../../src/model/connection.js';
import { DEFAULT_MAIN_MODE, DEFAULT_QUICK_MODE } from '../../src/model/ipsec.js';
import type { Ikev2Connection } from '../../src/model/remote-connection.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Secret } from '../../src/model/secret.js';
import { parseIp } from '../../src/net/ip.js';
import { parsePrefix } from '../../src/net/prefix.js';
import type { TunnelSpec } from '../../src/vpn/port.js';
import { createNamespace, ip, runIn, setSysctls, type Namespace } from './namespace.js';
import { kernelHasEsp } from './office-charon.js';
import type { ConfSection } from './office-conf.js';
import { createOffice, type Office } from './office.js';
import { connect } from './topology.js';

export const GATEWAY_ADDRESS = '203.0.113.2';
export const DOMAIN = RoutingDomainId('11111111-2222-3333-4444-000000005001');
export const SECRET = 'a shared secret of the contract';

/** The namespace of a routing domain, and the internet that offices are plugged into. */
export interface VpnLab {
  readonly domain: Namespace;
  readonly internet: Namespace;
  readonly dataPath: 'kernel' | 'userSpace';
  /** Offices 1, 2 …: 198.51.100.2, 198.51.100.6 …, all with the network 10.9.0.0/24. */
  office(number: number): Promise<Office>;
  remove(): void;
}

export async function createVpnLab(): Promise<VpnLab> {
  const domain = await createNamespace('domain');
  const internet = await createNamespace('internet');
  const offices: Office[] = [];
  await setSysctls(internet, { 'net/ipv4/ip_forward': '1' });
  await setSysctls(domain, { 'net/ipv4/ip_forward': '1' });
  await connect(
    { namespace: domain, device: 'ext', addresses: [`${GATEWAY_ADDRESS}/30`] },
    { namespace: internet, device: 'gateway', addresses: ['203.0.113.1/30'] },
  );
  await ip(domain, 'route add default via 203.0.113.1', 'address add 10.1.1.1/32 dev lo');
  return {
    domain,
    internet,
    dataPath: (await kernelHasEsp(domain)) ? 'kernel' : 'userSpace',
    async office(number) {
      const base = 4 * number - 4;
      const office = await createOffice({
        label: `office${number}`,
        line: {
          upstream: internet,
          upstreamAddress: `198.51.100.${base + 1}`,
          address: `198.51.100.${base + 2}`,
        },
        lan: '10.9.0',
        tunnelRoutes: ['10.1.1.0/24'],
      });
      offices.push(office);
      return office;
    },
    remove() {
      for (const office of offices) {
        office.host.remove();
        office.namespace.remove();
      }
      domain.remove();
      internet.remove();
    },
  };
}

/** swanctl.conf of an office for one connection to the gateway, selectors 0.0.0.0/0. */
export function officeConfiguration(
  office: Office,
  secret = SECRET,
  more: ConfSection = {},
): ConfSection {
  return {
    connections: {
      gateway: {
        ...{ version: 2, local_addrs: office.address, remote_addrs: GATEWAY_ADDRESS },
        ...{ proposals: 'aes256-sha256-modp2048', encap: office.esp === 'kernel' ? 'no' : 'yes' },
        local: { auth: 'psk', id: office.address },
        remote: { auth: 'psk', id: GATEWAY_ADDRESS },
        children: {
          net: {
            ...{ local_ts: '0.0.0.0/0', remote_ts: '0.0.0.0/0' },
            esp_proposals: 'aes256gcm16-modp2048',
          },
        },
        ...more,
      },
    },
    secrets: { ike: { secret, id1: office.address, id2: GATEWAY_ADDRESS } },
  };
}

export interface SpecOptions {
  readonly secret?: string;
  readonly metric?: number;
  readonly changes?: Partial<Ikev2Connection>;
  readonly device?: string;
}

/** The tunnel of the gateway that an office with {@link officeConfiguration} expects. */
export function tunnelTo(peer: string, id = 'office', options: SpecOptions = {}): TunnelSpec {
  const { secret = SECRET, metric = 10, changes = {}, device = 'ipsec0' } = options;
  return {
    connection: {
      type: 'ikev2',
      id: ConnectionId(id),
      sourceAddress: parseIp(GATEWAY_ADDRESS),
      destinationAddress: parseIp(peer),
      authentication: { method: 'psk', secret: new Secret(secret) },
      mainMode: DEFAULT_MAIN_MODE,
      quickMode: DEFAULT_QUICK_MODE,
      initiate: true,
      deadPeerDetectionSeconds: 2,
      peerAddressMayChange: false,
      routes: [{ destinationPrefix: parsePrefix('10.9.0.0/24'), metric }],
      ...changes,
    },
    localAddress: parseIp(GATEWAY_ADDRESS),
    device,
    customerPrefixes: [parsePrefix('10.1.1.0/24')],
  };
}

/** What the data plane does when a tunnel is up. */
export async function routeInto(lab: VpnLab, device = 'ipsec0'): Promise<void> {
  await ip(lab.domain, `route replace 10.9.0.0/24 dev ${device} src 10.1.1.1`);
}

/** Pings an office's host from the gateway's customer address; answers how many came back. */
export async function pings(lab: VpnLab, address: string, count = 3): Promise<number> {
  const text = await runIn(lab.domain, 'sh', [
    '-c',
    `ping -c ${count} -i 0.1 -W 2 -I 10.1.1.1 ${address} || true`,
  ]);
  return Number(/(\d+) received/.exec(text)?.[1] ?? 0);
}

export function pidOf(runDirectory: string, domain: RoutingDomainId): string {
  return join(runDirectory, domain, 'charon.pid');
}
