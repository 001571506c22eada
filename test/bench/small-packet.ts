import { udp, type Payload } from '../support/packets.js';

/** UDP of 46 bytes: with Ethernet header and FCS a frame of 64 bytes, the smallest there is. */
const DATA = new Uint8Array(46 - 20 - 8);

export function smallPacket(from: string, to: string): Payload {
  return udp({ from, to, fromPort: 20_000, toPort: 9, data: DATA });
}
