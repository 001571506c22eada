import type { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { createBpfLab, type BpfLab } from '../../support/bpf-lab.js';
import { isRunnable } from '../../support/bpf-test-run.js';
import {
  compareDecap,
  compareEncap,
  ExpectedCounters,
  foundCounters,
} from '../../support/differential.js';
import {
  ExpectedFindings,
  foundPathMtus,
  foundPeerProblems,
} from '../../support/expected-findings.js';
import { generateDomainFrame, generateUnderlayFrame } from '../../support/generated-frames.js';
import type { World } from '../../support/generated-sources.js';
import { hex } from '../../support/packets.js';
import { caseChoices } from '../case-choices.js';
import { underSanitizers } from '../sanitizer/sanitized-execution.js';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.js';
import { createChapter, PACKETS_PER_CHAPTER, PACKETS_PER_FAMILY } from './chapter.js';
import { createHavoc } from './havoc.js';
import { DOMAIN_FIELDS, UNDERLAY_FIELDS } from './header-fields.js';
import { packetRegressions } from './regressions.js';
import { describeSmallest } from './smallest.js';

export type Program = 'decap' | 'encap';

/** A frame for one of the programs; `domain` is that of its device, for encap. */
export interface Packet {
  readonly frame: Uint8Array;
  readonly domain: RoutingDomainId;
}

const PURPOSE = { base: 3, damage: 4 } as const;

export const OBJECT = 'dist/bpf/nvgate.bpf.o';

/**
 * Packets through a BPF program and through `src/forwarding`, while the tables change: same verdict,
 * same bytes, and at the end of a chapter the same counters, path MTUs and problems of peers.
 */
export function packetTarget(program: Program, share: number): FuzzTarget {
  return {
    name: program,
    ...{ share, packets: 'inKernel', casesPerMark: 240 },
    open: async (seed) => openPackets(program, seed, await createBpfLab(OBJECT)),
  };
}

/** The same packets through the same program, built for this machine and watched by sanitizers. */
export function sanitizedTarget(program: Program, share: number): FuzzTarget {
  return {
    name: `sanitized-${program}`,
    ...{ share, packets: 'underSanitizers', casesPerMark: 240 },
    open: async (seed) => openPackets(program, seed, await createBpfLab(OBJECT, underSanitizers())),
  };
}

/** The cases of both targets, on the lab's programs. */
export function openPackets(program: Program, seed: number, lab: BpfLab): OpenTarget {
  const chapter = createChapter(lab, seed);
  const packets = createPackets(program, seed);
  let expected = createExpected(lab);
  let last = -1;

  const compare = (packet: Packet, world: World): string | undefined =>
    expected.compare(program, packet, world);

  const run = (index: number): Outcome => {
    const ended = last >= 0 && index % PACKETS_PER_CHAPTER === 0 ? settle() : undefined;
    if (ended !== undefined) return ended;
    const world = chapter.at(index);
    if (index !== last + 1 || index % PACKETS_PER_CHAPTER === 0) expected = createExpected(lab);
    last = index;
    const packet = packets(index, world);
    if (compare(packet, world) === undefined) return undefined;
    return { index, what: describeSmallest(lab, program, packet, chapter.entries()) };
  };

  /** Whether the maps hold what the packets of the chapter so far should have left there. */
  const settle = (): Outcome => {
    if (last < 0 || expected.difference() === undefined) return undefined;
    // Which packet it was shows when the maps are read after each.
    const end = last;
    for (let index = end - (end % PACKETS_PER_CHAPTER); index <= end; index += 1) {
      const world = chapter.at(index);
      const packet = packets(index, world);
      expected = createExpected(lab);
      compare(packet, world);
      const what = expected.difference();
      if (what !== undefined) return { index, what: `${what}\nframe:\n${hex(packet.frame)}` };
    }
    return { index: end, what: 'The maps differ after a chapter, but after no packet of it.' };
  };

  return {
    regressions: packetRegressions(lab, program),
    run,
    finish: settle,
    close: () => lab.close(),
  };
}

/** What the maps must hold after some packets, none of which has been seen yet. */
function createExpected(lab: BpfLab): {
  compare(program: Program, packet: Packet, world: World): string | undefined;
  difference(): string | undefined;
} {
  const counters = new ExpectedCounters();
  const findings = new ExpectedFindings();
  lab.takeCounters();
  lab.takePathMtus();
  lab.takePeerProblems();
  return {
    compare: (program, { frame, domain }, world) =>
      program === 'decap'
        ? compareDecap(lab, world, frame, counters, findings)
        : compareEncap(lab, world, domain, frame, counters),
    difference: () =>
      firstDifference([
        ['counters', counters.lines(), foundCounters(lab)],
        ['path MTUs', findings.pathMtus(), foundPathMtus(lab)],
        ['problems of peers', findings.peerProblems(), foundPeerProblems(lab)],
      ]),
  };
}

function firstDifference(
  compared: readonly (readonly [what: string, expected: string[], found: string[]])[],
): string | undefined {
  for (const [what, expected, found] of compared) {
    const missing = expected.filter((line) => !found.includes(line));
    const extra = found.filter((line) => !expected.includes(line));
    if (missing.length > 0 || extra.length > 0)
      return `${what}: oracle ${missing.join(', ')}; kernel ${extra.join(', ')}`;
  }
  return undefined;
}

/** The packet of a case: the first of a family as generated, the others damaged copies of it. */
function createPackets(program: Program, seed: number): (index: number, world: World) => Packet {
  const havoc =
    program === 'decap' ? createHavoc(UNDERLAY_FIELDS, [56, 14]) : createHavoc(DOMAIN_FIELDS, [14]);
  let family = -1;
  let base: Packet | undefined;
  return (index, world) => {
    const number = Math.floor(index / PACKETS_PER_FAMILY);
    if (base === undefined || number !== family) base = generate(program, seed, number, world);
    family = number;
    if (index % PACKETS_PER_FAMILY === 0) return base;
    const frame = havoc(caseChoices(seed, index, PURPOSE.damage), base.frame);
    return { ...base, frame: runnable(frame) };
  };
}

function generate(program: Program, seed: number, family: number, world: World): Packet {
  const choices = caseChoices(seed, family, PURPOSE.base);
  if (program === 'encap') {
    const { domain, frame } = generateDomainFrame(choices, world);
    return { domain, frame: runnable(frame) };
  }
  const frame = generateUnderlayFrame(choices, world);
  const [{ id: domain } = { id: undefined }] = world.domains;
  if (domain === undefined) throw new Error('tables without a routing domain');
  return { domain, frame: runnable(frame) };
}

/** A test run does not take every frame: one that is too short for it gets zeros at its end. */
export function runnable(frame: Uint8Array): Uint8Array {
  if (isRunnable(frame)) return frame;
  const longer = new Uint8Array(54);
  longer.set(frame);
  return longer;
}
