import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TunnelError } from '../../../../src/vpn/port.js';
import type { Observation } from '../../../../src/vpn/tunnel-state.js';
import { createTunnels } from '../../../../src/vpn/strongswan/tunnels.js';
import type { ViciClient } from '../../../../src/vpn/vici/session.js';
import { IKEV2, specOf } from '../ike/tunnel-specs.js';

const LOGS = new URL('../../../fixtures/charon-logs/', import.meta.url);

/** What charon said of a call that it refused, in the order in which it wrote it. */
function logOf(name: string): readonly string[] {
  const text = readFileSync(new URL(`${name}.responder.txt`, LOGS), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** The tunnels of a charon that has no SAs, and what they make of the events. */
function watched() {
  const seen: Observation[] = [];
  const refuse = () => Promise.reject(new Error('nobody is called here'));
  const silent: ViciClient = {
    ...{ request: refuse, stream: refuse, run: refuse, listen: refuse },
    close: () => undefined,
  };
  const tunnels = createTunnels({
    ...{ random: () => 0.5, now: () => new Date(0), pace: () => Promise.resolve() },
    ...{ sharedPolicies: false, vici: () => silent, isConnected: () => false },
    observe: (_connection, observation) => void seen.push(observation),
    ...{ onTransport() {}, onMissed() {}, wake() {} },
  });
  tunnels.want(
    new Map([[IKEV2.id, specOf({ ...IKEV2, initiate: false })]]),
    new Map([[IKEV2.id, 'office@b57ce9ee']]),
  );
  return {
    say: (msg: string): void => {
      const sa = { 'ikesa-name': '(unnamed)', 'ikesa-uniqueid': '1' };
      tunnels.onEvent('log', { group: 'IKE', level: '1', ...sa, msg });
    },
    errors: async (): Promise<readonly TunnelError[]> => {
      await tunnels.look([]);
      return seen.flatMap((observation) =>
        observation.kind === 'tried' ? [observation.error] : [],
      );
    },
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a call that we refuse is explained the same in whichever order its lines come', async () => {
  const lines = logOf('ike-proposal');
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...lines], { minLength: lines.length }),
      async (shuffled) => {
        const { say, errors } = watched();
        shuffled.forEach(say);
        expect(await errors()).toEqual([]);
        vi.advanceTimersByTime(1_000);
        const [error, ...others] = await errors();
        expect(others).toEqual([]);
        expect(error?.cause).toBe('noProposalChosen');
        expect(error?.message).toMatch(/AES_CBC_128.*this connection takes .*AES_CBC_256/);
      },
    ),
  );
});

test('a line that comes late puts the explanation right', async () => {
  const late = 'received proposals unacceptable';
  const { say, errors } = watched();
  logOf('ike-proposal')
    .filter((line) => line !== late)
    .forEach(say);
  vi.advanceTimersByTime(1_000);
  expect((await errors()).map(({ cause }) => cause)).toEqual(['other']);
  say(late);
  vi.advanceTimersByTime(1_000);
  expect((await errors()).map(({ cause }) => cause)).toEqual(['other', 'noProposalChosen']);
});
