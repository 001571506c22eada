/** One captured packet. */
export interface CapturedPacket {
  /** Microseconds since 1970. */
  readonly time: bigint;
  /** From the link-layer header on. */
  readonly bytes: Uint8Array;
  /** On the wire; more than `bytes` where the capture cut it. */
  readonly length: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;

/**
 * The packets of a pcap file in this machine's or the other byte order (microsecond format, as
 * tcpdump writes it). A record that is not complete yet is left out, so a growing file can be read.
 */
export function parsePcap(file: Uint8Array): CapturedPacket[] {
  if (file.byteLength < FILE_HEADER) return [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const littleEndian = view.getUint32(0, true) === MAGIC_MICROSECONDS;
  if (!littleEndian && view.getUint32(0) !== MAGIC_MICROSECONDS)
    throw new Error('This is not a pcap file with microseconds.');

  const packets: CapturedPacket[] = [];
  let offset = FILE_HEADER;
  while (offset + RECORD_HEADER <= file.byteLength) {
    const captured = view.getUint32(offset + 8, littleEndian);
    const start = offset + RECORD_HEADER;
    if (start + captured > file.byteLength) break;
    packets.push({
      time:
        BigInt(view.getUint32(offset, littleEndian)) * 1_000_000n +
        BigInt(view.getUint32(offset + 4, littleEndian)),
      bytes: file.slice(start, start + captured),
      length: view.getUint32(offset + 12, littleEndian),
    });
    offset = start + captured;
  }
  return packets;
}
