import type { Collection } from '../../../provider/client/collection.js';
import { ApiProblemError } from '../../../provider/client/problem-error.js';

export const BLUE = '11111111-2222-3333-4444-000000005001';
export const RED = '11111111-2222-3333-4444-000000006001';

/** A collection that holds these objects and records its writes. */
export function held<Document extends object>(
  objects: Readonly<Record<string, Document>>,
  writes: string[] = [],
): Collection<Document> {
  const items = Object.values(objects);
  return {
    list: () => Promise.resolve({ items }),
    async *all() {
      yield* await Promise.resolve(items);
    },
    get(id) {
      const found = objects[id];
      return found === undefined
        ? Promise.reject(new ApiProblemError(404, 'notFound', `There is no ${id}.`))
        : Promise.resolve(found);
    },
    put: () => Promise.reject(new Error('No verb puts.')),
    delete(id, options) {
      writes.push(
        `delete ${id}${options?.waitSeconds === undefined ? '' : ` and wait ${options.waitSeconds} s`}`,
      );
      return Promise.resolve({ revision: 9, warnings: [] });
    },
  };
}
