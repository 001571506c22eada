import type { BpfLab } from '../../support/bpf-lab.js';
import { compareDecap, compareEncap, ExpectedCounters } from '../../support/differential.js';
import { isRunnable } from '../../support/bpf-test-run.js';
import { ExpectedFindings } from '../../support/expected-findings.js';
import { worldOf } from '../../support/generated-sources.js';
import { loadPacketFixtures } from '../../support/packet-fixtures.js';
import { readCorpus } from '../corpus.js';
import type { Regression } from '../target.js';
import { LONGEST_FRAME } from './havoc.js';
import type { Program } from './target.js';

/** A frame of test/fixtures/fuzz/packets.json; its tables are those of test/fixtures/packets. */
interface KeptPacket {
  readonly name: string;
  readonly program: Program;
  /** Name of the routing domain, for encap. */
  readonly domain?: string;
  readonly frame: string;
}

/** The packets that somebody wrote or found: each fares in the kernel as with the oracle. */
export function packetRegressions(lab: BpfLab, program: Program): Regression[] {
  const fixtures = loadPacketFixtures();
  const world = worldOf(fixtures.entries);
  const [anyDomain] = fixtures.domains.values();
  if (anyDomain === undefined) throw new Error('fixtures without a routing domain');
  const written =
    program === 'decap'
      ? fixtures.decap.map((packet) => ({ ...packet, domain: anyDomain }))
      : fixtures.encap;
  const kept = readCorpus<KeptPacket>('packets')
    .filter((packet) => packet.program === program)
    .map(({ name, domain, frame }) => ({
      name,
      frame: new Uint8Array(Buffer.from(frame, 'hex')),
      domain: fixtures.domains.get(domain ?? '') ?? anyDomain,
    }));
  const runnable = [...kept, ...written].filter(
    ({ frame }) => isRunnable(frame) && frame.length <= LONGEST_FRAME,
  );
  return runnable.map(({ name, frame, domain }) => ({
    name,
    run: () => {
      lab.load(fixtures.entries);
      return program === 'decap'
        ? compareDecap(lab, world, frame, new ExpectedCounters(), new ExpectedFindings())
        : compareEncap(lab, world, domain, frame, new ExpectedCounters());
    },
  }));
}
