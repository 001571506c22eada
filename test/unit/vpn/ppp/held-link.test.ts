import { describe, expect, it } from 'vitest';
import { parseIpv4 } from '../../../../src/net/ip.js';
import type { TunnelSpec } from '../../../../src/vpn/port.js';
import { createHeldLink, type HeldLink, type Sight } from '../../../../src/vpn/ppp/held-link.js';
import { planLink } from '../../../../src/vpn/ppp/plan.js';
import { calling, waiting } from './specs.js';

const PEER = parseIpv4('198.51.100.2');
const NOW = new Date('2025-11-22T12:00:00Z');

function held(spec: TunnelSpec): HeldLink {
  const { link, userName } = planLink(spec, { outerMtu: 1500, allowInsecure: true });
  const each = createHeldLink(link, () => NOW);
  each.userName = userName;
  return each;
}

function see(each: HeldLink, sight: Partial<Sight> = {}, device?: 'made' | 'up'): void {
  const name = each.link.device ?? 'ppp0';
  const route = { device: name, destination: '0200FF0A', mask: 'FFFFFFFF' };
  each.see({
    interfaces: {
      devices: new Set(device === undefined ? ['lo'] : ['lo', name]),
      routes: device === 'up' ? [route] : [],
    },
    ...{ pppd: [], carrier: [], failure: undefined, shared: false },
    ...sight,
  });
}

const FAILED = [
  'Using interface ppp-office',
  'CHAP authentication failed',
  'Connection terminated.',
];

describe('a held link', () => {
  it('is idle, tries, is up', () => {
    const each = held(calling('l2tp'));
    each.transport = PEER;
    see(each);
    expect([each.phase, each.status()]).toEqual(['idle', { up: false }]);
    see(each, {}, 'made');
    expect([each.phase, each.status()]).toEqual(['trying', { up: false }]);
    see(each, {}, 'up');
    expect([each.phase, each.status()]).toEqual([
      'up',
      { up: true, device: 'ppp-office', peerAddress: PEER },
    ]);
  });

  it('keeps the newest error until it is up', () => {
    const each = held(calling('l2tp'));
    each.transport = PEER;
    see(each, { pppd: FAILED });
    expect(each.status().error).toMatchObject({ cause: 'authenticationFailed', at: NOW });
    see(each, { pppd: ['Using interface ppp-office'] }, 'made');
    expect(each.status().error?.cause).toBe('authenticationFailed');
    see(each, { pppd: ['local  IP address 10.255.0.1'] }, 'up');
    expect(each.status().error).toBeUndefined();
    see(each, { pppd: ['No response to 4 echo-requests'] });
    expect(each.status().error?.cause).toBe('peerUnreachable');
  });

  it('leaves it to IPsec to say why there is no IPsec', () => {
    const each = held(calling('l2tp'));
    each.transport = PEER;
    see(each, { pppd: FAILED });
    each.transport = 'none';
    see(each, { failure: 'xl2tpd has ended' });
    expect(each.status()).toEqual({ up: false });
  });

  it('says that its daemon does not run', () => {
    const each = held(calling('pptp'));
    see(each, { failure: '/usr/sbin/pppd has ended. It is started again.' });
    expect(each.status().error).toMatchObject({ cause: 'daemonFailed' });
  });

  it('knows that another call has its device', () => {
    const each = held(waiting('l2tp'));
    each.transport = PEER;
    const line = "Couldn't rename interface ppp0 to ppp-office: File exists";
    see(each, { pppd: [line] }, 'up');
    expect(each.blocked).toBe(true);
    see(each, {}, 'up');
    expect(each.blocked).toBe(false);
  });

  it('takes from a common log what is about its own caller', () => {
    const each = held(waiting('pptp'));
    const of = (user: string): string[] => [
      'Using interface ppp0',
      `Peer ${user} failed CHAP authentication`,
      'Connection terminated.',
    ];
    see(each, { pppd: of('red'), shared: true });
    expect(each.status().error).toBeUndefined();
    see(each, { pppd: of('blue'), shared: true });
    expect(each.status().error?.cause).toBe('authenticationFailed');
  });

  it('shows who has called, while it is up', () => {
    const each = held(waiting('pptp', 'office', { destination: null }));
    see(each, {}, 'up');
    each.caller = PEER;
    expect(each.status()).toEqual({ up: true, device: 'ppp0', peerAddress: PEER });
    see(each);
    see(each, {}, 'up');
    expect(each.status()).toEqual({ up: true, device: 'ppp0' });
  });
});
