import type { PingResult } from '../support/ping.js';

/** The line in which ping says what came out. */
export function summaryOf(result: PingResult): string {
  const line = /^\d+ packets transmitted.*loss/m.exec(result.output)?.[0];
  return line ?? `${result.transmitted} packets transmitted, ${result.received} received`;
}

/** TTLs that the answers came with, each once. */
export function ttlsOf(result: PingResult): number[] {
  return [...new Set([...result.output.matchAll(/ ttl=(\d+) /g)].map(([, ttl]) => Number(ttl)))];
}

export function lostOf(result: PingResult): number {
  return result.transmitted - result.received;
}
