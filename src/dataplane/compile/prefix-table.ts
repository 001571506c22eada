import { familyOf, type IpAddress } from '../../net/ip.js';
import { maskAddress, prefixFamily, type Prefix } from '../../net/prefix.js';

/** Answers longest prefix matches over a fixed set of prefixes of both families. */
export interface PrefixTable<Value> {
  /** The value of the longest prefix that holds the address. */
  longestMatch(address: IpAddress): Value | undefined;
}

interface SameLength<Value> {
  readonly length: number;
  readonly byNetwork: Map<IpAddress, Value>;
}

/**
 * Prefixes of one length lie in one hash, the longest length first: a lookup costs one probe per
 * length in use, of which a routing domain has a handful however many routes it has.
 * Of two equal prefixes the first stays.
 */
export function prefixTable<Value>(
  entries: Iterable<readonly [Prefix, Value]>,
): PrefixTable<Value> {
  const lengths = {
    4: new Map<number, SameLength<Value>>(),
    6: new Map<number, SameLength<Value>>(),
  };
  for (const [prefix, value] of entries) {
    const ofFamily = lengths[prefixFamily(prefix)];
    let same = ofFamily.get(prefix.length);
    if (same === undefined) {
      same = { length: prefix.length, byNetwork: new Map() };
      ofFamily.set(prefix.length, same);
    }
    if (!same.byNetwork.has(prefix.address)) same.byNetwork.set(prefix.address, value);
  }
  const longestFirst = { 4: sorted(lengths[4]), 6: sorted(lengths[6]) };
  return {
    longestMatch(address) {
      for (const { length, byNetwork } of longestFirst[familyOf(address)]) {
        const value = byNetwork.get(maskAddress(address, length));
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

function sorted<Value>(lengths: ReadonlyMap<number, SameLength<Value>>): SameLength<Value>[] {
  return [...lengths.values()].sort((a, b) => b.length - a.length);
}
