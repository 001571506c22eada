import { udp, type Payload } from '../../support/packets.js';

/** UDP of 46 bytes: with Ethernet header and FCS a frame of 64 bytes, the smallest there is. */
const DATA = new Uint8Array(46 - 20 - 8);

/** What the sinks count and drop (discard, RFC 863). */
export const DISCARD_PORT = 9;

export function smallPacket(from: string, to: string): Payload {
  return udp({ from, to, fromPort: 20_000, toPort: DISCARD_PORT, data: DATA });
}

/** As {@link smallPacket}, without a UDP checksum, so that addresses may be varied (RFC 768). */
export function variablePacket(from: string, to: string): Payload {
  const packet = smallPacket(from, to);
  packet.bytes.set([0, 0], 26);
  return packet;
}
