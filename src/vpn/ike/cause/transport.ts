import { formatIp } from '../../../net/ip.js';
import type { CharonLog, Explanation } from './log.js';

/** It was our end that could not. */
export function localRule({ find, has, spec }: CharonLog): Explanation | undefined {
  const [identity] = find(/^no private key found for '(.*)'$/) ?? [];
  if (identity !== undefined)
    return {
      cause: 'authenticationFailed',
      message: `The private key does not belong to the gateway's certificate, or the certificate has no name "${identity}". Push the key of this certificate, and as localIdentity a name in it.`,
    };
  if (has(/^no socket implementation registered, sending failed$/))
    return {
      cause: 'daemonFailed',
      message:
        'charon could not open UDP ports 500 and 4500. End the other program that holds them in the namespace of the routing domain.',
    };
  const [reason] =
    find(/^(\S+ with \S+ not supported)$/) ??
    find(/^ +IPsec SA: (unsupported mode)$/) ??
    find(/^(unable to install .* in kernel)$/) ??
    [];
  // An address missing in a selector also ends as "unable to install", and says more itself.
  if (reason !== undefined && !has(/^(error installing route with|can't install route for) /))
    return {
      cause: 'daemonFailed',
      message: `IPsec on this gateway cannot do what was negotiated for ${spec.connection.id}: ${reason}. Choose other algorithms, or look into the kernel's log.`,
    };
  return undefined;
}

/** The peer talks, but not as it should. */
export function peerRule(log: CharonLog): Explanation | undefined {
  const message = misbehaviour(log);
  if (message !== undefined) return { cause: 'peerMisbehaved', message };
  const [notify] =
    log.find(/^received (\w+) (?:notify error|error notify|notify, no CHILD_SA built)$/) ?? [];
  return notify === undefined
    ? undefined
    : {
        cause: 'other',
        message: `The ${log.peer} refuses with ${notify} (RFC 7296 section 3.10.1). Its log has the reason.`,
      };
}

function misbehaviour({ find, has, peer }: CharonLog): string | undefined {
  if (has(/^received INVALID_MAJOR_VERSION (notify error|error notify)$/))
    return `The ${peer} does not speak this version of IKE. Choose the same at both ends.`;
  if (has(/^received INVALID_SYNTAX (notify error|error notify)$/))
    return `The ${peer} could not read what charon sent (INVALID_SYNTAX). Its log has the reason.`;
  if (
    has(
      /^(message parsing failed|received invalid IKE header from .*|received unsupported IKE version .*)$/,
    )
  )
    return `The ${peer} answers with what is not IKE, or is broken. Look at what listens there on UDP port 500, and at what lies between.`;
  const [tries] = find(/^giving up after (\d+) retries$/) ?? [];
  return tries === undefined
    ? undefined
    : `The ${peer} lets us begin again and again: given up after ${tries} times. It may be under load; its log has the reason.`;
}

/** Nothing comes, or nothing more. A try may have been cut short before charon gave it up. */
export function silenceRule(log: CharonLog): Explanation | undefined {
  const end = ended(log);
  if (end !== undefined) return end;
  const unanswered =
    log.has(/^(sending )?retransmit \d+ of request /) ||
    log.has(
      /^(giving up after \d+ retransmits|establishing IKE_SA failed, peer not responding)$/,
    ) ||
    (log.has(/^initiating (Main Mode )?IKE_SA /) && !log.has(/^parsed \w+ response /)) ||
    log.has(/ not established after \d+ms$/);
  return unanswered
    ? { cause: 'peerUnreachable', message: `The ${log.peer} ${silence(log)}` }
    : undefined;
}

function ended({ has, peer }: CharonLog): Explanation | undefined {
  if (!has(/^received DELETE for (IKE_SA|ESP CHILD_SA) /)) return undefined;
  return {
    cause: 'other',
    message: has(/^IKE_SA .* established between /)
      ? `The ${peer} has ended the tunnel as soon as it was set up. It may not accept our certificate, identity or selectors; its log has the reason.`
      : `The ${peer} has ended the tunnel. Its log has the reason.`,
  };
}

function silence({ find, has, spec }: CharonLog): string {
  const [error] = find(/^error writing to socket: (.*)$/) ?? [];
  if (error !== undefined)
    return `cannot be reached from ${formatIp(spec.connection.sourceAddress)}: ${error}. Add a route to it to the gateway.`;
  if (has(/^sending DPD request$/))
    return 'has stopped answering. Look whether it runs and the way to it is open.';
  if (has(/^parsed (IKE_SA_INIT|ID_PROT) response /) && has(/^sending packet: .*\[4500\] to /))
    return 'answers on UDP port 500 but not on 4500. Let UDP port 4500 through, both ways.';
  return 'does not answer. Look whether it runs, and let UDP ports 500 and 4500 through, both ways.';
}
