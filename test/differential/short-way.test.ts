import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decap } from '../../src/forwarding/decap.js';
import type { DecapResult } from '../../src/forwarding/outcome.js';
import { relayOut } from '../../src/forwarding/relay.js';
import { inward } from '../../src/forwarding/short-way.js';
import { isRunnable, type TestRun } from '../support/bpf-test-run.js';
import { seededChoices, type Choices } from '../support/choices.js';
import { ExpectedCounters, difference } from '../support/differential.js';
import {
  generateExternalFrame,
  generateExtFrame,
  generateTunnelFrame,
  tunnelFrame,
} from '../support/generated-short-way.js';
import { udp } from '../support/packets.js';
import { createShortWayLab, type ShortWayLab } from '../support/short-way-lab.js';
import { LAB_VSIDS } from '../support/short-way-tables.js';

const PACKETS = 40_000;
const SEED = 7637;

describe('the short way', () => {
  let lab: ShortWayLab;

  beforeAll(async () => {
    lab = await createShortWayLab('dist/bpf/nvgate.bpf.o');
  });

  afterAll(() => lab.close());

  /** Both answers to each of the packets, and how many took the short way. */
  function compare(
    seed: number,
    makeFrame: (choices: Choices) => Uint8Array,
    oracle: (frame: Uint8Array) => DecapResult,
    program: (frame: Uint8Array) => TestRun,
  ): Map<string, number> {
    const counters = new ExpectedCounters();
    lab.takeCounters();
    for (let number = 0; number < PACKETS; number++) {
      const frame = makeFrame(seededChoices(seed + number));
      if (!isRunnable(frame)) continue;
      const wanted = oracle(frame);
      counters.add(wanted);
      const differs = difference(wanted, program(frame));
      const where = `packet ${number}: ${Buffer.from(frame).toString('hex')}`;
      if (differs !== undefined) expect.fail(`${where}\n${differs}`);
    }
    expect(lab.takeCounters()).toEqual(counters.lines());
    return counters.byVerdict();
  }

  it(`is taken inward by the same of ${PACKETS} generated packets as src/forwarding says`, () => {
    const verdicts = compare(
      SEED,
      (choices) => generateExternalFrame(choices, lab.external.macAddress),
      (frame) => inward(frame, lab.external, lab.tables, lab.routes),
      (frame) => lab.inbound(frame),
    );
    expect(verdicts.get('externalIn')).toBeGreaterThan(PACKETS / 100);
    expect(verdicts.get('relayedIn')).toBeGreaterThan(PACKETS / 100);
  });

  it(`is taken outward by the same of ${PACKETS} generated packets as src/forwarding says`, () => {
    const verdicts = compare(
      SEED + PACKETS,
      generateTunnelFrame,
      (frame) => decap(frame, lab.tables, lab.routes),
      (frame) => lab.decap(frame),
    );
    expect(verdicts.get('externalOut')).toBeGreaterThan(PACKETS / 100);
    expect(verdicts.get('decapsulated')).toBeGreaterThan(PACKETS / 100);
  });

  it(`is taken out of a domain that translates by the same of ${PACKETS} generated packets as src/forwarding says`, () => {
    const verdicts = compare(
      SEED + 2 * PACKETS,
      (choices) => generateExtFrame(choices, lab.ext.macAddress),
      (frame) => relayOut(frame, lab.ext, lab.tables, lab.routes),
      (frame) => lab.outbound(frame),
    );
    expect(verdicts.get('relayedOut')).toBeGreaterThan(PACKETS / 100);
  });

  it('is not for a next hop whose Ethernet address is not known: the kernel asks, or answers', () => {
    const frame = tunnelFrame('blue', udp({ from: '192.168.1.101', to: '203.0.113.99' }));
    lab.takeCounters();
    lab.decap(frame);
    expect(lab.takeCounters()).toEqual([`${LAB_VSIDS.blue} decapsulated 1`]);
  });
});
