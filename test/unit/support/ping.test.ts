import { expect, it } from 'vitest';
import { parsePing } from '../../support/ping.js';

it('reads answers, duplicates and losses', () => {
  const output = `PING 192.168.1.102 (192.168.1.102) 56(84) bytes of data.
64 bytes from 192.168.1.102: icmp_seq=1 ttl=64 time=0.526 ms
64 bytes from 192.168.1.102: icmp_seq=1 ttl=64 time=0.528 ms (DUP!)

--- 192.168.1.102 ping statistics ---
3 packets transmitted, 1 received, +1 duplicates, 66.6667% packet loss, time 113ms
`;
  const expected = { transmitted: 3, received: 1, duplicates: 1, errors: [], output };
  expect(parsePing(output)).toEqual(expected);
});

it('reads ICMP errors and the path MTU in them', () => {
  const result = parsePing(`PING 192.168.1.101 (192.168.1.101) 1472(1500) bytes of data.
From 203.0.113.2 icmp_seq=1 Frag needed and DF set (mtu = 1458)
ping: local error: message too long, mtu=1458

--- 192.168.1.101 ping statistics ---
2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 51ms
`);
  expect(result).toMatchObject({ transmitted: 2, received: 0, mtu: 1458 });
  expect(result.errors).toEqual([
    { from: '203.0.113.2', message: 'Frag needed and DF set (mtu = 1458)' },
  ]);
});

it('reads the sender of an IPv6 error', () => {
  const result = parsePing(`PING fd00::1(fd00::1) 1452 data bytes
From fd00:0:0:1::1 icmp_seq=1 Packet too big: mtu=1438

--- fd00::1 ping statistics ---
1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms
`);
  expect(result.errors).toEqual([{ from: 'fd00:0:0:1::1', message: 'Packet too big: mtu=1438' }]);
  expect(result.mtu).toBe(1438);
});

it('refuses what has no summary', () => {
  expect(() => parsePing('ping: nowhere: Name or service not known')).toThrow('no summary');
});
