import { localIdentity, remoteIdentity } from '../tunnel.js';
import { ownCertificateProblem } from './certificate.js';
import type { CharonLog, Explanation } from './log.js';

/** Somebody answers or calls, but is not who we expect or asks for somebody whom we are not. */
export function identityRule(log: CharonLog): Explanation | undefined {
  return wrongAnswerer(log) ?? unknownCaller(log);
}

function wrongAnswerer(log: CharonLog): Explanation | undefined {
  // IKEv1, then IKEv2, which names the identity earlier.
  const [is, expected] = log.find(/^IDir '(.*)' does not match to '(.*)'$/) ?? [
    log.find(/^authentication of '(.*)' with .* successful$/)?.[0],
    log.find(/^constraint check failed: identity '(.*)' required/)?.[0],
  ];
  if (is === undefined || expected === undefined) return undefined;
  return {
    cause: 'identityMismatch',
    message: `The ${log.peer} says that it is "${is}", but this connection expects "${expected}". Set remoteIdentity to what the peer says, or the peer's own identity to what is expected.`,
  };
}

function unknownCaller(log: CharonLog): Explanation | undefined {
  if (!log.has(/^no (matching )?peer config found$/)) return undefined;
  const [, asksFor, is] =
    log.find(/^looking for .*peer configs matching ([^[]*?)(?:\[(.*)\])?\.\.\..*?\[(.*)\]$/) ?? [];
  if (is === undefined) return undefined;
  const asked =
    asksFor === undefined || asksFor === '' || asksFor === '%any'
      ? ''
      : ` and looks for "${asksFor}"`;
  const expected = remoteIdentity(log.spec);
  return {
    cause: 'identityMismatch',
    message: `The ${log.peer} calls, says that it is "${is}"${asked}; this connection expects ${expected === undefined ? 'anybody' : `"${expected}"`} and is "${localIdentity(log.spec)}". Set remoteIdentity and localIdentity to what the peer says, or change the peer.`,
  };
}

/** The proof of identity failed, at our end or, which is all that IKE tells, at the other. */
export function authenticationRule(log: CharonLog): Explanation | undefined {
  const message = otherMethod(log) ?? wrongKey(log) ?? refused(log);
  return message === undefined ? undefined : { cause: 'authenticationFailed', message };
}

function otherMethod({ spec, has, peer }: CharonLog): string | undefined {
  const { method } = spec.connection.authentication;
  if (method === 'psk' && has(/^no trusted \w+ public key found for /))
    return `The ${peer} authenticates by a certificate, this connection by a pre-shared key. Choose the same at both ends.`;
  if (method === 'certificate' && has(/^(no shared key found for |tried \d+ shared keys? for )/))
    return `The ${peer} authenticates by a pre-shared key, this connection by certificates. Choose the same at both ends.`;
  return undefined;
}

function wrongKey({ find, has, peer, spec }: CharonLog): string | undefined {
  if (has(/^tried \d+ shared keys? for .*, but MAC mismatched$/))
    return `The ${peer} has another pre-shared key. Push the same secret to both ends.`;
  const [ours, theirs] = find(/^no shared key found for '(.*)' - '(.*)'$/) ?? [];
  if (ours !== undefined && theirs !== undefined)
    return `There is no pre-shared key for "${ours}" with "${theirs}". Compare localIdentity and remoteIdentity with those that the peer is set to.`;
  // IKEv1 derives the encryption from the key: with the wrong one there is nothing to read.
  if (
    spec.connection.type === 'l2tp' &&
    has(/^invalid \w+_V1 payload length, decryption failed\?$/)
  )
    return `What the ${peer} sends cannot be decrypted: it has another pre-shared key. Push the same secret to both ends.`;
  return undefined;
}

function refused(log: CharonLog): string | undefined {
  if (log.has(/^received AUTHENTICATION_FAILED (notify error|error notify)$/)) {
    const asked = remoteIdentity(log.spec);
    const who = `we say that we are "${localIdentity(log.spec)}" and ask for ${asked === undefined ? 'anybody' : `"${asked}"`}`;
    if (log.spec.connection.authentication.method === 'psk')
      return `The ${log.peer} refuses us. Compare at both ends the pre-shared key and the identities: ${who}.`;
    const own = ownCertificateProblem(log);
    if (own !== undefined) return `The ${log.peer} refuses us: ${own}. Push a new one.`;
    return `The ${log.peer} refuses us. It must trust the authority of the gateway's certificate, find it in force, and know the identities: ${who}.`;
  }
  const [constraint] = log.find(/^constraint check failed: (.*)$/) ?? [];
  return constraint === undefined
    ? undefined
    : `The ${log.peer} has not authenticated as this connection wants: ${constraint}.`;
}
