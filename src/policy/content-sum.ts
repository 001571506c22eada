import { crc32 } from 'node:zlib';

/**
 * Sums up rows, whatever their order: what is stored is then known to be what was written, bit by
 * bit. Against broken disks and memory, not against people. 32 bits.
 */
export interface ContentSum {
  add(key: Buffer, value: Buffer): void;
  remove(key: Buffer, value: Buffer): void;
  /** Stands in the row of the revision, so that a revision with rows of another one is noticed. */
  ofRevision(revision: number): number;
  copy(): ContentSum;
}

export function createContentSum(start = 0): ContentSum {
  let sum = start;
  return {
    add(key, value) {
      sum = (sum + rowSum(key, value)) >>> 0;
    },
    remove(key, value) {
      sum = (sum - rowSum(key, value)) >>> 0;
    },
    ofRevision: (revision) => crc32(`revision ${revision}`, sum),
    copy: () => createContentSum(sum),
  };
}

/** The length keeps a byte from passing from the key to the value unnoticed. */
function rowSum(key: Buffer, value: Buffer): number {
  return crc32(value, crc32(key, key.length));
}
