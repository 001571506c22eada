import { isKept, Secret } from '../../src/model/secret.js';

/**
 * A copy of plain values in which secrets can be read, for comparison: two secrets look alike to
 * whoever does not ask them.
 */
export function revealed(value: unknown): unknown {
  if (value instanceof Secret) return isKept(value) ? 'kept secret' : `secret: ${value.reveal()}`;
  if (Array.isArray(value)) return value.map(revealed);
  if (value instanceof Set) return new Set([...value].map(revealed));
  if (value instanceof Map)
    return new Map([...value].map(([key, item]) => [revealed(key), revealed(item)]));
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}
