/**
 * The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of all
 * 16-bit words. Sums below are folded: 0..0xffff, and 0 only when every word is 0.
 */

/**
 * Sum of the 16-bit words in `length` bytes at `offset`, on top of `start`; an odd last byte
 * counts as the high half of a word. At most 65535 bytes.
 * @throws RangeError when the bytes end earlier
 */
export function sumWords(bytes: DataView, offset: number, length: number, start = 0): number {
  let sum = start;
  const lastWord = offset + length - 1;
  let at = offset;
  for (; at < lastWord; at += 2) sum += bytes.getUint16(at);
  if (at === lastWord) sum += bytes.getUint8(at) << 8;
  return fold(sum);
}

/** The checksum field for bytes whose folded sum is `sum`. */
export function checksumOf(sum: number): number {
  return ~sum & 0xffff;
}

/** Whether bytes that include their checksum field are intact: their sum is minus zero. */
export function isIntact(sum: number): boolean {
  return sum === 0xffff;
}

/** The checksum field after one 16-bit word of what it covers has changed (RFC 1624 equation 3). */
export function updateChecksum(checksum: number, oldWord: number, newWord: number): number {
  return checksumOf(fold((~checksum & 0xffff) + (~oldWord & 0xffff) + newWord));
}

function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
