import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededChoices } from '../support/choices.js';
import { createBpfLab, type BpfLab } from '../support/bpf-lab.js';
import { isRunnable } from '../support/bpf-test-run.js';
import {
  compareDecap,
  compareEncap,
  ExpectedCounters,
  foundCounters,
} from '../support/differential.js';
import {
  ExpectedFindings,
  foundPathMtus,
  foundPeerProblems,
} from '../support/expected-findings.js';
import { PEER_PROBLEM_NAMES } from '../../src/forwarding/peer-problem.js';
import { generateDomainFrame, generateUnderlayFrame } from '../support/generated-frames.js';
import { worldOf } from '../support/generated-sources.js';
import { generateEntries } from '../support/generated-tables.js';

/** Each world has its own tables; each packet its own seed, which a failure names. */
const WORLDS = Number(process.env['NVGATE_DIFFERENTIAL_WORLDS'] ?? 60);
const PACKETS_PER_WORLD = 2000;
const FIRST_SEED = Number(process.env['NVGATE_DIFFERENTIAL_SEED'] ?? 7637);

describe('BPF programs and src/forwarding', () => {
  let lab: BpfLab;

  beforeAll(async () => {
    lab = await createBpfLab('dist/bpf/nvgate.bpf.o');
  });

  afterAll(() => lab.close());

  it(`agree on ${2 * WORLDS * PACKETS_PER_WORLD} generated packets, and every verdict occurs`, () => {
    const seen = new Map<string, number>();
    const problems = new Set<string>();
    let learned = 0;
    for (let number = 0; number < WORLDS; number++) {
      const seed = FIRST_SEED + number * 1_000_003;
      const world = worldOf(generateEntries(seededChoices(seed)));
      lab.load(world.entries);
      const counters = new ExpectedCounters();
      const findings = new ExpectedFindings();
      for (let packet = 0; packet < PACKETS_PER_WORLD; packet++) {
        const choices = seededChoices(seed + 1 + packet);
        const frame = generateUnderlayFrame(choices, world);
        if (isRunnable(frame))
          report(
            compareDecap(lab, world, frame, counters, findings),
            `decap, seed ${seed}, packet ${packet}`,
            frame,
          );
        const leaving = generateDomainFrame(choices, world);
        if (isRunnable(leaving.frame))
          report(
            compareEncap(lab, world, leaving.domain, leaving.frame, counters),
            `encap, seed ${seed}, packet ${packet}`,
            leaving.frame,
          );
      }
      expect(foundCounters(lab), `counters of seed ${seed}`).toEqual(counters.lines());
      expect(foundPathMtus(lab), `path MTUs of seed ${seed}`).toEqual(findings.pathMtus());
      expect(foundPeerProblems(lab), `peers of seed ${seed}`).toEqual(findings.peerProblems());
      for (const problem of findings.problems()) problems.add(problem);
      learned += findings.pathMtus().length;
      for (const [verdict, packets] of counters.byVerdict())
        seen.set(verdict, (seen.get(verdict) ?? 0) + packets);
    }
    const missing = [...seen].filter(([, packets]) => packets === 0).map(([verdict]) => verdict);
    expect(missing).toEqual(NEVER_GENERATED);
    expect([...problems].sort()).toEqual([...PEER_PROBLEM_NAMES].sort());
    expect(learned).toBeGreaterThan(WORLDS);
    // A few seconds' work, which others on the machine may make minutes of.
  }, 300_000);
});

/**
 * The external side has a test of its own. tooBig needs a packet that no test run takes; the kernel
 * does not refuse to grow a packet here; the generated tables limit nothing (`multicast.test.ts`).
 */
const NEVER_GENERATED = [
  'externalIn',
  'externalOut',
  'relayedIn',
  'relayedOut',
  'tooBig',
  'kernelRefused',
  'multicastLimited',
];

function report(difference: string | undefined, where: string, frame: Uint8Array): void {
  if (difference !== undefined)
    throw new Error(`${where}: ${difference}\nframe:\n${Buffer.from(frame).toString('hex')}`);
}
