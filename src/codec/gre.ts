/**
 * GRE header with a key (RFC 2784, key and sequence number by RFC 2890).
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |C| |K|S|     Reserved0     | Ver |         Protocol type         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                              Key                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * With C or S set the header grows by four bytes each. Version 1 is PPTP's (RFC 2637). A receiver
 * drops a packet with any of the bits 1 and 4..12 set that it does not know (RFC 2784 section 2.3).
 */
export interface GreHeader {
  /** Flags and version as one word. */
  readonly flags: number;
  readonly protocolType: number;
}

/** The part that is always there. */
export const GRE_BASE_BYTES = 4;
/** With a key, without checksum and sequence number. */
export const GRE_KEYED_BYTES = 8;

export const GreFlag = {
  checksum: 0x8000,
  key: 0x2000,
  sequence: 0x1000,
  versionMask: 0x0007,
} as const;

/** Undefined where the bytes end before the first four bytes of the header. */
export function readGre(bytes: DataView, offset: number): GreHeader | undefined {
  if (bytes.byteLength < offset + GRE_BASE_BYTES) return undefined;
  return { flags: bytes.getUint16(offset), protocolType: bytes.getUint16(offset + 2) };
}

/** @throws RangeError when there is no room for it */
export function writeGre(bytes: DataView, offset: number, header: GreHeader, key: number): void {
  bytes.setUint16(offset, header.flags);
  bytes.setUint16(offset + 2, header.protocolType);
  bytes.setUint32(offset + 4, key);
}
