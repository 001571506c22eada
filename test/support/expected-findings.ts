import { readPathMtu } from '../../src/forwarding/path-mtu.js';
import { findPeerFault } from '../../src/forwarding/peer-fault.js';
import { peerProblemOf } from '../../src/forwarding/peer-problem.js';
import type { ForwardingTables } from '../../src/model/forwarding-table.js';
import { formatIp, type IpAddress } from '../../src/net/ip.js';
import type { BpfLab } from './bpf-lab.js';

/** What the maps about the underlay must hold after a series of packets, as sorted lines. */
export class ExpectedFindings {
  readonly #pathMtus = new Map<IpAddress, { readonly mtu: number; readonly router: IpAddress }>();
  readonly #problems = new Map<string, number>();

  add(frame: Uint8Array, tables: ForwardingTables): void {
    const message = readPathMtu(frame, tables);
    if (message !== undefined) {
      const known = this.#pathMtus.get(message.providerAddress);
      if (known === undefined || message.mtu < known.mtu)
        this.#pathMtus.set(message.providerAddress, message);
    }
    const fault = findPeerFault(frame, tables);
    if (fault !== undefined) {
      const key = `${formatIp(fault.providerAddress)} ${fault.problem}`;
      this.#problems.set(key, (this.#problems.get(key) ?? 0) + 1);
    }
  }

  pathMtus(): string[] {
    return [...this.#pathMtus]
      .map(([peer, { mtu, router }]) => `${formatIp(peer)} ${mtu} ${formatIp(router)}`)
      .toSorted();
  }

  peerProblems(): string[] {
    return [...this.#problems].map(([key, packets]) => `${key} ${packets}`).toSorted();
  }

  /** Names of the problems that occurred. */
  problems(): string[] {
    return [...this.#problems.keys()].map((key) => key.split(' ')[1] ?? '');
  }
}

export function foundPathMtus(lab: BpfLab): string[] {
  return lab
    .takePathMtus()
    .map(
      ({ providerAddress, mtu, router }) =>
        `${formatIp(providerAddress)} ${mtu} ${formatIp(router)}`,
    )
    .toSorted();
}

export function foundPeerProblems(lab: BpfLab): string[] {
  return lab
    .takePeerProblems()
    .map(
      ({ providerAddress, problem, packets }) =>
        `${formatIp(providerAddress)} ${peerProblemOf(problem) ?? problem} ${packets}`,
    )
    .toSorted();
}
