import { formatIp, type Ipv4 } from '../../net/ip.js';
import { shorten } from '../ike/cause/log.js';
import type { TunnelError } from '../port.js';
import type { Link } from './link.js';

/** A `TunnelError` without its time. */
export type Explanation = Omit<TunnelError, 'at'>;

/** Whom an attempt was with. */
export interface AttemptContext {
  readonly link: Pick<Link, 'type' | 'role'>;
  readonly peer: Ipv4 | undefined;
}

interface Rule {
  readonly pattern: RegExp;
  /** @param said the groups of the pattern */
  readonly explain: (said: readonly string[], context: AttemptContext) => Explanation;
}

/**
 * Why a link did not come up, or did not stay so, from what pppd and pptp have written of this
 * attempt; undefined while nothing of it is wrong, and for a link that its peer has ended in order.
 */
export function explainAttempt(
  lines: readonly string[],
  context: AttemptContext,
): Explanation | undefined {
  for (const { pattern, explain } of RULES) {
    const line = lines.find((candidate) => pattern.test(candidate));
    if (line === undefined) continue;
    const groups = pattern.exec(line)?.slice(1) ?? [];
    return explain(
      groups.map((group: string | undefined) => shorten(group ?? '')),
      context,
    );
  }
  return ended(lines, context);
}

