import * as fc from 'fast-check';
import { arbitraryOf, seededChoices } from './choices.js';
import {
  generateDomainFrame,
  generateUnderlayFrame,
  type DomainFrame,
} from './generated-frames.js';
import { worldOf, type World } from './generated-sources.js';
import { generateEntries } from './generated-tables.js';

/** How many different tables the arbitraries draw from. Making tables costs more than making packets. */
const WORLDS = 64;
const made = new Map<number, World>();

export const worlds: fc.Arbitrary<World> = fc.nat({ max: WORLDS - 1 }).map(worldOfSeed);

/** A frame that an underlay device receives, and the tables that decide about it. */
export const underlayArrivals: fc.Arbitrary<{
  readonly world: World;
  readonly frame: Uint8Array;
}> = worlds.chain((world) =>
  arbitraryOf((choices) => ({ world, frame: generateUnderlayFrame(choices, world) })),
);

/** A packet that leaves a routing domain, and the tables that decide about it. */
export const domainArrivals: fc.Arbitrary<DomainFrame & { readonly world: World }> = worlds.chain(
  (world) => arbitraryOf((choices) => ({ world, ...generateDomainFrame(choices, world) })),
);

function worldOfSeed(seed: number): World {
  const known = made.get(seed);
  if (known !== undefined) return known;
  const world = worldOf(generateEntries(seededChoices(seed)));
  made.set(seed, world);
  return world;
}
