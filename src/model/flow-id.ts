declare const brand: unique symbol;

/** FlowID: the low 8 bits of the GRE key, entropy of the inner flow (RFC 7637 section 3.2). */
export type FlowId = number & { readonly [brand]: 'FlowId' };

/** The flow's 32-bit hash folded to 8 bits, every bit of it taking part. */
export function flowIdOf(hash: number): FlowId {
  const folded = hash ^ (hash >>> 16);
  return ((folded ^ (folded >>> 8)) & 0xff) as FlowId;
}
