import { createGateway, type Gateway } from '../../support/gateway.js';
import { gatewayNamespaces } from '../../support/gateway-instance.js';
import { ip, type Namespace } from '../../support/namespace.js';
import { run } from '../../support/process.js';
import { connect } from '../../support/topology.js';
import { createOutside, type Outside } from './outside.js';
import type { Place } from './path.js';
import { HOST_PA, neighbour } from './plan.js';
import { createQuietNamespace, macOf } from './quiet-namespace.js';
import { createWireEnd, type WireEnd } from './wire-end.js';

/** A gateway without policy yet, between a host and the outside, for policies of any size. */
export interface WideGateway {
  readonly namespace: Namespace;
  readonly gateway: Gateway;
  /** Where everything for the hosts ends. */
  readonly host: Place & WireEnd;
  readonly outside: Outside;
  remove(): Promise<void>;
}

/** @param hosts PAs besides the usual one that the host stands for */
export async function createWideGateway(hosts: readonly string[] = []): Promise<WideGateway> {
  const namespace = await createQuietNamespace('gateway');
  const hostNamespace = await createQuietNamespace('host');
  await connect({ namespace, device: 'underlay' }, { namespace: hostNamespace, device: 'wire' });
  const outside = await createOutside(namespace, 'external');
  const hostMac = await macOf(hostNamespace, 'wire');
  await ip(namespace, ...[HOST_PA, ...hosts].map((pa) => neighbour(pa, hostMac, 'underlay')));
  const place = { namespace: hostNamespace, device: 'wire' };
  const host = { ...place, ...(await createWireEnd(place)) };
  const gateway = createGateway(namespace, { logLevel: 'info' });
  await gateway.start();
  return {
    ...{ namespace, gateway, host, outside },
    async remove() {
      await gateway.stop();
      await removeTogether(gatewayNamespaces(gateway.instance));
      await gateway.remove();
      for (const end of [host, outside]) end.close();
      for (const each of [hostNamespace, namespace, outside.namespace]) each.remove();
    },
  };
}

/** In one process: the kernel takes namespaces that go together down together. */
async function removeTogether(names: readonly string[]): Promise<void> {
  await run('ip', ['-force', '-batch', '-'], {
    ...{ input: names.map((name) => `netns delete ${name}\n`).join(''), timeout: 300_000 },
  });
}
