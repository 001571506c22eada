import type * as fc from 'fast-check';
import { arbitraryOf } from './choices.js';
import {
  generateDomainFrame,
  generateUnderlayFrame,
  type DomainFrame,
} from './generated-frames.js';
import { worldOf, type World } from './generated-sources.js';
import { generateEntries } from './generated-tables.js';

/** Tables alone. */
export const worlds: fc.Arbitrary<World> = arbitraryOf((choices) =>
  worldOf(generateEntries(choices)),
);

/** A frame that an underlay device receives, and the tables that decide about it. */
export const underlayArrivals: fc.Arbitrary<{
  readonly world: World;
  readonly frame: Uint8Array;
}> = arbitraryOf((choices) => {
  const world = worldOf(generateEntries(choices));
  return { world, frame: generateUnderlayFrame(choices, world) };
});

/** A packet that leaves a routing domain, and the tables that decide about it. */
export const domainArrivals: fc.Arbitrary<DomainFrame & { readonly world: World }> = arbitraryOf(
  (choices) => {
    const world = worldOf(generateEntries(choices));
    return { world, ...generateDomainFrame(choices, world) };
  },
);
