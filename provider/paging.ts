import { Type, type Static, type TSchema } from 'typebox';

export const PageQuerySchema = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, description: 'Objects a page; 1000 if absent' }),
    ),
    after: Type.Optional(Type.String({ description: '`next` of the page before' })),
  },
  { additionalProperties: false },
);

export type PageQuery = Static<typeof PageQuerySchema>;

export const DEFAULT_LIMIT = 1000;

export function pageSchema(item: TSchema): TSchema {
  return Type.Object({
    items: Type.Array(item),
    next: Type.Optional(
      Type.String({ description: '`after` of the next page; absent on the last one' }),
    ),
  });
}

/**
 * The first `limit` items behind `after` in the order of `compare`, and whether more follow. Pages
 * go by value, so objects that come or go between two pages make no other one appear twice or get
 * lost. One pass with a buffer of a few pages: a list may hold 10^6.
 */
export function takePage<Identity, Item extends Identity>(
  items: Iterable<Item>,
  compare: (a: Identity, b: Identity) => number,
  limit: number,
  after?: Identity,
): { readonly items: Item[]; readonly more: boolean } {
  const wanted = limit + 1;
  let best: Item[] = [];
  let last: Item | undefined;
  for (const item of items) {
    if (after !== undefined && compare(item, after) <= 0) continue;
    if (last !== undefined && compare(item, last) > 0) continue;
    best.push(item);
    if (best.length < 2 * wanted) continue;
    best = best.sort(compare).slice(0, wanted);
    last = best.at(-1);
  }
  best.sort(compare);
  return { items: best.slice(0, limit), more: best.length > limit };
}
