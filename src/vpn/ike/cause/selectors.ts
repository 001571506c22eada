import { formatPrefix } from '../../../net/prefix.js';
import type { CharonLog, Explanation } from './log.js';

/** The ends do not agree on what goes through the tunnel. */
export function selectorRule(log: CharonLog): Explanation | undefined {
  const message = notInstallable(log) ?? refusedByUs(log) ?? refusedByPeer(log);
  return message === undefined ? undefined : { cause: 'selectorsRefused', message };
}

/** User space ESP only. */
function notInstallable({ find }: CharonLog): string | undefined {
  const [local] = find(/^error installing route with policy (\S+) === \S+ out$/) ?? [];
  if (local !== undefined)
    return `The routing domain has no address in ${local}, which user space IPsec needs. Let the local traffic selector hold the gateway address of a virtual subnet.`;
  const [remote] =
    find(/^can't install route for \S+ === (\S+) out, conflicts with IKE traffic$/) ?? [];
  return remote === undefined
    ? undefined
    : `The remote traffic selector ${remote} is the peer's own address, which user space IPsec cannot do. Leave it out.`;
}

function refusedByUs({ find, peer, spec }: CharonLog): string | undefined {
  const [ikev1First, ikev1Second] =
    find(/^no matching CHILD_SA config found for (\S+) === (\S+)$/) ?? [];
  const [local = ikev1Second, remote = ikev1First] =
    find(/^traffic selectors (.+) === (.+) unacceptable$/) ?? [];
  if (local === undefined || remote === undefined) return undefined;
  return `The ${peer} wants a tunnel between ${local} here and ${remote} there, which this connection does not allow: ${allowed(spec.connection)}. Make them the same at both ends.`;
}

function refusedByPeer({ has, peer, spec }: CharonLog): string | undefined {
  return has(
    /^received (TS_UNACCEPTABLE notify, no CHILD_SA built|INVALID_ID_INFORMATION error notify)$/,
  )
    ? `The ${peer} does not accept the traffic selectors of this connection: ${allowed(spec.connection)}. Make them the same at both ends.`
    : undefined;
}

function allowed(connection: CharonLog['spec']['connection']): string {
  if (connection.type === 'l2tp') return 'UDP port 1701 at both ends, in transport mode';
  if (connection.trafficSelectors === undefined)
    return 'everything here, and the destinations of its routes there';
  const { local, remote } = connection.trafficSelectors;
  return `${local.map(formatPrefix).join(', ')} here and ${remote.map(formatPrefix).join(', ')} there`;
}
