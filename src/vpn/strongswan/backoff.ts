/** How long to wait before trying again what has failed. */
export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Doubles from attempt to attempt up to the longest; then up to half of it is taken away by
 * chance, so that what failed together does not try together for ever.
 * @param failures that have been in a row; 1 after the first
 * @param random in [0, 1)
 */
export function backoffMs(backoff: Backoff, failures: number, random: number): number {
  const full = Math.min(backoff.firstMs * 2 ** Math.max(0, failures - 1), backoff.longestMs);
  return Math.round(full * (1 - random / 2));
}
