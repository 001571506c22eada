import { X509Certificate } from 'node:crypto';
import type { CharonLog, Explanation } from './log.js';

/** The peer's certificate, or what is known of it, was not good enough for us. */
export function certificateRule(log: CharonLog): Explanation | undefined {
  if (log.spec.connection.authentication.method !== 'certificate') return undefined;
  return (
    strictnessRule(log) ??
    (log.has(/^no trusted \w+ public key found for /) ? untrusted(log) : undefined)
  );
}

/** Only with `revocation: strict`. */
function strictnessRule(log: CharonLog): Explanation | undefined {
  const [, state] = log.find(/^constraint check failed: RULE_(CRL|OCSP)_VALIDATION is (\w+)/) ?? [];
  if (state === undefined) return undefined;
  const why =
    state === 'STALE'
      ? 'its revocation list has expired. Push a newer one'
      : state === 'FAILED'
        ? 'no revocation list and no OCSP responder that it names could be reached. Let the routing domain reach them, or push a revocation list'
        : 'it names no revocation list and no OCSP responder. Push a revocation list that its authority has issued';
  return {
    cause: 'certificateUntrusted',
    message: `The ${log.peer} has a certificate of which nobody says that it is not revoked: ${why}. With revocation "relaxed" it would do.`,
  };
}

function untrusted(log: CharonLog): Explanation {
  const certificate = quoted(log, /^ +using certificate "(.*)"$/);
  const [revokedOn, reason] = log.find(/^certificate was revoked on (.*), reason: (.*)$/) ?? [];
  if (revokedOn !== undefined)
    return {
      cause: 'certificateRevoked',
      message: `The ${log.peer} has a certificate${certificate} that its authority has revoked on ${revokedOn} (${reason}). The peer needs a new one.`,
    };
  const [whose, from, to] =
    log.find(/^(subject|issuer) certificate invalid \(valid from (.*) to (.*)\)$/) ?? [];
  if (whose !== undefined)
    return {
      cause: 'certificateExpired',
      message: `The ${log.peer} has a certificate${certificate}${whose === 'issuer' ? ' of an authority' : ''} that is only valid from ${from} to ${to}. Renew it, or set the clocks.`,
    };
  const issuer = quoted(log, /^ +issuer is "(.*)"$/);
  if (issuer !== '' || log.has(/^self-signed certificate ".*" is not trusted$/))
    return {
      cause: 'certificateUntrusted',
      message: `The ${log.peer} has a certificate${certificate} of an authority${issuer} that this connection does not trust. Add its certificate to certificateAuthorities, or give the peer one of a trusted authority.`,
    };
  return notFound(log);
}

/** charon had no certificate to try: none came, or none with that identity. */
function notFound(log: CharonLog): Explanation {
  const identity = quoted(log, /^no trusted \w+ public key found for '(.*)'$/);
  const received = quoted(log, /^received end entity cert "(.*)"$/);
  if (received === '')
    return {
      cause: 'certificateUntrusted',
      message: `The ${log.peer} calls itself${identity} but has sent no certificate. Make it send one.`,
    };
  return log.has(/^ +using certificate /)
    ? {
        cause: 'certificateUntrusted',
        message: `The ${log.peer} has a certificate${received} that could not be verified. Look at its signatures and at those of its authorities.`,
      }
    : {
        cause: 'identityMismatch',
        message: `The ${log.peer} calls itself${identity}, but its certificate${received} does not. Set remoteIdentity to a name in the certificate (subject or subjectAltName), and the peer's own identity too.`,
      };
}

/** ` "text"`, or nothing. */
function quoted(log: CharonLog, pattern: RegExp): string {
  const [text] = log.find(pattern) ?? [];
  return text === undefined ? '' : ` "${text}"`;
}

/** What is wrong with our own certificate as far as its text tells; the peer does not say. */
export function ownCertificateProblem({ spec, now = new Date() }: CharonLog): string | undefined {
  const { authentication } = spec.connection;
  if (authentication.method === 'psk' || !('certificate' in authentication.credential))
    return undefined;
  const { validFrom, validTo } = new X509Certificate(authentication.credential.certificate);
  return now < new Date(validFrom) || now > new Date(validTo)
    ? `the gateway's certificate is only valid from ${validFrom} to ${validTo}`
    : undefined;
}
