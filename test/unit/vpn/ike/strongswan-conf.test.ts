import { expect, test } from 'vitest';
import { strongswanConf } from '../../../../src/vpn/ike/strongswan-conf.js';

const userSpace = strongswanConf({ dataPath: 'userSpace', directory: '/run/nvgate/vpn/blue' });
const kernel = strongswanConf({ dataPath: 'kernel', directory: '/run/nvgate/vpn/blue' });

test('the VICI socket is in the directory', () => {
  expect(userSpace).toContain('socket = "unix:///run/nvgate/vpn/blue/charon.vici"');
});

test('user space ESP comes before the kernel’s, which the other data path has alone', () => {
  expect(plugins(userSpace)).toEqual(expect.arrayContaining(['kernel-libipsec', 'kernel-netlink']));
  expect(plugins(userSpace).indexOf('kernel-libipsec')).toBeLessThan(
    plugins(userSpace).indexOf('kernel-netlink'),
  );
  expect(plugins(kernel)).not.toContain('kernel-libipsec');
  expect(plugins(kernel)).toContain('kernel-netlink');
});

test('routes are ours: charon makes none that a packet sees, and heeds no change of ours', () => {
  expect(userSpace).toMatch(/^ {2}install_routes = no$/m);
  expect(userSpace).toMatch(/^ {2}process_route = no$/m);
  expect(userSpace).toMatch(/^ {6}roam_events = no$/m);
  expect(userSpace).toMatch(/^ {6}fwmark = 0xfffffffe$/m);
});

test('a silent peer is given up, and asked often enough to be found soon after it is back', () => {
  const [first, base, limit, tries] = ['timeout', 'base', 'limit', 'tries'].map((name) =>
    Number(new RegExp(`retransmit_${name} = (\\S+)`).exec(userSpace)?.[1]),
  ) as [number, number, number, number];
  const pauses = Array.from({ length: tries + 1 }, (_, n) => Math.min(limit, first * base ** n));
  expect(pauses.reduce((sum, pause) => sum + pause)).toBe(27.5);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(6);
});

test('braces are balanced, whatever the directory is called', () => {
  const odd = strongswanConf({ dataPath: 'kernel', directory: '/run/a "b\\c' });
  expect(odd).toContain('socket = "unix:///run/a \\"b\\\\c/charon.vici"');
  expect(odd.split('{').length).toBe(odd.split('}').length);
});

function plugins(conf: string): string[] {
  return (/^ {2}load = (.*)$/m.exec(conf)?.[1] ?? '').split(' ');
}
