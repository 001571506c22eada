import type { Page, Pushed } from './responses.js';
import { readText, type Call, type Transport } from './transport.js';

export interface WriteOptions {
  /** Refuse with `revisionMismatch` unless the policy still has this revision. */
  readonly ifMatch?: number;
  /** Answer only when the kernel has what was pushed, or after so many seconds (1..600). */
  readonly waitSeconds?: number;
}

/** The objects of one noun, for example the lookup records of one routing domain. */
export interface Collection<Document> {
  list(page?: { limit?: number; after?: string }): Promise<Page<Document>>;
  /** Every object, fetched page by page. */
  all(): AsyncGenerator<Document, void, undefined>;
  /** @param id the object's path below the noun, for example `5001/192.168.1.101` */
  get(id: string): Promise<Document>;
  put(id: string, value: Document, options?: WriteOptions): Promise<Pushed>;
  delete(id: string, options?: WriteOptions): Promise<Pushed>;
}

/** @param path of the noun, for example `/v1/provider-addresses` */
export function collection<Document>(transport: Transport, path: string): Collection<Document> {
  const objectPath = (id: string) => `${path}/${id.split('/').map(encodeURIComponent).join('/')}`;

  const list: Collection<Document>['list'] = (page = {}) => {
    const query = new URLSearchParams();
    if (page.limit !== undefined) query.set('limit', String(page.limit));
    if (page.after !== undefined) query.set('after', page.after);
    const text = query.toString();
    return callJson(transport, { method: 'GET', path: text === '' ? path : `${path}?${text}` });
  };

  return {
    list,
    async *all() {
      let after: string | undefined;
      do {
        const page = await list(after === undefined ? {} : { after });
        yield* page.items;
        after = page.next;
      } while (after !== undefined);
    },
    get: (id) => callJson(transport, { method: 'GET', path: objectPath(id) }),
    put: (id, value, options) =>
      push(transport, { method: 'PUT', path: objectPath(id), body: { json: value } }, options),
    delete: (id, options) => push(transport, { method: 'DELETE', path: objectPath(id) }, options),
  };
}

/** A write: its answer names the revision that it led to. */
export async function push(
  transport: Transport,
  call: Call,
  options: WriteOptions = {},
): Promise<Pushed> {
  const { ifMatch, waitSeconds } = options;
  return callJson(transport, {
    ...call,
    path:
      waitSeconds === undefined
        ? call.path
        : `${call.path}?wait=synchronized&timeout=${waitSeconds}`,
    headers: ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` },
    patience: (waitSeconds ?? 0) * 1000,
  });
}

/** The gateway's own answers are taken at their word: the API's contract holds their shape. */
export async function callJson<Answer>(transport: Transport, call: Call): Promise<Answer> {
  return JSON.parse(await readText(await transport.open(call))) as Answer;
}
