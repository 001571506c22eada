import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGate, createPacer, createQueue } from '../../../../src/vpn/strongswan/pace.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A task that ends when told. */
function task(): { run: () => Promise<void>; started: () => boolean; end: () => void } {
  let started = false;
  let end: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  return {
    run: () => {
      started = true;
      return done;
    },
    started: () => started,
    end: () => end(),
  };
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('createGate', () => {
  it('lets that many run at once', async () => {
    const gate = createGate(2, 1_000);
    const tasks = [task(), task(), task()];
    for (const each of tasks) void gate(each.run);
    await settle();
    expect(tasks.map((each) => each.started())).toEqual([true, true, false]);
    tasks[1]?.end();
    await settle();
    expect(tasks[2]?.started()).toBe(true);
  });

  it('lets others pass what takes too long, once', async () => {
    const gate = createGate(1, 1_000);
    const tasks = [task(), task(), task()];
    for (const each of tasks) void gate(each.run);
    await vi.advanceTimersByTimeAsync(999);
    expect(tasks[1]?.started()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(tasks[1]?.started()).toBe(true);
    tasks[0]?.end();
    await settle();
    expect(tasks[2]?.started()).toBe(false);
  });

  it('gives up the place of what fails', async () => {
    const gate = createGate(1, 1_000);
    await expect(gate(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(gate(() => Promise.resolve(1))).resolves.toBe(1);
  });
});

describe('createPacer', () => {
  it('spreads callers, and does not hold up one who comes late', async () => {
    const pace = createPacer(20);
    const passed: number[] = [];
    for (const each of [1, 2, 3]) void pace().then(() => passed.push(each));
    await settle();
    expect(passed).toEqual([1]);
    await vi.advanceTimersByTimeAsync(20);
    expect(passed).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(1_000);
    void pace().then(() => passed.push(4));
    await settle();
    expect(passed).toEqual([1, 2, 3, 4]);
  });
});

describe('createQueue', () => {
  it('runs one after another, whatever becomes of them', async () => {
    const queue = createQueue();
    const order: string[] = [];
    const first = task();
    void queue(async () => {
      await first.run();
      order.push('first');
    });
    const failing = queue(() => Promise.reject(new Error('no')));
    const last = queue(() => Promise.resolve(order.push('last')));
    const refused = expect(failing).rejects.toThrow('no');
    await settle();
    expect(order).toEqual([]);
    first.end();
    await refused;
    await last;
    expect(order).toEqual(['first', 'last']);
  });
});
