import { Secret } from '../model/secret.js';

/**
 * Whether two values of the model say the same: numbers, bigints, strings and secrets by
 * value, lists and plain objects by what they hold. A field that is absent equals one that is undefined.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Secret || b instanceof Secret)
    return a instanceof Secret && b instanceof Secret && a.equals(b);
  if (Array.isArray(a) || Array.isArray(b)) return sameList(a, b);
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const field in left) if (!sameValue(left[field], right[field])) return false;
  for (const field in right)
    if (left[field] === undefined && right[field] !== undefined) return false;
  return true;
}

function sameList(a: unknown, b: unknown): boolean {
  return (
    Array.isArray(a) &&
    Array.isArray(b) &&
    a.length === b.length &&
    a.every((item, at) => sameValue(item, b[at]))
  );
}
