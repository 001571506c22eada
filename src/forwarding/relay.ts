import { readEthernet } from '../codec/ethernet.js';
import type { ExternalEndEntry, ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { MacAddress } from '../net/mac.js';
import type { GatewayRoutes } from './gateway-routes.js';
import { PASSED, type Forwarded, type Passed } from './outcome.js';
import { forwardedBy, readShortWayPacket, type ShortWayPacket } from './short-way-packet.js';

/** The gateway's own namespace. */
const RELAY_HOPS = 1;

/**
 * What `outbound` does with a frame that came out of a routing domain's `ext`: straight to the physical
 * network, or `pass`, which leaves it to the gateway's kernel.
 * @param from the gateway's end of the pair
 */
export function relayOut(
  frame: Uint8Array,
  from: { readonly routingDomain: RoutingDomainId; readonly macAddress: MacAddress },
  tables: ForwardingTables,
  routes: GatewayRoutes,
): Passed | Forwarded {
  const end = tables.externalEnd(from.routingDomain);
  const ethernet = readEthernet(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0);
  if (end === undefined || ethernet?.destination !== from.macAddress) return PASSED;
  const packet = readShortWayPacket(frame, ethernet.etherType);
  if (packet === undefined) return PASSED;
  const back = routes(packet.source)?.leadsTo;
  if (back === undefined || back === 'elsewhere') return PASSED;
  if (back.end !== 'domain' || back.routingDomain !== from.routingDomain) return PASSED;
  const ahead = routes(packet.destination);
  if (ahead === undefined || ahead.leadsTo === 'elsewhere' || packet.length > ahead.mtu)
    return PASSED;
  if (ahead.leadsTo.end !== 'outside' || ahead.leadsTo.device !== end.external) return PASSED;
  return {
    ...{ kind: 'forwarded', verdict: 'relayedOut', vsid: 0 },
    out: { device: 'external', name: end.external },
    frame: forwardedBy(RELAY_HOPS, frame, packet),
  };
}

/** Into a routing domain whose namespace has to see the packet. */
export function relayIn(
  frame: Uint8Array,
  packet: ShortWayPacket,
  { routingDomain }: ExternalEndEntry,
): Forwarded {
  return {
    ...{ kind: 'forwarded', verdict: 'relayedIn', vsid: 0 },
    out: { device: 'ext', domain: routingDomain },
    frame: forwardedBy(RELAY_HOPS, frame, packet),
  };
}
