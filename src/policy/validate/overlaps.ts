import { comparePrefix, prefixContains, prefixesOverlap, type Prefix } from '../../net/prefix.js';

/**
 * Pairs of entries whose prefixes overlap: for each entry the nearest one that contains it. So the
 * answer grows with the entries, not with their square.
 */
export function findOverlaps<Entry extends { readonly prefix: Prefix }>(
  entries: readonly Entry[],
): { readonly outer: Entry; readonly inner: Entry }[] {
  const sorted = entries.toSorted((a, b) => comparePrefix(a.prefix, b.prefix));
  const overlaps: { outer: Entry; inner: Entry }[] = [];
  const containers: Entry[] = [];
  for (const inner of sorted) {
    while (containers.length > 0) {
      const outer = containers[containers.length - 1];
      if (outer !== undefined && prefixesOverlap(outer.prefix, inner.prefix)) {
        overlaps.push({ outer, inner });
        break;
      }
      containers.pop();
    }
    containers.push(inner);
  }
  return overlaps;
}

/** Whether all of `inner` lies in `outer`. */
export function prefixWithin(inner: Prefix, outer: Prefix): boolean {
  return inner.length >= outer.length && prefixContains(outer, inner.address);
}
