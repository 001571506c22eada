import { decap } from '../../../src/forwarding/decap.js';
import type { DecapResult } from '../../../src/forwarding/outcome.js';
import { relayOut } from '../../../src/forwarding/relay.js';
import { inward } from '../../../src/forwarding/short-way.js';
import type { Choices } from '../../support/choices.js';
import { difference, ExpectedCounters } from '../../support/differential.js';
import {
  generateExternalFrame,
  generateExtFrame,
  generateTunnelFrame,
} from '../../support/generated-short-way.js';
import { hex } from '../../support/packets.js';
import { createShortWayLab, type ShortWayLab } from '../../support/short-way-lab.js';
import { caseChoices } from '../case-choices.js';
import { underSanitizers } from '../sanitizer/sanitized-execution.js';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.js';
import { PACKETS_PER_CHAPTER, PACKETS_PER_FAMILY } from './chapter.js';
import { createHavoc } from './havoc.js';
import { DOMAIN_FIELDS, UNDERLAY_FIELDS } from './header-fields.js';
import { OBJECT, runnable } from './target.js';

const PURPOSE = { base: 5, damage: 6 } as const;

/**
 * From the physical network to a VM (`inbound`), the other way (`decap`), or that from a routing
 * domain that translates (`outbound`).
 */
const DIRECTIONS = ['inward', 'outward', 'relayed'] as const;

type Direction = (typeof DIRECTIONS)[number];

interface Packet {
  readonly direction: Direction;
  readonly frame: Uint8Array;
}

/**
 * Packets of both directions of the short way, through programs that sanitizers watch and through
 * `src/forwarding`, over the same routes: same verdict, same bytes, and now and then the same counters.
 */
export function sanitizedShortWayTarget(share: number): FuzzTarget {
  return {
    name: 'sanitized-short-way',
    ...{ share, packets: 'underSanitizers', casesPerMark: 240 },
    open: async (seed) => openShortWay(seed, await createShortWayLab(OBJECT, underSanitizers())),
  };
}

/** The cases of the target, on the lab's programs. */
export function openShortWay(seed: number, lab: ShortWayLab): OpenTarget {
  const packets = createPackets(seed, lab);
  let counters = new ExpectedCounters();
  let first = 0;
  let last = -1;

  const settle = (): Outcome => {
    const wanted = counters.lines().join(', ');
    const found = lab.takeCounters().join(', ');
    counters = new ExpectedCounters();
    if (wanted === found) return undefined;
    const what = `counters of the cases ${first}..${last}: oracle ${wanted}; program ${found}`;
    return { index: last, what };
  };

  const run = (index: number): Outcome => {
    const ended = index % PACKETS_PER_CHAPTER === 0 ? settle() : undefined;
    if (ended !== undefined) return ended;
    if (index !== last + 1 || index % PACKETS_PER_CHAPTER === 0) first = index;
    last = index;
    const { direction, frame } = packets(index);
    const wanted = oracle(lab, direction, frame);
    counters.add(wanted);
    const differs = difference(wanted, program(lab, direction, frame));
    if (differs === undefined) return undefined;
    return { index, what: `${direction}: ${differs}\nframe:\n${hex(frame)}` };
  };

  return { regressions: [], run, finish: settle, close: () => lab.close() };
}

function oracle(lab: ShortWayLab, direction: Direction, frame: Uint8Array): DecapResult {
  switch (direction) {
    case 'inward':
      return inward(frame, lab.external, lab.tables, lab.routes);
    case 'outward':
      return decap(frame, lab.tables, lab.routes);
    case 'relayed':
      return relayOut(frame, lab.ext, lab.tables, lab.routes);
  }
}

function program(lab: ShortWayLab, direction: Direction, frame: Uint8Array) {
  switch (direction) {
    case 'inward':
      return lab.inbound(frame);
    case 'outward':
      return lab.decap(frame);
    case 'relayed':
      return lab.outbound(frame);
  }
}

/** The packet of a case: the first of a family as generated, the others damaged copies of it. */
function createPackets(seed: number, lab: ShortWayLab): (index: number) => Packet {
  const havoc = {
    inward: createHavoc(DOMAIN_FIELDS, [14]),
    outward: createHavoc(UNDERLAY_FIELDS, [56, 14]),
    relayed: createHavoc(DOMAIN_FIELDS, [14]),
  };
  const generated = (direction: Direction, choices: Choices): Uint8Array => {
    switch (direction) {
      case 'inward':
        return generateExternalFrame(choices, lab.external.macAddress);
      case 'outward':
        return generateTunnelFrame(choices);
      case 'relayed':
        return generateExtFrame(choices, lab.ext.macAddress);
    }
  };
  const generate = (number: number): Packet => {
    const choices = caseChoices(seed, number, PURPOSE.base);
    const direction = DIRECTIONS[number % DIRECTIONS.length] ?? 'inward';
    return { direction, frame: generated(direction, choices) };
  };
  let family = -1;
  let base: Packet | undefined;
  return (index) => {
    const number = Math.floor(index / PACKETS_PER_FAMILY);
    if (base === undefined || number !== family) base = generate(number);
    family = number;
    const { direction, frame } = base;
    if (index % PACKETS_PER_FAMILY === 0) return { direction, frame: runnable(frame) };
    const damaged = havoc[direction](caseChoices(seed, index, PURPOSE.damage), frame);
    return { direction, frame: runnable(damaged) };
  };
}
