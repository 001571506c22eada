import type { GatewayEvent } from '../../provider/context.js';
import type { UnderlaySource } from '../../provider/underlay.js';
import { NVGRE_OVERHEAD } from '../codec/nvgre.js';
import type { DataPlane, DataPlaneEvent } from '../dataplane/port.js';
import { PEER_PROBLEMS, peerProblemOf } from '../forwarding/peer-problem.js';
import type { ProviderAddress } from '../model/addresses.js';
import { formatIp } from '../net/ip.js';
import type { PathMtuWatch } from '../underlay/watch.js';
import type { PathMtu } from '../underlay/path-mtu.js';

/** What the provider API shows of the underlay. */
export function underlaySource(
  pathMtus: Pick<PathMtuWatch, 'current'>,
  dataPlane: Pick<DataPlane, 'peerProblems'>,
): UnderlaySource {
  return {
    pathMtus: () =>
      [...pathMtus.current().values()].map((pathMtu) => ({
        ...pathMtu,
        innerMtu: pathMtu.mtu - NVGRE_OVERHEAD,
      })),
    peerProblems: () => dataPlane.peerProblems(),
  };
}

/** The event that tells of another path MTU; undefined: what was known has become too old. */
export function pathMtuEvent(
  providerAddress: ProviderAddress,
  pathMtu: PathMtu | undefined,
): GatewayEvent {
  return {
    type: 'pathMtu',
    providerAddress: formatIp(providerAddress),
    ...(pathMtu === undefined ? {} : { mtu: pathMtu.mtu, router: formatIp(pathMtu.router) }),
  };
}

/** Undefined for a problem that this build does not know. */
export function peerProblemEvent(
  event: Extract<DataPlaneEvent, { kind: 'peerProblem' }>,
): GatewayEvent | undefined {
  const problem = peerProblemOf(event.problem);
  if (problem === undefined) return undefined;
  const providerAddress = formatIp(event.providerAddress);
  const { description, advice } = PEER_PROBLEMS[problem];
  const message = `PA ${providerAddress} ${description}. ${advice}`;
  return { type: 'peerProblem', providerAddress, problem, message };
}
