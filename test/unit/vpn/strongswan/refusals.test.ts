import { describe, expect, it } from 'vitest';
import { createRefusals, QUIET } from '../../../../src/vpn/strongswan/refusals.js';

const REFUSES = 'generating IKE_SA_INIT response 0 [ N(NO_PROP) ]';
const WHY = 'received proposals unacceptable';
const line = (text: string, uniqueId = 1, name = '(unnamed)') => ({ uniqueId, name, text });

describe('createRefusals', () => {
  it('tells a refusal when no more lines about it come, once', () => {
    const refusals = createRefusals();
    expect(refusals.add(line(REFUSES), 0)).toBe(true);
    expect(refusals.add(line(WHY), 100)).toBe(true);
    expect(refusals.take(QUIET)).toEqual([]);
    expect(refusals.take(100 + QUIET)).toEqual([{ uniqueId: 1, name: '(unnamed)' }]);
    expect(refusals.take(200 + QUIET)).toEqual([]);
  });

  it('tells it once more when a line comes after all', () => {
    const refusals = createRefusals();
    refusals.add(line(REFUSES), 0);
    expect(refusals.take(QUIET)).toHaveLength(1);
    expect(refusals.add(line(WHY), 2_000)).toBe(true);
    expect(refusals.take(2_000 + QUIET)).toHaveLength(1);
  });

  it('is told all the same if nobody has asked for long', () => {
    const refusals = createRefusals();
    refusals.add(line(REFUSES), 0);
    expect(refusals.take(60_000)).toHaveLength(1);
  });

  it('says nothing of those that are not turned away, nor of what comes much later', () => {
    const refusals = createRefusals();
    expect(refusals.add(line(WHY, 2), 0)).toBe(false);
    refusals.add(line(REFUSES), 0);
    refusals.take(QUIET);
    expect(refusals.add(line('sending DPD request'), 60_000)).toBe(false);
    expect(refusals.take(70_000)).toEqual([]);
  });

  it('keeps the name that the IKE SA came to have, in whichever order its lines come', () => {
    const refusals = createRefusals();
    refusals.add(line(REFUSES, 1, 'office@1c2f03ab'), 0);
    refusals.add(line(WHY), 1);
    expect(refusals.take(1 + QUIET)).toEqual([{ uniqueId: 1, name: 'office@1c2f03ab' }]);
  });

  it('is bounded, however many call', () => {
    const refusals = createRefusals();
    for (let id = 1; id <= 1_000; id += 1) refusals.add(line(REFUSES, id), 0);
    const taken = refusals.take(QUIET);
    expect(taken).toHaveLength(64);
    expect(taken.at(-1)?.uniqueId).toBe(1_000);
  });
});
