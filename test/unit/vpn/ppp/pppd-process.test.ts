import { describe, expect, it } from 'vitest';
import { parseIpv4 } from '../../../../src/net/ip.js';
import { findPppds, peerOf, usesOptions } from '../../../../src/vpn/ppp/pppd-process.js';

const pppd = (line: string) => ({ daemon: { pid: 1, startTime: 1 }, args: line.split(' ') });

const L2TP = pppd(
  '/usr/sbin/pppd plugin pppol2tp.so pppol2tp 8 passive nodetach : file /etc/ppp/link-office.options ipparam 198.51.100.2',
);

describe('a pppd', () => {
  it('is known by its options file', () => {
    expect(usesOptions(L2TP, 'link-office.options')).toBe(true);
    expect(usesOptions(L2TP, 'link-office2.options')).toBe(false);
    expect(
      usesOptions(pppd('/usr/sbin/pppd /etc/ppp/link-office.options'), 'link-office.options'),
    ).toBe(false);
  });

  it('tells who its peer is', () => {
    expect(peerOf(L2TP)).toBe(parseIpv4('198.51.100.2'));
    expect(peerOf(pppd('/usr/sbin/pppd file x'))).toBeUndefined();
    expect(peerOf(pppd('/usr/sbin/pppd file x ipparam'))).toBeUndefined();
    expect(peerOf(pppd('/usr/sbin/pppd ipparam evil'))).toBeUndefined();
  });

  it('is not looked for in a namespace that is not there', async () => {
    const place = { directory: '/nowhere', networkNamespace: '/run/netns/nvgt-none' };
    expect(await findPppds(place)).toEqual([]);
  });
});
