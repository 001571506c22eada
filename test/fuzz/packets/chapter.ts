import { objectKey, type TableEntry } from '../../../src/dataplane/kernel-object.js';
import { forwardingTables, type ForwardingEntries } from '../../../src/forwarding/tables.js';
import { tableEntries, type BpfLab } from '../../support/bpf-lab.js';
import { worldOf, type World } from '../../support/generated-sources.js';
import { generateEntries } from '../../support/generated-tables.js';
import { caseChoices } from '../case-choices.js';
import { changeTables } from './table-change.js';

/** Packets that are made of one and the same, differently damaged. */
export const PACKETS_PER_FAMILY = 8;
/** Packets between two changes of the tables. */
const PACKETS_PER_STEP = 6 * PACKETS_PER_FAMILY;
/** Packets of one chapter: it begins with tables of its own. */
export const PACKETS_PER_CHAPTER = 40 * PACKETS_PER_STEP;

/** The kernel's tables and ours in step, changing as the cases go by. */
export interface Chapter {
  /** The tables of a case; `world.domains` are those the chapter began with. */
  at(index: number): World;
  /** The tables as they are now. */
  entries(): TableEntry[];
}

const PURPOSE = { tables: 1, change: 2 } as const;

export function createChapter(lab: BpfLab, seed: number): Chapter {
  let present = new Map<string, TableEntry>();
  let gone = new Map<string, TableEntry>();
  let world: World | undefined;
  let chapter = -1;
  let step = 0;

  const begin = (number: number): World => {
    const entries = generateEntries(caseChoices(seed, number, PURPOSE.tables));
    present = new Map(tableEntries(entries).map((entry) => [objectKey(entry), entry]));
    gone = new Map();
    lab.load(entries);
    chapter = number;
    step = 0;
    return worldOf(entries);
  };

  const change = (): void => {
    const choices = caseChoices(seed, chapter * PACKETS_PER_CHAPTER + step, PURPOSE.change);
    const { op, entry } = changeTables(choices, [...present.values()], [...gone.values()]);
    const key = objectKey(entry);
    if (!staysConsistent(present.values(), op, entry)) return;
    if (op === 'set') {
      present.set(key, entry);
      gone.delete(key);
    } else {
      present.delete(key);
      gone.set(key, entry);
    }
    lab[op](entry);
  };

  return {
    at(index) {
      const wantedStep = Math.floor((index % PACKETS_PER_CHAPTER) / PACKETS_PER_STEP);
      const number = Math.floor(index / PACKETS_PER_CHAPTER);
      if (world === undefined || number !== chapter || wantedStep < step) world = begin(number);
      if (step === wantedStep) return world;
      while (step < wantedStep) {
        step += 1;
        change();
      }
      const entries = entriesOf([...present.values()]);
      world = { ...world, entries, tables: forwardingTables(entries) };
      return world;
    },
    entries: () => [...present.values()],
  };
}

/**
 * Whether the PA of each subnet stays one of the gateway's, as it does at every moment of a
 * reconcile: `decap` takes a packet for the PA of its subnet without asking further.
 */
function staysConsistent(
  present: Iterable<TableEntry>,
  op: 'set' | 'delete',
  { kind, entry }: TableEntry,
): boolean {
  const others = [...present];
  switch (kind) {
    case 'virtualSubnet':
      return (
        op === 'delete' ||
        others.some(
          (o) => o.kind === 'providerAddress' && o.entry.address === entry.providerAddress,
        )
      );
    case 'providerAddress':
      return (
        op === 'set' ||
        others.every((o) => o.kind !== 'virtualSubnet' || o.entry.providerAddress !== entry.address)
      );
    case 'lookupRecord':
    case 'customerRoute':
    case 'providerPeer':
    case 'rewrite':
    case 'providerGroup':
    case 'multicastRoute':
    case 'replication':
    case 'externalEnd':
      return true;
  }
}

/** The tables from one list of all of them. */
export function entriesOf(list: readonly TableEntry[]): ForwardingEntries {
  return {
    providerAddresses: list.flatMap((o) => (o.kind === 'providerAddress' ? [o.entry] : [])),
    virtualSubnets: list.flatMap((o) => (o.kind === 'virtualSubnet' ? [o.entry] : [])),
    lookupRecords: list.flatMap((o) => (o.kind === 'lookupRecord' ? [o.entry] : [])),
    customerRoutes: list.flatMap((o) => (o.kind === 'customerRoute' ? [o.entry] : [])),
    providerPeers: list.flatMap((o) => (o.kind === 'providerPeer' ? [o.entry] : [])),
    rewrites: list.flatMap((o) => (o.kind === 'rewrite' ? [o.entry] : [])),
    providerGroups: list.flatMap((o) => (o.kind === 'providerGroup' ? [o.entry] : [])),
    multicastRoutes: list.flatMap((o) => (o.kind === 'multicastRoute' ? [o.entry] : [])),
    replications: list.flatMap((o) => (o.kind === 'replication' ? [o.entry] : [])),
    externalEnds: list.flatMap((o) => (o.kind === 'externalEnd' ? [o.entry] : [])),
  };
}
