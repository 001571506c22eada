import type { TableEntry } from '../../../src/dataplane/kernel-object.js';
import { forwardingTables } from '../../../src/forwarding/tables.js';
import type { BpfLab } from '../../support/bpf-lab.js';
import { isRunnable } from '../../support/bpf-test-run.js';
import { compareDecap, compareEncap, ExpectedCounters } from '../../support/differential.js';
import { ExpectedFindings } from '../../support/expected-findings.js';
import { hex } from '../../support/packets.js';
import { entriesOf } from './chapter.js';
import type { Packet, Program } from './target.js';

/**
 * A packet that the kernel and the oracle treat differently, made small: without the table entries
 * and the bytes that do not matter. The lab's tables are other ones afterwards.
 */
export function describeSmallest(
  lab: BpfLab,
  program: Program,
  packet: Packet,
  tables: readonly TableEntry[],
): string {
  const differs = (frame: Uint8Array, list: readonly TableEntry[]): string | undefined => {
    if (!isRunnable(frame)) return undefined;
    return differenceOf(lab, program, { ...packet, frame }, list);
  };
  const frame = packet.frame.slice();
  const first = differs(frame, tables);
  if (first === undefined) return `No difference when the packet runs alone.\n${hex(frame)}`;
  // Smaller, but of the same kind: what is wrong in another way is another finding.
  const sameKind = (candidate: Uint8Array, list: readonly TableEntry[]): boolean =>
    kindOf(differs(candidate, list)) === kindOf(first);
  const entries = fewestEntries(lab, tables, (list) => sameKind(frame, list));
  const smallest = simplestFrame(frame, (candidate) => sameKind(candidate, entries));
  return [
    first,
    `frame:\n${hex(packet.frame)}`,
    `made small: ${differs(smallest, entries) ?? ''}`,
    `frame:\n${hex(smallest)}`,
    ...(program === 'encap' ? [`out of routing domain ${packet.domain}`] : []),
    'tables:',
    ...entries.map((entry) => JSON.stringify(entry, bigintAsHex)),
  ].join('\n');
}

/** The verdicts, without the bytes. */
function kindOf(difference: string | undefined): string | undefined {
  return difference?.split('\n')[0];
}

function differenceOf(
  lab: BpfLab,
  program: Program,
  { frame, domain }: Packet,
  list: readonly TableEntry[],
): string | undefined {
  const entries = entriesOf(list);
  const world = { entries, tables: forwardingTables(entries), domains: [] };
  return program === 'decap'
    ? compareDecap(lab, world, frame, new ExpectedCounters(), new ExpectedFindings())
    : compareEncap(lab, world, domain, frame, new ExpectedCounters());
}

/** Takes one entry after the other out of the kernel's tables, and puts back what matters. */
function fewestEntries(
  lab: BpfLab,
  tables: readonly TableEntry[],
  stillDiffers: (list: readonly TableEntry[]) => boolean,
): TableEntry[] {
  let kept = [...tables];
  for (const entry of tables) {
    const without = kept.filter((other) => other !== entry);
    lab.delete(entry);
    if (stillDiffers(without)) kept = without;
    else lab.set(entry);
  }
  return kept;
}

/** Cuts the end off and makes bytes zero, as far as the difference stays. */
function simplestFrame(
  frame: Uint8Array,
  stillDiffers: (frame: Uint8Array) => boolean,
): Uint8Array {
  let simplest = frame.slice();
  for (let cut = simplest.length >> 1; cut > 0; cut >>= 1)
    while (simplest.length > cut && stillDiffers(simplest.subarray(0, simplest.length - cut)))
      simplest = simplest.slice(0, simplest.length - cut);
  for (let at = 0; at < simplest.length; at += 1) {
    const old = simplest[at] ?? 0;
    if (old === 0) continue;
    simplest[at] = 0;
    if (!stillDiffers(simplest)) simplest[at] = old;
  }
  return simplest;
}

function bigintAsHex(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}
