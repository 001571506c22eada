import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { run } from '../../support/process.js';

/** Offsets in the setup header (kernel documentation, arch/x86/boot.rst, protocol 2.08 and later). */
const SETUP_SECTORS = 0x1f1;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;

/** How a payload begins, and what unpacks it from standard input. */
const COMPRESSIONS: readonly (readonly [magic: string, command: string])[] = [
  ['fd377a585a00', 'xz --decompress --stdout --single-stream'],
  ['28b52ffd', 'zstd --decompress --stdout --quiet'],
  ['1f8b', 'gzip --decompress --stdout'],
];

/**
 * Writes the uncompressed kernel that a bzImage carries: a machine without hardware acceleration
 * would take longer to unpack it than to boot it.
 */
export async function extractVmlinux(bzImage: string, target: string): Promise<void> {
  const image = readFileSync(bzImage);
  const start = (image.readUInt8(SETUP_SECTORS) + 1) * SECTOR + image.readUInt32LE(PAYLOAD_OFFSET);
  // Behind the compressed data is its uncompressed length, in four bytes.
  const payload = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH) - 4);
  const hex = payload.subarray(0, 8).toString('hex');
  const command = COMPRESSIONS.find(([magic]) => hex.startsWith(magic))?.[1];
  if (command === undefined) throw new Error(`${bzImage} is compressed in a way not known: ${hex}`);
  const packed = `${target}.packed`;
  writeFileSync(packed, payload);
  await run('sh', ['-ec', `${command} < "$1" > "$2"`, 'sh', packed, target], { timeout: 120_000 });
  rmSync(packed);
}
