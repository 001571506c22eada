import { describe, expect, test } from 'vitest';
import { parseMetric } from '../../bench/control/daemon-figures.js';
import { between, busiestShare, parseProcStat, total } from '../../bench/load/processors.js';
import { bytesPerPacket, sumReceived } from '../../bench/load/received.js';
import { parseRoundTrips } from '../../bench/load/round-trip.js';

const BEFORE = `cpu  300 0 60 9000 0 4 26 0 0 0
cpu0 100 10 40 4000 0 1 20 0 0 0
cpu1 190 0 20 5000 0 3 6 0 0 0
intr 12345
`;
const AFTER = `cpu  0 0 0 0 0 0 0 0 0 0
cpu0 200 10 140 4000 0 1 320 0 0 0
cpu1 290 0 120 5000 0 3 106 0 0 0
`;

describe('what the benchmark reads', () => {
  test('processor time by processor, in seconds', () => {
    expect(parseProcStat(BEFORE)).toEqual([
      { user: 1.1, system: 0.4, interrupt: 0.21 },
      { user: 1.9, system: 0.2, interrupt: 0.09 },
    ]);
  });

  test('the work between two readings, and who did most of it', () => {
    const work = between(parseProcStat(BEFORE), parseProcStat(AFTER));
    expect(total(work, ({ user }) => user)).toBeCloseTo(2);
    expect(total(work, ({ interrupt }) => interrupt)).toBeCloseTo(4);
    expect(busiestShare(work, ({ interrupt }) => interrupt)).toBeCloseTo(0.75);
  });

  test('bytes a packet of what all devices but lo have received meanwhile', () => {
    const row = (ifname: string, packets: number, bytes: number) => ({
      ...{ ifname, stats64: { rx: { packets, bytes } } },
    });
    const before = sumReceived([row('lo', 7, 700), row('wire', 10, 1_000), row('vnet', 1, 50)]);
    expect(before).toEqual({ packets: 11, bytes: 1_050 });
    const after = sumReceived([row('lo', 9, 900), row('wire', 13, 181_000), row('vnet', 1, 50)]);
    expect(bytesPerPacket(before, after)).toBe(60_000);
  });

  test('round trips of ping in µs', () => {
    const output = `PING 203.0.113.100 (203.0.113.100) 18(46) bytes of data.
26 bytes from 203.0.113.100: icmp_seq=1 ttl=62 time=0.041 ms
26 bytes from 203.0.113.100: icmp_seq=2 ttl=62 time=1.25 ms

--- 203.0.113.100 ping statistics ---
2 packets transmitted, 2 received, 0% packet loss, time 1ms
rtt min/avg/max/mdev = 0.041/0.645/1.250/0.604 ms
`;
    expect(parseRoundTrips(output)).toEqual([41, 1250]);
  });

  test('a metric without labels', () => {
    const text = `# HELP nodejs_eventloop_lag_max_seconds The maximum
nodejs_eventloop_lag_max_seconds_other 9
nodejs_eventloop_lag_max_seconds 0.0131
`;
    expect(parseMetric(text, 'nodejs_eventloop_lag_max_seconds')).toBe(0.0131);
    expect(() => parseMetric(text, 'nodejs_none')).toThrow('exports no nodejs_none');
  });
});
