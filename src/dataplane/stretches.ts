/** Cuts a list where the answer changes from one item to the next. */
export function stretches<Item>(
  items: readonly Item[],
  question: (item: Item) => string | boolean,
): Item[][] {
  const cut: Item[][] = [];
  let before: string | boolean | undefined;
  for (const item of items) {
    const answer = question(item);
    if (answer === before) cut.at(-1)?.push(item);
    else cut.push([item]);
    before = answer;
  }
  return cut;
}
