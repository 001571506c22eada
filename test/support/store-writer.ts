import { messageOf, NvgateError } from '../../src/errors.js';
import type { Change } from '../../src/policy/change.js';
import { openLmdbStore } from '../../src/policy/lmdb-store.js';
import { BLUE, record } from './policy-builder.js';

/*
 * A process that does nothing but write: each revision gives all records its number as VM name.
 * Says on stdout `committed N` or `refused N CODE`, a line each. Ends by itself after so many
 * revisions, or when it has been refused more often than it may.
 *
 *   store-writer DIRECTORY RECORDS [REVISIONS [REFUSALS]]
 */
const [directory = '', records = '', revisions = '10000', refusals = '2'] = process.argv.slice(2);

// A limit on the size of files then makes writes fail instead of ending the process.
process.on('SIGXFSZ', () => undefined);

const store = await openLmdbStore(directory);
let { revision } = await store.load();
let refused = 0;
if (revision === 0) {
  const head = { id: BLUE };
  await store.commit(++revision, [{ op: 'upsert', kind: 'routingDomainHead', value: head }]);
}
while (refused <= Number(refusals) && revision < Number(revisions)) {
  const next = revision + 1;
  const changes = Array.from({ length: Number(records) }, (_, at): Change => {
    const address = `10.0.${at >> 8}.${at & 255}`;
    const value = record(5001, address, { vmName: `revision ${next}` });
    return { op: 'upsert', kind: 'lookupRecord', routingDomain: BLUE, value };
  });
  try {
    await store.commit(next, changes);
    revision = next;
    process.stdout.write(`committed ${next}\n`);
  } catch (error) {
    refused += 1;
    const code = error instanceof NvgateError ? error.code : messageOf(error);
    process.stdout.write(`refused ${next} ${code}\n`);
  }
}
await store.close();
