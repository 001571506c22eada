import type { EthernetHeader } from '../codec/ethernet.js';
import { NvgreOffset, writeNvgreHeaders } from '../codec/nvgre.js';
import type { ForwardVerdict, Forwarded } from './outcome.js';
import type { TunnelPacket } from './tunnel.js';

/**
 * The gateway's own answer to a packet, sent straight back: outer addresses swapped (for a group the
 * gateway speaks with the address that it has in the subnet), the same VSID and FlowID. `write` fills in what follows the inner Ethernet header.
 */
export function replyTo(
  tunnel: TunnelPacket,
  verdict: ForwardVerdict,
  inner: EthernetHeader,
  innerBytes: number,
  write: (bytes: DataView, offset: number) => void,
): Forwarded {
  const frame = new Uint8Array(NvgreOffset.innerPacket + innerBytes);
  const bytes = new DataView(frame.buffer);
  writeNvgreHeaders(bytes, {
    typeOfService: 0,
    source: tunnel.byGroup ? tunnel.subnet.providerAddress : tunnel.destination,
    destination: tunnel.source,
    vsid: tunnel.subnet.vsid,
    flowId: tunnel.flowId,
    inner,
  });
  write(bytes, NvgreOffset.innerPacket);
  return {
    kind: 'forwarded',
    verdict,
    vsid: tunnel.subnet.vsid,
    out: { device: 'ingress' },
    frame,
  };
}
