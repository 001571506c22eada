import { ETHERNET_BYTES, readEthernet } from '../codec/ethernet.js';
import { NVGRE_OVERHEAD, NvgreOffset, writeNvgreHeaders } from '../codec/nvgre.js';
import { flowIdOf } from '../model/flow-id.js';
import type { ForwardingTables } from '../model/forwarding-table.js';
import type { MacAddress } from '../net/mac.js';
import { flowHashOf } from './flow-hash.js';
import type { GatewayRoutes } from './gateway-routes.js';
import { PASSED, type Forwarded, type Passed } from './outcome.js';
import { relayIn } from './relay.js';
import { onLinkHop } from './route.js';
import { forwardedBy, readShortWayPacket, SHORT_WAY_HOPS } from './short-way-packet.js';
import type { TunnelPacket } from './tunnel.js';

/**
 * From a VM straight out to the physical network; undefined where the routing domain's kernel must
 * see the packet.
 * @param frame Ethernet header and inner packet, as the routing domain would get it
 */
export function outward(
  tunnel: TunnelPacket,
  frame: Uint8Array,
  tables: ForwardingTables,
  routes: GatewayRoutes,
): Forwarded | undefined {
  const { routingDomain, shortWay, vsid } = tunnel.subnet;
  const packet = readShortWayPacket(frame, tunnel.inner.etherType);
  if (shortWay === undefined || packet === undefined) return undefined;
  if (tables.lookupRecord(routingDomain, packet.destination) !== undefined) return undefined;
  if (tables.customerRoute(routingDomain, packet.destination)?.target.kind !== 'external')
    return undefined;
  const back = routes(packet.source)?.leadsTo;
  if (back === undefined || back === 'elsewhere') return undefined;
  if (back.end !== 'domain' || back.routingDomain !== routingDomain) return undefined;
  const ahead = routes(packet.destination);
  if (ahead === undefined || ahead.leadsTo === 'elsewhere' || packet.length > ahead.mtu)
    return undefined;
  if (ahead.leadsTo.end !== 'outside' || ahead.leadsTo.device !== shortWay.external)
    return undefined;

  return {
    kind: 'forwarded',
    verdict: 'externalOut',
    vsid,
    out: { device: 'external', name: shortWay.external },
    frame: forwardedBy(SHORT_WAY_HOPS, frame, packet),
  };
}

/**
 * What `inbound` does with a frame that an external device received: into NVGRE and to the VM's
 * host; into a routing domain that has to see it (`relayIn`); or `pass`, which leaves it to the kernel.
 */
export function inward(
  frame: Uint8Array,
  from: { readonly device: string; readonly macAddress: MacAddress },
  tables: ForwardingTables,
  routes: GatewayRoutes,
): Passed | Forwarded {
  const ethernet = readEthernet(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0);
  if (ethernet?.destination !== from.macAddress) return PASSED;
  const packet = readShortWayPacket(frame, ethernet.etherType);
  if (packet === undefined) return PASSED;
  const back = routes(packet.source)?.leadsTo;
  if (back === undefined || back === 'elsewhere') return PASSED;
  if (back.end !== 'outside' || back.device !== from.device) return PASSED;
  const ahead = routes(packet.destination);
  if (ahead === undefined || ahead.leadsTo === 'elsewhere' || packet.length > ahead.mtu)
    return PASSED;
  if (ahead.leadsTo.end !== 'domain') return PASSED;
  const end = tables.externalEnd(ahead.leadsTo.routingDomain);
  if (end === undefined) return PASSED;
  if (end.past === 'gateway') return relayIn(frame, packet, end);
  const record = tables.lookupRecord(ahead.leadsTo.routingDomain, packet.destination);
  const target = onLinkHop(record);
  const subnet = target === undefined ? undefined : tables.virtualSubnet(target.vsid);
  if (target === undefined || subnet?.shortWay === undefined) return PASSED;
  if (packet.length > Math.min(subnet.shortWay.maxLength, record?.maxLength ?? Infinity))
    return PASSED;

  const sent = forwardedBy(SHORT_WAY_HOPS, frame, packet);
  const out = new Uint8Array(sent.byteLength + NVGRE_OVERHEAD);
  out.set(sent.subarray(ETHERNET_BYTES), NvgreOffset.innerPacket);
  writeNvgreHeaders(new DataView(out.buffer), {
    typeOfService: packet.trafficClass,
    source: subnet.providerAddress,
    destination: target.providerAddress,
    vsid: target.vsid,
    flowId: flowIdOf(flowHashOf(frame)),
    inner: {
      destination: target.macAddress,
      source: subnet.sourceMac,
      etherType: ethernet.etherType,
    },
  });
  return {
    kind: 'forwarded',
    verdict: 'externalIn',
    vsid: target.vsid,
    out: { device: 'underlay', name: subnet.underlay },
    frame: out,
  };
}