/** The user name by which a peer tried to come in, as far as the lines tell. */
export function triedUser(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const name = USER.exec(line)?.slice(1).find(Boolean);
    if (name !== undefined) return name.replaceAll(/\\(["\\])/g, '$1');
  }
  return undefined;
}

const USER =
  /^(?:Peer (.*) failed CHAP authentication|No CHAP secret found for authenticating (.*)|(?:no PAP secret found|PAP peer authentication failed) for (.*))$/;

/** The more a message says the earlier it is looked for: most failures end in "Connection terminated". */
const RULES: readonly Rule[] = [
  {
    pattern:
      /(Couldn't open the \/dev\/ppp device|Couldn't set tty to PPP discipline|lacks kernel support for PPP|Couldn't create new ppp unit|MPPE required, but kernel has no support)/,
    explain: ([what = '']) => ({
      cause: 'daemonFailed',
      message: `The kernel of the gateway cannot do what the link needs (${what}). Load the modules ppp_generic, l2tp_ppp and, for PPTP, ppp_mppe.`,
    }),
  },
  {
    pattern: /MPPE required, but MS-CHAP/,
    explain: (_, context) => ({
      cause: 'noProposalChosen',
      message: `The ${name(context)} does not ask for MS-CHAPv2, without which there are no keys for MPPE. Require MS-CHAPv2 there.`,
    }),
  },
  {
    pattern:
      /(MPPE required but peer|MPPE disabled|Refusing MPPE stateful mode|Too many MPPE errors)/,
    explain: (_, context) => ({
      cause: 'noProposalChosen',
      message: `The ${name(context)} does not encrypt as this link has to be (MPPE, 128 bits, stateless). Allow it there.`,
    }),
  },
  {
    pattern: /MS-CHAPv2 mutual authentication failed/,
    explain: (_, context) => ({
      cause: 'authenticationFailed',
      message: `The ${name(context)} has let us in, but does not know the password itself: it may be somebody else. Look who answers there.`,
    }),
  },
  {
    pattern: /MS-CHAP authentication failed: (.*)$/,
    explain: ([reason = ''], context) => refusedUs(context, ` (${reason})`),
  },
  {
    pattern: /^(?:CHAP|PAP) authentication failed/,
    explain: (_, context) => refusedUs(context, ''),
  },
  {
    pattern: /^(?:No response to PAP authenticate-requests|CHAP authentication timed out)/,
    explain: (_, context) => ({
      cause: 'peerUnreachable',
      message: `The ${name(context)} has fallen silent while one of us proved who it is. Its log has the reason.`,
    }),
  },
  {
    pattern: USER,
    explain: (said, context) => ({
      cause: 'authenticationFailed',
      message: `The ${name(context)} calls as ${said.find(Boolean) ?? 'nobody'}, and the user name or the password is not that of the connection. Set the same at both ends.`,
    }),
  },
  {
    pattern: /^peer refused to authenticate/,
    explain: (_, context) => ({
      cause: 'noProposalChosen',
      message: `The ${name(context)} refuses to authenticate by the method of the connection. Choose one that both ends can do.`,
    }),
  },
  {
    pattern: /^LCP terminated by peer \(.*refused to authenticate.*\)/,
    explain: (_, context) => ({
      cause: 'noProposalChosen',
      message: `The ${name(context)} wants another authentication method than the connection has. Choose one that both ends can do.`,
    }),
  },
  {
    pattern:
      /(Could not determine local IP address|Peer refused to agree to our IP address|Peer is not authorized to use remote address .*)$/,
    explain: ([what = ''], context) => ({
      cause: 'other',
      message: `Gateway and ${name(context)} do not agree on the addresses of the link (${what}). Set localAddress and remoteAddress to what the peer has, or leave them to it.`,
    }),
  },
  {
    pattern: /pptp_gre_bind.*: bind: (.*)$/,
    explain: ([reason = '']) => ({
      cause: 'other',
      message: `The source address of the connection cannot be spoken from: ${reason}. It comes with the external device.`,
    }),
  },
  {
    pattern: /^\/usr\/sbin\/pppd: (.*)$/,
    explain: ([reason = '']) => ({
      cause: 'daemonFailed',
      message: `pppd does not start: ${reason}`,
    }),
  },
  {
    pattern: /\]: connect: (.*)$/,
    explain: ([reason = ''], context) => ({
      cause: 'peerUnreachable',
      message: `The ${name(context)} does not take PPTP calls: ${reason}. Look whether it runs, and let TCP port 1723 and GRE through.`,
    }),
  },
  {
    pattern: /No response to \d+ echo-requests/,
    explain: (_, context) => ({
      cause: 'peerUnreachable',
      message: `The ${name(context)} has stopped answering. Look whether it runs and the way to it is open.`,
    }),
  },
  {
    pattern: /(LCP|CCP|IPCP): timeout sending Config-Requests/,
    explain: ([protocol = ''], context) => ({
      cause: 'peerUnreachable',
      message: `The ${name(context)} does not answer ${protocol}, though something carries the link there. ${context.link.type === 'pptp' ? 'Let GRE through, both ways' : 'Its log has the reason'}.`,
    }),
  },
];

function refusedUs(context: AttemptContext, reason: string): Explanation {
  return {
    cause: 'authenticationFailed',
    message: `The ${name(context)} does not let us in${reason}: user name or password are not what it knows. Set the same at both ends.`,
  };
}

function ended(lines: readonly string[], context: AttemptContext): Explanation | undefined {
  const over = lines.some((line) => /^(Connection terminated|Modem hangup)/.test(line));
  const wasUp = lines.some((line) => /^local +IP address /.test(line));
  if (!over || wasUp) return undefined;
  const said = lines
    .map((line) => /^LCP terminated by peer \((.*)\)/.exec(line)?.[1])
    .find(Boolean);
  return {
    cause: 'other',
    message: `The ${name(context)} has ended the link before it was up${said === undefined ? '' : `, saying "${shorten(said)}"`}. Its log has the reason.`,
  };
}

/** What xl2tpd says of the tunnels to a peer, from its lines since the gateway has called. */
export function explainTunnel(
  lines: readonly string[],
  context: AttemptContext,
): Explanation | undefined {
  const { peer } = context;
  if (peer === undefined) return undefined;
  const address = formatIp(peer).replaceAll('.', String.raw`\.`);
  const closed = new RegExp(
    String.raw`onnection (?:\d+ )?closed to ${address}, port \d+ \((.*?)\)`,
  );
  const reason = lines.map((line) => closed.exec(line)?.[1]).findLast(Boolean);
  if (reason === undefined || OURS.includes(reason)) return undefined;
  return reason === 'Timeout'
    ? {
        cause: 'peerUnreachable',
        message: `The ${name(context)} does not answer L2TP, though IPsec with it is up. Look whether its L2TP server runs.`,
      }
    : {
        cause: 'other',
        message: `The ${name(context)} has closed the L2TP tunnel, saying "${shorten(reason)}". Its log has the reason.`,
      };
}

/** What xl2tpd calls its own wish to end. */
const OURS = ['Goodbye!', 'Server closing'];

function name({ peer }: AttemptContext): string {
  return peer === undefined ? 'peer' : `peer ${formatIp(peer)}`;
}
