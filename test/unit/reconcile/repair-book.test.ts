import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KernelObject } from '../../../src/dataplane/kernel-object.js';
import type { Operation } from '../../../src/dataplane/port.js';
import { createRepairBook, type RepairBook } from '../../../src/reconcile/repair-book.js';
import { BLUE, RED } from '../../support/policy-of.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const add = (object: KernelObject): Operation => ({ action: 'add', object });
const firewall = add({ kind: 'firewall', place: BLUE, ruleset: '' });
const settings = add({ kind: 'sysctl', place: BLUE, name: 'net/ipv4/ip_forward', value: '1' });
const namespace = add({ kind: 'namespace', domain: BLUE });
const elsewhere = add({ kind: 'firewall', place: RED, ruleset: '' });

/** Mended so many times within a minute, it is held. */
const OFTEN = 8;

/** Mended so often, a second apart. */
function mend(book: RepairBook, operation: Operation, times: number): void {
  for (let time = 0; time < times; time++) {
    book.repaired([operation]);
    vi.advanceTimersByTime(1_000);
  }
}

describe('the repair book', () => {
  it('holds nothing that was mended a few times', () => {
    const book = createRepairBook();
    mend(book, firewall, OFTEN - 1);
    expect(book.judge([firewall, settings])).toEqual({
      due: [firewall, settings],
      held: new Map(),
    });
  });

  it('holds nothing that was mended often, but now and then', () => {
    const book = createRepairBook();
    for (let time = 0; time < 10; time++) {
      book.repaired([firewall]);
      vi.advanceTimersByTime(20_000);
    }
    expect(book.judge([firewall]).due).toEqual([firewall]);
  });

  it('holds what is undone again and again, and nothing else', () => {
    const book = createRepairBook();
    mend(book, firewall, OFTEN);
    const { due, held } = book.judge([firewall, settings, elsewhere]);
    expect(due).toEqual([settings, elsewhere]);
    expect([...held.keys()]).toEqual([firewall]);
    expect(held.get(firewall)).toMatch(/again and again/);
  });

  it('holds with a namespace all that is in it, and names only the namespace', () => {
    const book = createRepairBook();
    mend(book, namespace, OFTEN);
    const { due, held } = book.judge([namespace, settings, firewall, elsewhere]);
    expect(due).toEqual([elsewhere]);
    expect([...held.keys()]).toEqual([namespace]);
  });

  it('holds nothing that went with its namespace', () => {
    const book = createRepairBook();
    for (let time = 0; time < OFTEN; time++) book.repaired([namespace, settings, firewall]);
    vi.advanceTimersByTime(15_000);
    book.repaired([namespace, settings, firewall]);
    expect([...book.judge([namespace, settings, firewall]).held.keys()]).toEqual([namespace]);
    expect(book.judge([settings, firewall]).due).toEqual([settings, firewall]);
  });

  it('holds ever longer, five minutes at most', () => {
    const book = createRepairBook();
    mend(book, firewall, OFTEN - 1);
    const pauses: number[] = [];
    for (let round = 0; round < 8; round++) {
      book.repaired([firewall]);
      let seconds = 0;
      for (; book.judge([firewall]).due.length === 0; seconds++) vi.advanceTimersByTime(1_000);
      pauses.push(seconds);
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
  });

  it('forgets what has stayed for a while', () => {
    const book = createRepairBook();
    mend(book, firewall, OFTEN + 1);
    vi.advanceTimersByTime(120_000);
    mend(book, firewall, OFTEN - 1);
    expect(book.judge([firewall]).due).toEqual([firewall]);
  });
});
