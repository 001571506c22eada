import { ip, type Namespace } from '../../support/namespace.js';
import { connect } from '../../support/topology.js';
import type { Place } from './path.js';
import { GATEWAY_OUTSIDE, neighbour, OUTSIDE } from './plan.js';
import { createQuietNamespace, macOf } from './quiet-namespace.js';
import { createWireEnd, type WireEnd } from './wire-end.js';

/** The physical network behind whatever is measured: one namespace, a server and a sink. */
export interface Outside extends Place, WireEnd {}

/** Connects it to the device, which this makes, with the gateway's outside address. */
export async function createOutside(gateway: Namespace, device: string): Promise<Outside> {
  const namespace = await createQuietNamespace('outside');
  await connect(
    { namespace: gateway, device, addresses: [`${GATEWAY_OUTSIDE}/24`] },
    { namespace, device: 'wire', addresses: [`${OUTSIDE}/24`] },
  );
  await ip(gateway, neighbour(OUTSIDE, await macOf(namespace, 'wire'), device));
  await ip(
    namespace,
    neighbour(GATEWAY_OUTSIDE, await macOf(gateway, device), 'wire'),
    `route add default via ${GATEWAY_OUTSIDE}`,
  );
  const place = { namespace, device: 'wire' };
  return { ...place, ...(await createWireEnd(place)) };
}
