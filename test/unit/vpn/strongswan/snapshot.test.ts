import { describe, expect, it } from 'vitest';
import { formatIp } from '../../../../src/net/ip.js';
import {
  byConnection,
  carryingSa,
  newestInterfaceId,
  readSnapshot,
} from '../../../../src/vpn/strongswan/snapshot.js';
import type { ViciSection } from '../../../../src/vpn/vici/message.js';

const SPI = 'c35adb4f56d7a1b2';

function sa(
  name: string,
  uniqueId: number,
  children: readonly [uniqueId: number, state: string, interfaceId: number][],
  more: ViciSection = {},
): ViciSection {
  return {
    [name]: {
      uniqueid: `${uniqueId}`,
      version: '2',
      state: 'ESTABLISHED',
      'remote-host': '198.51.100.2',
      initiator: 'yes',
      'initiator-spi': SPI,
      'responder-spi': SPI,
      'child-sas': Object.fromEntries(
        children.map(([id, state, interfaceId]) => [
          `${name}-${id}`,
          {
            ...{ name, uniqueid: `${id}`, state },
            'if-id-out': interfaceId.toString(16).padStart(8, '0'),
          },
        ]),
      ),
      ...more,
    },
  };
}

const NAME = 'office@1c2f03ab';

describe('readSnapshot', () => {
  it('reads what decides whether a tunnel is up', () => {
    const [read] = readSnapshot([sa(NAME, 3, [[7, 'INSTALLED', 26]])]);
    expect(read).toEqual({
      ...{ name: NAME, uniqueId: 3, version: 2, state: 'ESTABLISHED' },
      ...{ initiator: true, answered: true },
      remoteHost: read?.remoteHost,
      children: [{ uniqueId: 7, state: 'INSTALLED', interfaceId: 26 }],
    });
    expect(read?.remoteHost && formatIp(read.remoteHost)).toBe('198.51.100.2');
  });

  it('sees whether the other side has said anything', () => {
    const young = { state: 'CONNECTING', 'responder-spi': '0000000000000000' };
    const [calling] = readSnapshot([sa(NAME, 1, [], young)]);
    expect(calling?.answered).toBe(false);
  });

  it('takes no wildcard for an address', () => {
    const [young] = readSnapshot([sa(NAME, 1, [], { 'remote-host': '%any' })]);
    expect(young).not.toHaveProperty('remoteHost');
  });
});

describe('carryingSa', () => {
  const carries = (...states: string[]): boolean =>
    carryingSa(readSnapshot(states.map((state, id) => sa(NAME, id, [[id, state, 1]])))) !==
    undefined;

  it.each(['INSTALLED', 'UPDATING', 'REKEYING', 'REKEYED'])('is one whose child is %s', (state) => {
    expect(carries(state)).toBe(true);
  });

  it.each(['CREATED', 'ROUTED', 'INSTALLING', 'RETRYING', 'DELETING', 'DELETED', 'DESTROYING'])(
    'is none whose child is %s',
    (state) => {
      expect(carries(state)).toBe(false);
    },
  );

  it('is there in the middle of a rekeying and of a reauthentication', () => {
    const child = sa(NAME, 1, [
      [1, 'DELETED', 4],
      [2, 'INSTALLED', 4],
    ]);
    expect(carryingSa(readSnapshot([child]))?.uniqueId).toBe(1);
    const ike = [sa(NAME, 1, [], { state: 'REKEYED' }), sa(NAME, 2, [[1, 'INSTALLED', 4]])];
    expect(carryingSa(readSnapshot(ike))?.uniqueId).toBe(2);
  });

  it('is the newest of several', () => {
    const both = [sa(NAME, 5, [[9, 'INSTALLED', 2]]), sa(NAME, 4, [[8, 'INSTALLED', 1]])];
    expect(carryingSa(readSnapshot(both))?.uniqueId).toBe(5);
    expect(newestInterfaceId(readSnapshot(both))).toBe(2);
  });
});

describe('byConnection', () => {
  it('passes over what has not said who it is, and what is not ours', () => {
    const found = byConnection(
      readSnapshot([sa(NAME, 1, []), sa('(unnamed)', 2, []), sa('gateway', 3, [])]),
    );
    expect([...found].map(([id, sas]) => [id, sas.map(({ uniqueId }) => uniqueId)])).toEqual([
      ['office', [1]],
    ]);
  });
});
