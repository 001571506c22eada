import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionId } from '../../../../src/model/connection.js';
import { parsePrefix } from '../../../../src/net/prefix.js';
import { misplaced, type PlacedTunnel } from '../../../../src/vpn/strongswan/preference.js';

function tunnel(
  id: string,
  [interfaceId, seen]: readonly [number, number],
  metrics: Readonly<Record<string, number>>,
): PlacedTunnel {
  return {
    ...{ connection: ConnectionId(id), interfaceId, seen },
    routes: Object.entries(metrics).map(([prefix, metric]) => ({
      ...{ destinationPrefix: parsePrefix(prefix), metric },
    })),
  };
}

const OFFICE = '10.9.0.0/24';

describe('misplaced', () => {
  it('is nobody when the better one was installed after the worse one', () => {
    const good = tunnel('good', [1, 4], { [OFFICE]: 10 });
    const bad = tunnel('bad', [2, 3], { [OFFICE]: 100 });
    expect(misplaced([good, bad])).toBeUndefined();
  });

  it('is the better one when the worse one was installed after it', () => {
    const good = tunnel('good', [1, 3], { [OFFICE]: 10 });
    const bad = tunnel('bad', [2, 4], { [OFFICE]: 100 });
    expect(misplaced([good, bad])).toBe('good');
  });

  it('is the better one when nobody saw which came first', () => {
    const good = tunnel('good', [2, 3], { [OFFICE]: 10 });
    const bad = tunnel('bad', [1, 3], { [OFFICE]: 100 });
    expect(misplaced([good, bad])).toBe('good');
  });

  it('believes the interface ids of what another process has left', () => {
    const bad = tunnel('bad', [4, 0], { [OFFICE]: 100 });
    expect(misplaced([tunnel('good', [5, 0], { [OFFICE]: 10 }), bad])).toBeUndefined();
    expect(misplaced([tunnel('good', [3, 0], { [OFFICE]: 10 }), bad])).toBe('good');
  });

  it('is nobody among tunnels to different places, or of equal metrics', () => {
    const here = tunnel('here', [1, 3], { [OFFICE]: 10 });
    const there = tunnel('there', [2, 4], { '10.8.0.0/24': 100 });
    const wider = tunnel('wider', [3, 5], { '10.0.0.0/8': 100 });
    const equal = tunnel('equal', [4, 6], { [OFFICE]: 10 });
    expect(misplaced([here, there, wider, equal])).toBeUndefined();
  });

  it('comes to an end, whatever the metrics, when each that is named is installed anew', () => {
    const metrics = fc.dictionary(
      fc.constantFrom(OFFICE, '10.8.0.0/24', '0.0.0.0/0'),
      fc.integer({ min: 1, max: 5 }),
      { minKeys: 1, noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(metrics, { maxLength: 6 }), (all) => {
        let tunnels = all.map((each, index) => tunnel(`t${index}`, [index + 1, 0], each));
        let rounds = 0;
        for (let id = misplaced(tunnels); id !== undefined; id = misplaced(tunnels)) {
          rounds += 1;
          expect(rounds).toBeLessThanOrEqual(all.length);
          tunnels = tunnels.map((each) =>
            each.connection === id ? { ...each, interfaceId: 100 + rounds, seen: rounds } : each,
          );
        }
      }),
    );
  });
});
