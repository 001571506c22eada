import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipToBytes, ipv4FromNumber, parseIpv4 } from '../../../../src/net/ip.js';
import { deviceUp, parseInterfaces, readInterfaces } from '../../../../src/vpn/ppp/interfaces.js';

const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
   ext:    1234       9    0    0    0     0          0         0     5678      11    0    0    0     0       0          0
ppp-0123456789:      74       7    0    0    0     0          0         0      130      10    0    0    0     0       0          0
  ppp0:      74       7    0    0    0     0          0         0      130      10    0    0    0     0       0          0
`;

const HEADER =
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';

function routes(...lines: (readonly [device: string, destination: string, mask: string])[]) {
  const rows = lines.map(
    ([device, destination, mask]) =>
      `${device}\t${destination}\t00000000\t0005\t0\t0\t0\t${mask}\t0\t0\t0  `,
  );
  return parseInterfaces(DEV, [HEADER, ...rows, ''].join('\n'));
}

const named = { device: 'ppp-0123456789' };
const numbered = { remoteAddress: parseIpv4('10.255.0.2') };

describe('parseInterfaces', () => {
  it('finds all devices', () => {
    expect([...routes().devices]).toEqual(['lo', 'ext', 'ppp-0123456789', 'ppp0']);
  });

  it('reads a namespace as it is', async () => {
    const { devices } = await readInterfaces(process.pid);
    expect(devices).toContain('lo');
  });

  it('finds nothing where the process has gone', async () => {
    expect((await readInterfaces(2 ** 22 + 1)).devices.size).toBe(0);
  });
});

describe('deviceUp', () => {
  it('is the named device once something leads into it', () => {
    expect(deviceUp(routes(['ext', '00000000', '00000000']), named)).toBeUndefined();
    expect(deviceUp(routes(['ppp-0123456789', '0200FF0A', 'FFFFFFFF']), named)).toBe(
      'ppp-0123456789',
    );
  });

  it('is the numbered device that leads to the address that the peer was given', () => {
    expect(deviceUp(routes(['ppp0', '0200FF0A', 'FFFFFFFF']), numbered)).toBe('ppp0');
    expect(deviceUp(routes(['ppp0', '0300FF0A', 'FFFFFFFF']), numbered)).toBeUndefined();
    expect(deviceUp(routes(['ppp0', '0200FF0A', '00FFFFFF']), numbered)).toBeUndefined();
    expect(deviceUp(routes(['ext', '0200FF0A', 'FFFFFFFF']), numbered)).toBeUndefined();
    expect(deviceUp(routes(['ppp-ab', '0200FF0A', 'FFFFFFFF']), numbered)).toBeUndefined();
  });

  it('knows every address as the kernel prints it', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff).map(ipv4FromNumber), (remoteAddress) => {
        const [a = 0, b = 0, c = 0, d = 0] = ipToBytes(remoteAddress);
        const text = [d, c, b, a].map((byte) => byte.toString(16).padStart(2, '0')).join('');
        const seen = routes(['ppp7', text.toUpperCase(), 'FFFFFFFF']);
        expect(deviceUp(seen, { remoteAddress })).toBe('ppp7');
      }),
    );
  });
});
