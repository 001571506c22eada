import { describe, expect, it } from 'vitest';
import { parseIpv4 } from '../../../../src/net/ip.js';
import {
  explainAttempt,
  explainTunnel,
  triedUser,
  type AttemptContext,
} from '../../../../src/vpn/ppp/cause.js';

const CALLS: AttemptContext = {
  link: { type: 'l2tp', role: 'call' },
  peer: parseIpv4('198.51.100.2'),
};
const WAITS: AttemptContext = { ...CALLS, link: { type: 'l2tp', role: 'wait' } };
const PPTP: AttemptContext = { ...CALLS, link: { type: 'pptp', role: 'call' } };

const BEGIN = ['Using interface ppp-0123456789', 'Connect: ppp-0123456789 <--> '];
const END = ['Connection terminated.', 'Modem hangup'];
const UP = ['local  IP address 10.255.0.1', 'remote IP address 10.255.0.2'];

describe('explainAttempt', () => {
  it.each([
    [
      'a wrong password of ours',
      ['CHAP authentication failed: Access denied', 'CHAP authentication failed'],
      { cause: 'authenticationFailed', message: /does not let us in.*Set the same/ },
    ],
    [
      'a wrong password of ours, by MS-CHAPv2',
      ['MS-CHAP authentication failed: E=691 Authentication failure', 'CHAP authentication failed'],
      { cause: 'authenticationFailed', message: /E=691 Authentication failure/ },
    ],
    [
      'a wrong password of ours, by PAP',
      ['Login incorrect', 'PAP authentication failed'],
      { cause: 'authenticationFailed', message: /does not let us in/ },
    ],
    [
      'a server that is not the one that knows the password',
      ['MS-CHAPv2 mutual authentication failed.', 'CHAP authentication failed'],
      { cause: 'authenticationFailed', message: /may be somebody else/ },
    ],
    [
      'a peer that wants another method',
      ['LCP terminated by peer (peer refused to authenticate)'],
      { cause: 'noProposalChosen', message: /another authentication method/ },
    ],
    [
      'a peer that says nothing',
      ['LCP: timeout sending Config-Requests'],
      { cause: 'peerUnreachable', message: /does not answer LCP/ },
    ],
    [
      'addresses that do not fit',
      ['Could not determine local IP address', 'IPCP terminated by peer'],
      { cause: 'other', message: /do not agree on the addresses/ },
    ],
    [
      'a kernel without PPP',
      ["Couldn't set tty to PPP discipline: Invalid argument"],
      { cause: 'daemonFailed', message: /Load the modules/ },
    ],
    [
      'a peer that hangs up',
      ['LCP terminated by peer (go away)'],
      { cause: 'other', message: /saying "go away"/ },
    ],
  ])('names %s', (_, lines, expected) => {
    const { cause, message } = explainAttempt([...BEGIN, ...lines, ...END], CALLS) ?? {};
    expect(cause).toBe(expected.cause);
    expect(message).toMatch(expected.message);
    if (cause !== 'daemonFailed') expect(message).toContain('peer 198.51.100.2');
  });

  it.each([
    ['Peer blue failed CHAP authentication', /calls as blue/],
    ['No CHAP secret found for authenticating red', /calls as red/],
    ['PAP peer authentication failed for blue', /calls as blue/],
    ['no PAP secret found for red', /calls as red/],
  ])('names a caller that was turned away: %s', (line, message) => {
    const found = explainAttempt([...BEGIN, line, ...END], WAITS);
    expect(found?.cause).toBe('authenticationFailed');
    expect(found?.message).toMatch(message);
  });

  it.each([
    'MPPE required but peer negotiation failed',
    'MPPE required but peer refused',
    'MPPE disabled, closing LCP',
    'Refusing MPPE stateful mode offered by peer',
  ])('names a peer that does not encrypt: %s', (line) => {
    const found = explainAttempt([...BEGIN, ...UP, line, ...END], PPTP);
    expect(found).toMatchObject({ cause: 'noProposalChosen' });
    expect(found?.message).toContain('MPPE');
  });

  it.each(['Connection refused', 'Connection timed out', 'No route to host'])(
    'names a PPTP peer that cannot be reached: %s',
    (reason) => {
      const line = `anon warn[open_inetsock:pptp_callmgr.c:352]: connect: ${reason}`;
      const found = explainAttempt([...BEGIN, line, ...END], PPTP);
      expect(found).toMatchObject({ cause: 'peerUnreachable' });
      expect(found?.message).toContain(reason);
    },
  );

  it('tells a link that has died from one that was ended', () => {
    const silent = ['No response to 4 echo-requests', 'Serial link appears to be disconnected.'];
    expect(explainAttempt([...BEGIN, ...UP, ...silent, ...END], CALLS)?.cause).toBe(
      'peerUnreachable',
    );
    const ended = ['LCP terminated by peer (User request)'];
    expect(explainAttempt([...BEGIN, ...UP, ...ended, ...END], CALLS)).toBeUndefined();
  });

  it('finds nothing wrong with one that goes on', () => {
    expect(explainAttempt(BEGIN, CALLS)).toBeUndefined();
    expect(explainAttempt([...BEGIN, ...UP], CALLS)).toBeUndefined();
  });

  it('says nothing at length that a stranger has said', () => {
    const line = `LCP terminated by peer (\u001b[2J${'x'.repeat(5000)})`;
    const { message = '' } = explainAttempt([...BEGIN, line, ...END], CALLS) ?? {};
    expect(message.length).toBeLessThan(1000);
    expect(message).not.toContain('\u001b');
  });
});

describe('triedUser', () => {
  it('is the name that pppd spells out', () => {
    expect(triedUser([...BEGIN, 'Peer a\\"b\\\\c failed CHAP authentication'])).toBe('a"b\\c');
    expect(triedUser([...BEGIN, ...UP])).toBeUndefined();
  });
});

describe('explainTunnel', () => {
  const closed = (reason: string): string =>
    `xl2tpd[7]: Connection 0 closed to 198.51.100.2, port 1701 (${reason})`;

  it('names a peer that does not speak L2TP', () => {
    expect(explainTunnel([closed('Timeout')], CALLS)).toMatchObject({
      ...{ cause: 'peerUnreachable', message: expect.stringContaining('L2TP') as string },
    });
  });

  it('repeats what the peer gives as its reason', () => {
    const line =
      'xl2tpd[7]: control_finish: Connection closed to 198.51.100.2, port 1701 (No Authorization), Local: 1, Remote: 2';
    expect(explainTunnel([line], CALLS)?.message).toContain('No Authorization');
  });

  it('does not take our own end, or that of another peer, for a failure', () => {
    expect(explainTunnel([closed('Goodbye!'), closed('Server closing')], CALLS)).toBeUndefined();
    expect(explainTunnel([closed('Timeout').replace('100.2', '100.22')], CALLS)).toBeUndefined();
  });
});
