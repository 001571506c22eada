import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionId } from '../../../../src/model/connection.js';
import type { Loaded } from '../../../../src/vpn/strongswan/loaded.js';
import { missingFrom, removals } from '../../../../src/vpn/strongswan/plan.js';
import type { SeenSa } from '../../../../src/vpn/strongswan/snapshot.js';

const [A, B] = [ConnectionId('a'), ConnectionId('b')];
const NONE = new Set<ConnectionId>();

function loadedWith(names: readonly string[], byCertificate = false): Loaded {
  return {
    connections: new Map(names.map((name) => [name, { byCertificate }])),
    sharedKeys: names,
  };
}

function association(name: string, uniqueId: number): SeenSa {
  return {
    ...{ name, uniqueId, version: 2, state: 'ESTABLISHED' },
    ...{ initiator: true, answered: true, children: [] },
  };
}

describe('the plan for a charon', () => {
  it('is nothing when it has what is wanted', () => {
    const loaded = loadedWith(['a@00000001', 'b@00000002']);
    const wanted = new Map([
      [A, 'a@00000001'],
      [B, 'b@00000002'],
    ]);
    const sas = [association('a@00000001', 1), association('b@00000002', 2)];
    expect(missingFrom(loaded, wanted)).toEqual([]);
    expect(removals(loaded, wanted, NONE, sas)).toEqual({
      ...{ connections: [], sharedKeys: [], associations: [], credentials: false },
    });
  });

  it('loads the new form of a change, and takes the old one away with its SAs', () => {
    const loaded = loadedWith(['a@00000001', 'b@00000002']);
    const wanted = new Map([
      [A, 'a@00000009'],
      [B, 'b@00000002'],
    ]);
    const sas = [association('a@00000001', 1), association('b@00000002', 2)];
    expect(missingFrom(loaded, wanted)).toEqual([A]);
    expect(removals(loaded, wanted, NONE, sas)).toMatchObject({
      ...{ connections: ['a@00000001'], sharedKeys: ['a@00000001'], associations: [1] },
    });
  });

  it('keeps the old form, key and SAs of a change that was refused', () => {
    const loaded = loadedWith(['a@00000001']);
    const gone = removals(loaded, new Map([[A, 'a@00000009']]), new Set([A]), [
      association('a@00000001', 1),
    ]);
    expect(gone).toEqual({
      ...{ connections: [], sharedKeys: ['a@00000009'], associations: [], credentials: false },
    });
  });

  it('also removes what is not ours, but ends no SA that has no name yet', () => {
    const gone = removals(loadedWith(['by hand']), new Map(), NONE, [
      association('(unnamed)', 1),
      association('a@00000001', 2),
    ]);
    expect(gone).toMatchObject({
      ...{ connections: ['by hand'], sharedKeys: ['by hand'], associations: [2] },
    });
  });

  it('forgets all certificates when one has to go, unless charon alone has what stays', () => {
    const loaded = loadedWith(['a@00000001', 'b@00000002'], true);
    const wanted = new Map([[B, 'b@00000003']]);
    expect(removals(loaded, wanted, NONE, []).credentials).toBe(true);
    expect(removals(loaded, wanted, new Set([B]), []).credentials).toBe(false);
    expect(removals(loadedWith(['a@00000001']), wanted, NONE, []).credentials).toBe(false);
  });

  it('leaves exactly what is wanted', () => {
    const name = fc
      .record({ id: fc.constantFrom('a', 'b', 'c'), digest: fc.nat(3) })
      .map(({ id, digest }) => `${id}@0000000${digest}`);
    const wantedNames = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(3), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(fc.uniqueArray(name), wantedNames, (names, digests) => {
        const loaded = loadedWith(names);
        const wanted = new Map(
          Object.entries(digests).map(([id, digest]) => [
            ConnectionId(id),
            `${id}@0000000${digest}`,
          ]),
        );
        const gone = new Set(removals(loaded, wanted, NONE, []).connections);
        const added = missingFrom(loaded, wanted).flatMap((id) => wanted.get(id) ?? []);
        const after = [...names.filter((each) => !gone.has(each)), ...added];
        expect(after.sort()).toEqual([...wanted.values()].sort());
      }),
    );
  });
});
