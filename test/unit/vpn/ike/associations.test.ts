import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseIp } from '../../../../src/net/ip.js';
import { readAssociations } from '../../../../src/vpn/ike/associations.js';
import type { ViciSection } from '../../../../src/vpn/vici/message.js';

/** The `list-sa` events of a charon with one tunnel that is up and one whose peer is silent. */
const EVENTS = JSON.parse(
  readFileSync(new URL('../../../fixtures/vici/list-sa.json', import.meta.url), 'utf8'),
) as readonly ViciSection[];

test('an IKE SA that is up, with its child', () => {
  expect(EVENTS.flatMap(readAssociations)).toContainEqual({
    name: 'office@c6aa8ec7',
    uniqueId: 1,
    state: 'ESTABLISHED',
    localHost: parseIp('203.0.113.1'),
    remoteHost: parseIp('203.0.113.2'),
    remoteId: '203.0.113.2',
    associations: [
      {
        kind: 'ike',
        state: 'ESTABLISHED',
        algorithms: 'AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048',
        establishedSecondsAgo: 4,
        rekeyInSeconds: 24655,
      },
      {
        kind: 'child',
        state: 'INSTALLED',
        algorithms: 'AES_CBC-128/HMAC_SHA2_256_128',
        establishedSecondsAgo: 4,
        rekeyInSeconds: 3047,
        bytesIn: 252,
        bytesOut: 252,
        packetsIn: 3,
        packetsOut: 3,
        localSelectors: ['0.0.0.0/0'],
        remoteSelectors: ['10.2.0.0/16'],
      },
    ],
    children: [{ name: 'office@c6aa8ec7', uniqueId: 1, state: 'INSTALLED' }],
  });
});

test('an IKE SA whose peer has said nothing yet', () => {
  expect(EVENTS.flatMap(readAssociations)).toContainEqual({
    name: 'branch@7df618fd',
    uniqueId: 2,
    state: 'CONNECTING',
    localHost: parseIp('203.0.113.1'),
    remoteHost: parseIp('203.0.113.77'),
    associations: [{ kind: 'ike', state: 'CONNECTING', algorithms: '' }],
    children: [],
  });
});

test('up and down events have more than the IKE SA', () => {
  expect(readAssociations({ up: 'yes', ...EVENTS[0] })).toHaveLength(1);
  expect(readAssociations({ up: 'yes' })).toEqual([]);
});

test('the time to authenticate again stands for that to rekey; what is due is due now', () => {
  const sa = { uniqueid: '1', state: 'ESTABLISHED', 'reauth-time': '77' };
  const [reauthenticating] = readAssociations({ sa });
  expect(reauthenticating?.associations[0]?.rekeyInSeconds).toBe(77);
  const [due] = readAssociations({ sa: { ...sa, 'rekey-time': '-3' } });
  expect(due?.associations[0]?.rekeyInSeconds).toBe(0);
});

test('hosts that charon does not know are left out', () => {
  const sa = { uniqueid: '1', state: 'CREATED', 'local-host': '%any', 'remote-host': '%any6' };
  expect(readAssociations({ sa })[0]).not.toHaveProperty('remoteHost');
  expect(readAssociations({ sa })[0]).not.toHaveProperty('localHost');
});

test('what is no SA is refused, with the reason', () => {
  expect(() => readAssociations({ sa: { uniqueid: '1' } })).toThrow(/without state/);
  expect(() => readAssociations({ sa: { uniqueid: 'one', state: 'CREATED' } })).toThrow();
});
