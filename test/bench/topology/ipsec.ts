import { createGateway } from '../../support/gateway.js';
import { ip, setSysctls, type Namespace } from '../../support/namespace.js';
import { createOffice, type Office } from '../../support/office.js';
import { PEER, peering } from '../../support/office-peering.js';
import { eventually, tryRun } from '../../support/process.js';
import { nvgatePolicy } from './nvgate-policy.js';
import { createNvgreEnd } from './nvgre-end.js';
import { createOutside } from './outside.js';
import type { Ends } from './path.js';
import { HOST_PA, neighbour, vmAddress } from './plan.js';
import { createQuietNamespace, createRouter, macOf } from './quiet-namespace.js';

const SECRET = 'the key of the benchmark';
/** Outside of what hosts have on link. */
const OFFICE_LAN = '172.20.1';
const SOURCE = '203.0.113.10';
/** Milliseconds until a tunnel carries packets. */
const UP_WITHIN = 30_000;

/** Ends with a tunnel between them. */
export interface Tunnelled {
  readonly ends: Ends;
  /** Where ESP is done. */
  readonly esp: string;
  remove(): Promise<void>;
}

/**
 * A VM network's tunnel to an office through nvgate:
 *
 *     host (NVGRE) ── nvgate ══ outside ══ office ── office's host
 */
export async function createIpsecThroughNvgate(): Promise<Tunnelled> {
  const namespace = await createQuietNamespace('gateway');
  const host = await createNvgreEnd(namespace, 'underlay', { networks: 1 });
  const outside = await createOutside(namespace, 'external');
  await setSysctls(outside.namespace, { 'net/ipv4/ip_forward': '1' });
  await ip(namespace, neighbour(HOST_PA, await macOf(host.namespace, 'wire'), 'underlay'));
  await ip(namespace, 'route add default via 203.0.113.100');
  const office = await createOffice({ ...officeOn(outside.namespace, 1), lan: OFFICE_LAN });
  await office.charon.start();
  await expectPeer(office, SOURCE, '192.168.1.0/24');

  const gateway = createGateway(namespace);
  await gateway.start();
  const policy = nvgatePolicy('routed', 1);
  await gateway.apply({
    ...policy,
    routingDomains: (policy.routingDomains ?? []).map((domain) => ({
      ...domain,
      connections: [
        {
          ...{ id: 'office', type: 'ikev2', sourceAddress: SOURCE },
          destinationAddress: office.address,
          authentication: { method: 'psk', secret: SECRET },
          routes: [{ destinationPrefix: office.prefix, metric: 10 }],
        },
      ],
    })),
  });
  const ends = {
    ...{ client: host.namespace, clientAddresses: [vmAddress(1)] },
    ...{ server: office.host, serverAddress: office.hostAddress },
  };
  await carries(ends);
  return {
    ...{ ends, esp: office.esp },
    async remove() {
      await gateway.remove();
      await office.charon.stop();
      for (const end of [host, outside]) end.close();
      removeAll(host.namespace, namespace, outside.namespace, office.namespace, office.host);
    },
  };
}

/**
 * The same tunnel between two routers, no gateway in between:
 *
 *     host ── office 1 ══ internet ══ office 2 ── host
 */
export async function createIpsecPair(): Promise<Tunnelled> {
  const internet = await createRouter('internet');
  const [left, right] = [
    await createOffice({ ...officeOn(internet, 1), lan: '192.168.1' }),
    await createOffice({ ...officeOn(internet, 2), lan: OFFICE_LAN }),
  ];
  for (const { charon } of [left, right]) await charon.start();
  await expectPeer(right, left.address, left.prefix);
  await expectPeer(left, right.address, right.prefix);
  await left.charon.initiate(PEER.child);
  const ends = {
    ...{ client: left.host, clientAddresses: [left.hostAddress] },
    ...{ server: right.host, serverAddress: right.hostAddress },
  };
  await carries(ends);
  return {
    ...{ ends, esp: left.esp },
    async remove() {
      for (const { charon } of [left, right]) await charon.stop();
      removeAll(internet, left.namespace, left.host, right.namespace, right.host);
    },
  };
}

function officeOn(upstream: Namespace, number: number) {
  const network = `198.18.${number}`;
  return {
    label: `office${number}`,
    line: { upstream, upstreamAddress: `${network}.1`, address: `${network}.2` },
  };
}

async function expectPeer(office: Office, peer: string, remote: string): Promise<void> {
  await office.charon.load(
    peering({
      ...{ remoteAddress: peer, authentication: { method: 'psk', secret: SECRET } },
      ...{ localSelectors: [office.prefix], remoteSelectors: [remote] },
      // A processor that is all the load's answers late.
      connection: { dpd_delay: '30s' },
    }),
  );
}

async function carries({
  client,
  clientAddresses: [source = ''],
  serverAddress,
}: Ends): Promise<void> {
  await eventually(
    'the tunnel carries packets',
    async () => {
      const args = ['-c', '1', '-W', '1', '-I', source, serverAddress];
      const { status } = await tryRun('ping', args, { namespace: client });
      return status === 0 || undefined;
    },
    UP_WITHIN,
  );
}

function removeAll(...namespaces: readonly Namespace[]): void {
  for (const namespace of namespaces) namespace.remove();
}
