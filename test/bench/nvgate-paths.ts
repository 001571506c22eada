import type { PolicyDocument } from '../../provider/schemas.js';
import { createGateway } from '../support/gateway.js';
import { createNamespace, ip, type Namespace } from '../support/namespace.js';
import { ethernet, nvgre } from '../support/packets.js';
import { connect } from '../support/topology.js';
import type { Path } from './path.js';
import { smallPacket } from './small-packet.js';
import { dropEverything, macOf, receivedPackets } from './wire.js';

const HOST = '10.1.1.20';
const GATEWAY = '10.1.1.40';
const VM = '192.168.1.101';
const VM_MAC = '00-15-5D-01-14-04';
const GATEWAY_MAC = '10-10-10-10-10-01';
const OUTSIDE = '203.0.113.100';
const NAT = '203.0.113.10';

/** One VM network with one VM, either routed to the outside or translated. */
function policy(connection: 'routed' | 'nat'): PolicyDocument {
  return {
    apiVersion: 'nvgate/v1',
    providerAddresses: [{ address: GATEWAY, prefixLength: 24 }],
    routingDomains: [
      {
        id: '11111111-2222-3333-4444-000000005001',
        virtualSubnets: [
          { vsid: 5001, prefixes: ['192.168.1.0/24'], gateway: { macAddress: GATEWAY_MAC } },
          { vsid: 5002, prefixes: ['192.168.2.0/24'] },
        ],
        lookupRecords: [
          { vsid: 5001, customerAddress: VM, macAddress: VM_MAC, providerAddress: HOST },
        ],
        connections: [
          connection === 'nat'
            ? { id: 'internet', type: 'nat', externalAddress: NAT }
            : { id: 'corp', type: 'routed', routes: [{ destinationPrefix: '203.0.113.0/24' }] },
        ],
      },
    ],
  };
}

export interface NvgatePaths {
  /** VM to outside. */
  readonly out: Path;
  /** Outside to VM; only with a routed connection. */
  readonly in: Path;
  remove(): Promise<void>;
}

/**
 *     host (NVGRE frames) ── underlay | nvgate | external ── outside
 */
export async function createNvgatePaths(connection: 'routed' | 'nat'): Promise<NvgatePaths> {
  const host = await createNamespace('host');
  const gatewayNamespace = await createNamespace('gateway');
  const outside = await createNamespace('outside');
  await connect(
    { namespace: host, device: 'wire', addresses: [`${HOST}/24`] },
    { namespace: gatewayNamespace, device: 'underlay' },
  );
  await connect(
    { namespace: gatewayNamespace, device: 'external', addresses: ['203.0.113.2/24'] },
    { namespace: outside, device: 'wire', addresses: [`${OUTSIDE}/24`] },
  );
  const neighbour = (address: string, mac: string, device: string): string =>
    `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`;
  await ip(
    gatewayNamespace,
    neighbour(HOST, await macOf(host, 'wire'), 'underlay'),
    neighbour(OUTSIDE, await macOf(outside, 'wire'), 'external'),
  );
  const gateway = createGateway(gatewayNamespace);
  await gateway.start();
  await gateway.apply(policy(connection));
  await dropEverything(host, 'wire');
  await dropEverything(outside, 'wire');

  const encapsulated = nvgre({
    from: HOST,
    to: GATEWAY,
    vsid: 5001,
    innerSource: VM_MAC,
    innerDestination: GATEWAY_MAC,
    inner: smallPacket(VM, OUTSIDE),
  });
  encapsulated.set(await macBytes(gatewayNamespace, 'underlay'));
  const plain = ethernet({
    destination: await macOf(gatewayNamespace, 'external'),
    payload: smallPacket(OUTSIDE, VM),
  });
  const remove = async (): Promise<void> => {
    await gateway.remove();
    for (const namespace of [host, gatewayNamespace, outside]) namespace.remove();
  };
  return {
    out: {
      name: `nvgate ${connection}, VM to outside`,
      sender: host,
      device: 'wire',
      frames: [encapsulated],
      received: () => receivedPackets(outside, 'wire'),
      remove,
    },
    in: {
      name: `nvgate ${connection}, outside to VM`,
      sender: outside,
      device: 'wire',
      frames: [plain],
      received: () => receivedPackets(host, 'wire'),
      remove,
    },
    remove,
  };
}

async function macBytes(namespace: Namespace, device: string): Promise<Uint8Array> {
  return Buffer.from((await macOf(namespace, device)).replaceAll(':', ''), 'hex');
}
