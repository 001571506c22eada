import { decap } from '../../src/forwarding/decap.js';
import { encap } from '../../src/forwarding/encap.js';
import type { DecapResult, EncapResult, Replicated } from '../../src/forwarding/outcome.js';
import { VERDICTS, verdictOf, type Verdict } from '../../src/forwarding/verdict.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import type { ExpectedFindings } from './expected-findings.js';
import type { BpfLab } from './bpf-lab.js';
import type { TestRun } from './bpf-test-run.js';
import type { World } from './generated-sources.js';

/*
 * One packet through the BPF program and through `src/forwarding`: same verdict, same bytes. What
 * the program counted is compared by `ExpectedCounters` for many packets at once.
 */

const TC_ACT_UNSPEC = -1;
const TC_ACT_SHOT = 2;
const TC_ACT_REDIRECT = 7;

/** The FlowID's place in an encapsulated frame: outer Ethernet, IPv4, GRE, key's last byte. */
const FLOW_ID_AT = 14 + 20 + 7;

/** Undefined when both agree; else what differs. */
export function compareDecap(
  lab: BpfLab,
  world: World,
  frame: Uint8Array,
  counters: ExpectedCounters,
  findings: ExpectedFindings,
): string | undefined {
  const wanted = decap(frame, world.tables);
  counters.add(wanted);
  findings.add(frame, world.tables);
  return difference(wanted, lab.decap(frame));
}

export function compareEncap(
  lab: BpfLab,
  world: World,
  domain: RoutingDomainId,
  frame: Uint8Array,
  counters: ExpectedCounters,
): string | undefined {
  const wanted = encap(frame, domain, world.tables, 0);
  counters.add(wanted);
  if (wanted.kind === 'replicated') return compareCopies(lab, domain, frame, wanted);
  const found = lab.encap(frame, domain);
  if (wanted.kind === 'forwarded' && wanted.verdict !== 'rewritten')
    takeFlowId(wanted.frame, found);
  return difference(wanted, found);
}

/** The program sends one copy and itself the next; here each is run by itself. */
function compareCopies(
  lab: BpfLab,
  domain: RoutingDomainId,
  packet: Uint8Array,
  wanted: Replicated,
): string | undefined {
  for (const [copy, frame] of wanted.frames.entries()) {
    const found = lab.encap(packet, domain, copy);
    takeFlowId(frame, found);
    const differs = difference({ ...wanted, kind: 'forwarded', frame }, found);
    if (differs !== undefined) return `copy ${copy}: ${differs}`;
  }
  return undefined;
}

/** The kernel's hash seed is its own: take its FlowID, compare everything else. */
function takeFlowId(wanted: Uint8Array, found: TestRun): void {
  const flowId = found.frame[FLOW_ID_AT];
  if (flowId !== undefined) wanted[FLOW_ID_AT] = flowId;
}

function difference(wanted: DecapResult, found: TestRun): string | undefined {
  const action = actionOf(wanted);
  if (found.action !== action)
    return `${describe(wanted)}, but the program returned ${found.action}`;
  if (wanted.kind !== 'forwarded') return undefined;
  // The outermost Ethernet addresses mean nothing here, and towards the underlay the kernel
  // writes the type as well; a test run does not.
  const from = wanted.out.device === 'domain' ? 12 : 14;
  const expectedBytes = Buffer.from(wanted.frame.subarray(from));
  const foundBytes = Buffer.from(found.frame.subarray(from));
  if (expectedBytes.equals(foundBytes)) return undefined;
  return `${describe(wanted)}, bytes from ${from}:\n${expectedBytes.toString('hex')}\nprogram:\n${foundBytes.toString('hex')}`;
}

function actionOf(result: DecapResult): number {
  switch (result.kind) {
    case 'pass':
      return TC_ACT_UNSPEC;
    case 'dropped':
      return TC_ACT_SHOT;
    case 'forwarded':
      return TC_ACT_REDIRECT;
  }
}

function describe(result: DecapResult): string {
  switch (result.kind) {
    case 'pass':
      return 'oracle: pass';
    case 'dropped':
      return `oracle: dropped ${result.reason} of VSID ${result.vsid}`;
    case 'forwarded':
      return `oracle: ${result.verdict} of VSID ${result.vsid}`;
  }
}

/** What the `counters` map must hold after a series of packets. */
export class ExpectedCounters {
  readonly #packets = new Map<string, number>();

  add(result: DecapResult | EncapResult): void {
    if (result.kind === 'pass') return;
    const verdict = result.kind === 'dropped' ? result.reason : result.verdict;
    this.#count(result.vsid, verdict, result.kind === 'replicated' ? result.frames.length : 1);
    if (result.kind === 'replicated' && result.leftOut > 0)
      this.#count(result.vsid, 'hostsLeftOut', result.leftOut);
  }

  #count(vsid: number, verdict: Verdict, packets: number): void {
    const key = `${vsid} ${verdict}`;
    this.#packets.set(key, (this.#packets.get(key) ?? 0) + packets);
  }

  /** Sorted lines, to be compared with {@link foundCounters}. */
  lines(): string[] {
    return [...this.#packets].map(([key, packets]) => `${key} ${packets}`).toSorted();
  }

  /** Packets for each verdict, over all VSIDs. */
  byVerdict(): Map<string, number> {
    const sums = new Map<string, number>(Object.keys(VERDICTS).map((name) => [name, 0]));
    for (const [key, packets] of this.#packets) {
      const verdict = key.split(' ')[1] ?? '';
      sums.set(verdict, (sums.get(verdict) ?? 0) + packets);
    }
    return sums;
  }
}

export function foundCounters(lab: BpfLab): string[] {
  return lab
    .takeCounters()
    .map(({ vsid, verdict, packets }) => `${vsid} ${verdictOf(verdict) ?? verdict} ${packets}`)
    .toSorted();
}
