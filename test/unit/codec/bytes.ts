/** The bytes that hexadecimal digits stand for; spaces are for the reader. */
export function bytesOf(digits: string): DataView {
  const bytes = Uint8Array.from(Buffer.from(digits.replace(/\s/g, ''), 'hex'));
  return new DataView(bytes.buffer);
}

/** The digits of the bytes from `offset` on. */
export function digitsOf(bytes: DataView, offset = 0): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, bytes.byteLength - offset).toString(
    'hex',
  );
}

/** `length` bytes that are not zero, so that what a writer leaves out shows. */
export function dirtyBytes(length: number): DataView {
  return new DataView(new Uint8Array(length).fill(0xee).buffer);
}
