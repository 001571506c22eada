/**
 * ICMP "destination unreachable" (RFC 792), code 4 with the next hop's MTU (RFC 1191 section 4).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Type 3    |     Code      |           Checksum            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |            unused             |        Next-hop MTU           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Header of the packet in question and as much more as fits    |
 * ```
 */
export interface IcmpUnreachable {
  readonly code: number;
  /** 0 where the code has none, and from routers older than RFC 1191. */
  readonly nextHopMtu: number;
}

/** In front of the packet in question. */
export const ICMP_ERROR_BYTES = 8;

export const UnreachableCode = { fragmentationNeeded: 4, prohibited: 10 } as const;

const DESTINATION_UNREACHABLE = 3;

/** Undefined where the bytes end before it, or it is another message. */
export function readIcmpUnreachable(bytes: DataView, offset: number): IcmpUnreachable | undefined {
  if (bytes.byteLength < offset + ICMP_ERROR_BYTES) return undefined;
  if (bytes.getUint8(offset) !== DESTINATION_UNREACHABLE) return undefined;
  return { code: bytes.getUint8(offset + 1), nextHopMtu: bytes.getUint16(offset + 6) };
}
