import { describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/model/secret.js';
import { parseIp } from '../../../../src/net/ip.js';
import type { TunnelSpec } from '../../../../src/vpn/port.js';
import { planLink } from '../../../../src/vpn/ppp/plan.js';
import { optionOf, pppdWords } from './pppd-words.js';
import { calling, waiting } from './specs.js';

function optionsOf(spec: TunnelSpec): string {
  return planLink(spec, { outerMtu: 1500, allowInsecure: true }).options;
}

/** Options that stand for themselves. */
function flags(text: string, pattern: RegExp): string[] {
  return pppdWords(text).flatMap(([name = '']) => (pattern.test(name) ? [name] : []));
}

describe('the options file of a link that calls', () => {
  it.each([
    ['pap', ['refuse-chap', 'refuse-eap', 'refuse-mschap', 'refuse-mschap-v2']],
    ['chap', ['refuse-eap', 'refuse-mschap', 'refuse-mschap-v2', 'refuse-pap']],
    ['mschapv2', ['refuse-chap', 'refuse-eap', 'refuse-mschap', 'refuse-pap']],
  ] as const)('proves who it is by %s alone, and asks nobody', (method, refused) => {
    const text = optionsOf(calling('l2tp', 'office', { pointToPoint: { method } }));
    expect(flags(text, /^refuse-/).sort()).toEqual(refused);
    expect(flags(text, /^(require-|auth$|noauth$)/)).toEqual(['noauth']);
    expect(optionOf(text, 'user')).toEqual(['blue']);
    expect(optionOf(text, 'password')).toEqual(['link secret']);
  });

  it('names its device and takes the addresses that the peer gives', () => {
    const text = optionsOf(calling('l2tp', 'office', { tunnelDevice: 'ppp-0123456789' }));
    expect(optionOf(text, 'ifname')).toEqual(['ppp-0123456789']);
    expect(flags(text, /^(noipdefault|ipcp-accept-)/)).toEqual([
      ...['noipdefault', 'ipcp-accept-local', 'ipcp-accept-remote'],
    ]);
    expect(flags(text, /:/)).toEqual([]);
  });

  it('insists on an address of its own', () => {
    const localAddress = parseIp('10.255.0.9');
    const text = optionsOf(calling('l2tp', 'office', { pointToPoint: { localAddress } }));
    expect(flags(text, /:|^ipcp-accept/)).toEqual(['10.255.0.9:', 'ipcp-accept-remote']);
  });

  it('cannot be broken out of by a user name or password', () => {
    const text = optionsOf(
      calling('l2tp', 'office', {
        pointToPoint: { userName: '"\nnoauth'.replace('\n', ' '), secret: new Secret('x" #\\') },
      }),
    );
    expect(optionOf(text, 'user')).toEqual(['" noauth']);
    expect(optionOf(text, 'password')).toEqual(['x" #\\']);
    expect(flags(text, /^noauth$/)).toEqual(['noauth']);
  });

  it('leaves the routes, the lock and the log of the machine alone', () => {
    for (const text of [optionsOf(calling('l2tp')), optionsOf(waiting('pptp'))]) {
      expect(flags(text, /^(nodefaultroute|noipv6)$/).sort()).toEqual(['nodefaultroute', 'noipv6']);
      expect(flags(text, /^(lock|debug|dump|defaultroute|proxyarp|show-password)$/)).toEqual([]);
    }
  });

  it('notices a silent peer', () => {
    const text = optionsOf(calling('l2tp'));
    expect(optionOf(text, 'lcp-echo-interval')).toEqual(['5']);
    expect(optionOf(text, 'lcp-echo-failure')).toEqual(['4']);
  });

  it('has the MTU of what carries it, both ways', () => {
    for (const [type, mtu] of [
      ['l2tp', '1414'],
      ['pptp', '1456'],
    ] as const) {
      const text = optionsOf(calling(type));
      expect([optionOf(text, 'mtu'), optionOf(text, 'mru')]).toEqual([[mtu], [mtu]]);
    }
  });
});

describe('the options file of a link that waits', () => {
  it.each([
    ['pap', 'require-pap'],
    ['chap', 'require-chap'],
    ['mschapv2', 'require-mschap-v2'],
  ] as const)('lets nobody in but by %s, and proves nothing itself', (method, required) => {
    const text = optionsOf(waiting('l2tp', 'office', { pointToPoint: { method } }));
    expect(flags(text, /^(require-|auth$|noauth$)/)).toEqual(['auth', required]);
    expect(flags(text, /^refuse-/)).toHaveLength(5);
    expect(pppdWords(text).flat()).not.toContain('link secret');
  });

  it('gives both ends their addresses', () => {
    expect(flags(optionsOf(waiting('l2tp')), /:|^ipcp-accept/)).toEqual(['10.255.0.1:10.255.0.2']);
  });
});

describe('PPTP', () => {
  it('is never without MPPE of 128 bits, stateless', () => {
    for (const spec of [calling('pptp'), waiting('pptp')]) {
      const text = optionsOf(spec);
      expect(flags(text, /mppe|^noccp$/)).toEqual(['require-mppe-128', 'nomppe-stateful']);
    }
    expect(flags(optionsOf(calling('l2tp')), /mppe|^noccp$/)).toEqual(['noccp']);
  });

  it('is spoken by pptp, from the address of the connection, and again and again', () => {
    const text = optionsOf(calling('pptp'));
    expect(optionOf(text, 'pty')).toEqual([
      'exec /usr/sbin/pptp 198.51.100.2 --nolaunchpppd --nobuffer --nohostroute --localbind 203.0.113.20',
    ]);
    expect(flags(text, /^persist$/)).toEqual(['persist']);
    expect(optionOf(text, 'maxfail')).toEqual(['0']);
  });

  it('has one file for all callers, with nothing of any of them', () => {
    const text = optionsOf(waiting('pptp', 'one'));
    expect(optionsOf(waiting('pptp', 'two', { pointToPoint: { userName: 'red' } }))).toBe(text);
    expect(flags(text, /^ifname$|:/)).toEqual([]);
    expect(optionOf(text, 'name')).toEqual(['pptpd-203.0.113.20']);
  });
});
