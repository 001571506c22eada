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

/** Types of ICMP that return the packet in question, and the one that names a router besides. */
export const IcmpType = {
  destinationUnreachable: 3,
  sourceQuench: 4,
  redirect: 5,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

export const UnreachableCode = { fragmentationNeeded: 4, prohibited: 10 } as const;

/** Undefined where the bytes end before it, or it is another message. */
export function readIcmpUnreachable(bytes: DataView, offset: number): IcmpUnreachable | undefined {
  if (bytes.byteLength < offset + ICMP_ERROR_BYTES) return undefined;
  if (bytes.getUint8(offset) !== IcmpType.destinationUnreachable) return undefined;
  return { code: bytes.getUint8(offset + 1), nextHopMtu: bytes.getUint16(offset + 6) };
}
