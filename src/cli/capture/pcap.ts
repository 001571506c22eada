import { NvgateError } from '../../errors.js';

/** One captured frame, from its Ethernet header on. */
export interface Frame {
  readonly seconds: number;
  readonly microseconds: number;
  readonly bytes: Buffer;
  /** On the wire; more than `bytes` where the capture cut it. */
  readonly length: number;
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAGIC = 0xa1b2c3d4;
const LINK_TYPE_ETHERNET = 1;
const SNAP_LENGTH = 262_144;

/** What tcpdump writes, frame by frame: pcap with microseconds, in this machine's byte order. */
export interface PcapReader {
  /**
   * @returns the frames that are complete with this chunk
   * @throws NvgateError `internal` when it is no such stream
   */
  push(chunk: Buffer): Frame[];
}

export function createPcapReader(): PcapReader {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return {
    push(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!started) {
        if (rest.length < FILE_HEADER) return [];
        if (rest.readUInt32LE(0) !== MAGIC || rest.readUInt32LE(20) !== LINK_TYPE_ETHERNET)
          throw new NvgateError(
            'internal',
            'tcpdump did not write Ethernet frames with microseconds. Is the device an Ethernet?',
          );
        rest = rest.subarray(FILE_HEADER);
        started = true;
      }
      const frames: Frame[] = [];
      while (rest.length >= RECORD_HEADER) {
        const end = RECORD_HEADER + rest.readUInt32LE(8);
        if (rest.length < end) break;
        frames.push({
          seconds: rest.readUInt32LE(0),
          microseconds: rest.readUInt32LE(4),
          bytes: rest.subarray(RECORD_HEADER, end),
          length: rest.readUInt32LE(12),
        });
        rest = rest.subarray(end);
      }
      return frames;
    },
  };
}

/** Begins a pcap file of Ethernet frames. */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(SNAP_LENGTH, 16);
  header.writeUInt32LE(LINK_TYPE_ETHERNET, 20);
  return header;
}

export function pcapRecord({ seconds, microseconds, bytes, length }: Frame): Buffer {
  const header = Buffer.alloc(RECORD_HEADER);
  header.writeUInt32LE(seconds, 0);
  header.writeUInt32LE(microseconds, 4);
  header.writeUInt32LE(bytes.length, 8);
  header.writeUInt32LE(length, 12);
  return Buffer.concat([header, bytes]);
}
