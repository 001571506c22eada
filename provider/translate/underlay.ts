import { PEER_PROBLEMS, peerProblemOf } from '../../src/forwarding/peer-problem.js';
import { formatIp } from '../../src/net/ip.js';
import type { GatewayAnswer } from '../answer-schemas.js';
import type { UnderlaySource } from '../underlay.js';

/** A flood from made-up addresses must not fill the answer. */
const LISTED_PROBLEMS = 100;

export function listPathMtus(underlay: UnderlaySource): GatewayAnswer['pathMtus'] {
  return [...underlay.pathMtus()]
    .sort((a, b) => a.mtu - b.mtu || a.providerAddress - b.providerAddress)
    .map(({ providerAddress, mtu, innerMtu, router, learnedAt }) => ({
      providerAddress: formatIp(providerAddress),
      mtu,
      innerMtu,
      router: formatIp(router),
      learnedAt: learnedAt.toISOString(),
    }));
}

/** A problem that this build does not know comes from a newer one's data plane: left out. */
export async function listPeerProblems(
  underlay: UnderlaySource,
): Promise<GatewayAnswer['peerProblems']> {
  const now = Date.now();
  const readings = [...(await underlay.peerProblems())].sort((a, b) => a.ageSeconds - b.ageSeconds);
  return readings
    .flatMap(({ providerAddress, problem: number, packets, ageSeconds }) => {
      const problem = peerProblemOf(number);
      if (problem === undefined) return [];
      const { description, advice } = PEER_PROBLEMS[problem];
      return [
        {
          providerAddress: formatIp(providerAddress),
          ...{ problem, description, advice },
          // Exact up to 2^53.
          packets: Number(packets),
          lastSeenAt: new Date(now - ageSeconds * 1000).toISOString(),
        },
      ];
    })
    .slice(0, LISTED_PROBLEMS);
}
