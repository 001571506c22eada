import { describe, expect, it } from 'vitest';
import { decap } from '../../../src/forwarding/decap.js';
import { encap } from '../../../src/forwarding/encap.js';
import type { DecapResult, EncapResult } from '../../../src/forwarding/outcome.js';
import { VERDICTS, VERDICT_NAMES } from '../../../src/forwarding/verdict.js';
import { loadPacketFixtures, type Expected } from '../../support/packet-fixtures.js';
import { hex } from '../../support/packets.js';

const fixtures = loadPacketFixtures();
const domainNames = new Map([...fixtures.domains].map(([name, id]) => [id, name]));

describe('packets written out by hand', () => {
  it.each(fixtures.decap.map((fixture) => [fixture.name, fixture] as const))(
    'decap: %s',
    (_, { frame, expect: expected }) => {
      const before = hex(frame);
      expect(readable(decap(frame, fixtures.tables))).toEqual(readableExpectation(expected));
      expect(hex(frame), 'the received frame is not changed').toBe(before);
    },
  );

  it.each(fixtures.encap.map((fixture) => [fixture.name, fixture] as const))(
    'encap: %s',
    (_, { frame, domain, flowHash, expect: expected }) => {
      const before = hex(frame);
      expect(readable(encap(frame, domain, fixtures.tables, flowHash))).toEqual(
        readableExpectation(expected),
      );
      expect(hex(frame), 'the packet is not changed').toBe(before);
    },
  );

  it('decides the same for a frame inside a larger buffer', () => {
    for (const { frame, expect: expected } of fixtures.decap) {
      const buffer = new Uint8Array(frame.byteLength + 64).fill(0xee);
      buffer.set(frame, 32);
      const inside = buffer.subarray(32, 32 + frame.byteLength);
      expect(readable(decap(inside, fixtures.tables))).toEqual(readableExpectation(expected));
    }
  });

  it('covers every verdict that a packet can get', () => {
    const expected = [...fixtures.decap, ...fixtures.encap].map((fixture) => fixture.expect);
    const seen = new Set<string>(
      expected.flatMap((outcome) => {
        if (outcome.kind === 'pass') return [];
        if (outcome.kind === 'dropped') return [outcome.reason];
        const leftOut = outcome.kind === 'replicated' && outcome.leftOut > 0;
        return leftOut ? [outcome.verdict, 'hostsLeftOut'] : [outcome.verdict];
      }),
    );
    // The kernel's own failures, its routes on the external side, and how many packets came before
    // are no matter of the packet's bytes.
    const missing = VERDICT_NAMES.filter((name) => !seen.has(name));
    expect(missing.toSorted()).toEqual([
      'externalIn',
      'externalOut',
      'kernelRefused',
      'multicastLimited',
      'relayedIn',
      'relayedOut',
    ]);
    for (const outcome of expected)
      if (outcome.kind !== 'pass')
        expect(VERDICTS[outcome.kind === 'dropped' ? outcome.reason : outcome.verdict].kind).toBe(
          outcome.kind === 'dropped' ? 'dropped' : 'forwarded',
        );
  });
});

function readable(result: DecapResult | EncapResult): unknown {
  if (result.kind === 'pass' || result.kind === 'dropped') return result;
  const { out } = result;
  const domain = out.device === 'domain' ? domainNames.get(out.domain) : undefined;
  return {
    ...result,
    out:
      out.device === 'domain'
        ? `domain ${domain ?? out.domain}`
        : out.device === 'underlay'
          ? `underlay ${out.name}`
          : out.device,
    ...hexFrames(result),
  };
}

function hexFrames(outcome: { frame: Uint8Array } | { frames: readonly Uint8Array[] }): object {
  return 'frame' in outcome ? { frame: hex(outcome.frame) } : { frames: outcome.frames.map(hex) };
}

function readableExpectation(expected: Expected): unknown {
  return expected.kind === 'pass' || expected.kind === 'dropped'
    ? expected
    : { ...expected, ...hexFrames(expected) };
}
