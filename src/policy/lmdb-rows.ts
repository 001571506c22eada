import { setImmediate as nextTurn } from 'node:timers/promises';
import { asBinary } from 'lmdb';
import { messageOf } from '../errors.js';
import type { Change } from './change.js';
import type { ContentSum } from './content-sum.js';
import type { Database, Rows } from './lmdb-database.js';
import { readPolicy, readProviderAddresses } from './read-policy.js';
import type { Snapshot } from './service.js';
import { StoreDamagedError } from './store.js';
import { domainEnd, PROVIDER_ADDRESSES_KEY, REVISION_KEY } from './store-keys.js';
import { FORMAT_VERSION, OLDEST_FORMAT_READ, providerAddressRow, type Row } from './store-rows.js';
import { providerAddressesAfter, writeChanges } from './store-writes.js';

/** The row of the revision, and what it says. */
export interface Revision {
  readonly revision: number;
  /** Sum of the other rows; absent before format 3. */
  readonly sum?: number;
  /** Absent in a new store. */
  readonly row?: Row;
}

/** @throws StoreDamagedError when the rows are of another version of nvgate, or of something else */
export function readRevision(path: string, rows: Rows): Revision {
  const row = decodeRevision(path, rows);
  if (row === undefined) {
    if (rows.getCount({ limit: 1 }) > 0) throw new StoreDamagedError(path, 'it has no revision');
    return { revision: 0 };
  }
  const [format, revision, sum] = Array.isArray(row) ? (row as unknown[]) : [];
  // A newer version may have written anything behind its format.
  if (isCount(format) && (format < OLDEST_FORMAT_READ || format > FORMAT_VERSION))
    throw new StoreDamagedError(
      path,
      `it has format ${format}, this version of nvgate reads formats ${OLDEST_FORMAT_READ} to ${FORMAT_VERSION}; the version that wrote it can`,
    );
  if (!isCount(format) || !isCount(revision) || (format >= FIRST_WITH_SUM && !isCount(sum)))
    throw new StoreDamagedError(path, 'its revision cannot be read');
  return { revision, row, ...(isCount(sum) && { sum }) };
}

/** Format 3 is the first with a sum over all rows. */
const FIRST_WITH_SUM = 3;

function decodeRevision(path: string, rows: Rows): Row | undefined {
  try {
    return rows.get(REVISION_KEY);
  } catch (error) {
    throw new StoreDamagedError(path, 'its revision cannot be read', { cause: error });
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

/** @throws StoreDamagedError */
export function loadRows(path: string, { rows, sum, inspected }: Database): Snapshot {
  const { revision, sum: stored } = readRevision(path, rows);
  const { lastTxnId } = rows.getStats() as { readonly lastTxnId: number };
  // What was written since it was opened is not in the sum.
  if (lastTxnId === inspected && stored !== undefined && sum.ofRevision(revision) !== stored)
    throw new StoreDamagedError(path, 'its rows are not those that were written');
  try {
    return { revision, policy: readPolicy(rows.getRange()) };
  } catch (error) {
    throw new StoreDamagedError(path, `a row cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Writes all in one transaction; resolves when it is on disk.
 * @param sum of the rows before; afterwards of those after
 */
export async function writeRows(
  rows: Rows,
  sum: ContentSum,
  revision: number,
  changes: readonly Change[],
): Promise<void> {
  const writes = await collectWrites(rows, changes);
  let count = 0;
  for (const [, { key, value }] of writes) {
    if (++count % TOGETHER === 0) await nextTurn();
    const before = rows.getBinary(key);
    if (before !== undefined) sum.remove(key, before);
    if (value !== undefined) sum.add(key, value);
  }
  const last = rows.encoder.encode([FORMAT_VERSION, revision, sum.ofRevision(revision)]);
  const written = rows.batch(() => {
    // Each answers with the promise of the whole batch, which is awaited below.
    for (const [, { key, value }] of writes)
      void (value === undefined ? rows.remove(key) : rows.put(key, asRow(value)));
    void rows.put(REVISION_KEY, asRow(last));
  });
  try {
    await written;
  } catch (error) {
    throw await causeOf(error);
  }
}

/** So many rows are looked up in one go: a few milliseconds. */
const TOGETHER = 2_000;

interface Write {
  readonly key: Buffer;
  /** Encoded row; undefined to remove it. */
  readonly value: Buffer | undefined;
}

/** The last write of each key. */
async function collectWrites(rows: Rows, changes: readonly Change[]): Promise<Map<string, Write>> {
  const writes = new Map<string, Write>();
  const set = (key: Buffer, value: Buffer | undefined): void => {
    writes.set(key.toString('latin1'), { key, value });
  };
  const put = (key: Buffer, row: Row): void => set(key, rows.encoder.encode(row));
  if (changes.some((change) => change.kind === 'providerAddress')) {
    const before = readProviderAddresses(rows.get(PROVIDER_ADDRESSES_KEY) ?? []);
    const after = providerAddressesAfter(before, changes);
    put(PROVIDER_ADDRESSES_KEY, [...after.values()].map(providerAddressRow.write));
  }
  const steps = writeChanges(changes, {
    put,
    remove: (key) => set(key, undefined),
    removeDomain(prefix) {
      for (const key of rows.getKeys({ start: prefix, end: domainEnd(prefix) }))
        set(Buffer.from(key), undefined);
    },
  });
  while (steps.next().done !== true) await nextTurn();
  return writes;
}

/** A row that is encoded already. */
function asRow(encoded: Buffer): Row {
  return asBinary(encoded) as unknown as Row;
}

/** LMDB says why a commit failed in a promise that hangs on the error. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  try {
    await commitError;
    return error;
  } catch (cause) {
    // The rest is about pages and buffers.
    const [reason = ''] = messageOf(cause).split(':');
    return new Error(`${reason} (is the disk full?)`, { cause });
  }
}
