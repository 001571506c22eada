import { ETHERNET_BYTES, EtherType, readEthernet } from '../codec/ethernet.js';
import { IpProtocol } from '../codec/ip-protocol.js';
import { IPV4_BYTES, IPV4_HEADER_WORDS, isIpv4HeaderIntact, readIpv4 } from '../codec/ipv4.js';
import type { ForwardingTables, RewriteEntry } from '../model/forwarding-table.js';
import type { Ipv4 } from '../net/ip.js';
import { PASSED, dropped, type DecapResult } from './outcome.js';
import { rewriteAddresses, toCustomer } from './rewrite.js';

/**
 * A packet from the underlay that is no GRE (N13). Taken is what a record of rule `nat` sends to such
 * a record of the gateway's own in its routing domain (N12). All else passes: the address is the
 * gateway's as well, for NVGRE and for itself.
 *
 * @param frame it is not changed
 */
export function receiveRewritten(frame: Uint8Array, tables: ForwardingTables): DecapResult {
  const bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (readEthernet(bytes, 0)?.etherType !== EtherType.ipv4) return PASSED;
  const header = readIpv4(bytes, ETHERNET_BYTES);
  if (header?.version !== 4 || header.headerWords < IPV4_HEADER_WORDS) return PASSED;
  if (header.protocol === IpProtocol.gre) return PASSED;
  const own = ownEnd(header.source, header.destination, tables);
  if (own === undefined) return PASSED;

  const { vsid, routingDomain: domain } = own;
  if (header.headerWords !== IPV4_HEADER_WORDS) return dropped('outerOptions', vsid);
  if (header.totalLength > bytes.byteLength - ETHERNET_BYTES || header.totalLength < IPV4_BYTES)
    return dropped('truncated', vsid);
  if (!isIpv4HeaderIntact(bytes, ETHERNET_BYTES)) return dropped('outerChecksum', vsid);
  const restored = rewriteAddresses(frame, toCustomer(domain, tables));
  if (restored === undefined) return PASSED;
  const out = { device: 'domain', domain } as const;
  return { kind: 'forwarded', verdict: 'restored', vsid, out, frame: restored };
}

/**
 * The gateway's end of a way between two records of rule `nat`, the far end's provider address
 * being `far`. Undefined where there is no such way.
 */
export function ownEnd(far: Ipv4, own: Ipv4, tables: ForwardingTables): RewriteEntry | undefined {
  const [from, to] = [tables.rewrite(far), tables.rewrite(own)];
  if (from === undefined || from.local || to?.local !== true) return undefined;
  return from.routingDomain === to.routingDomain ? to : undefined;
}
