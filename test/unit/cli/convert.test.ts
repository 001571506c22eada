import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { run } from './terminal.js';

const SCRIPT = [
  '$rdid = "{11111111-2222-3333-4444-000000005001}"',
  'New-NetVirtualizationLookupRecord -VirtualSubnetID 5001 -CustomerAddress 192.168.1.101 `',
  '  -ProviderAddress 10.1.1.20 -MACAddress 00155D011404 -Rule TranslationMethodEncap',
  'New-NetVirtualizationCustomerRoute -RoutingDomainID $rdid -VirtualSubnetID 5001 `',
  '  -DestinationPrefix 192.168.1.0/24 -NextHop 0.0.0.0 -Metric 255',
  'New-NetVirtualizationProviderAddress -ProviderAddress 10.1.1.40 -InterfaceIndex 2 -PrefixLength 24',
  'Get-NetAdapter',
].join('\n');

const convert = (stdin: string | Uint8Array, ...words: string[]) =>
  run(['convert', '-', ...words], { stdin });

describe('convert', () => {
  it('prints a policy that validates, and notes with their lines', async () => {
    const { exit, stdout, stderr } = await convert(SCRIPT, '--gateway-pa', '10.1.1.40');
    expect(exit).toBe(0);
    expect(stderr).toMatch(/^<stdin>:7: note: /m);
    expect(parse(stdout)).toMatchObject({
      apiVersion: 'nvgate/v1',
      routingDomains: [
        {
          id: '11111111-2222-3333-4444-000000005001',
          lookupRecords: [{ vsid: 5001, customerAddress: '192.168.1.101' }],
          customerRoutes: [{ vsid: 5001, destinationPrefix: '192.168.1.0/24' }],
        },
      ],
    });
    const validated = await run(['validate', '-'], { stdin: stdout });
    expect([validated.exit, validated.stderr]).toEqual([0, '']);
  });

  it('prints JSON if told', async () => {
    const { stdout } = await convert(SCRIPT, '-o', 'json');
    expect(JSON.parse(stdout)).toHaveProperty('apiVersion', 'nvgate/v1');
  });

  it('reads what Windows writes', async () => {
    const utf16 = Uint8Array.from([0xff, 0xfe, ...Buffer.from(SCRIPT, 'utf16le')]);
    const utf8 = Uint8Array.from([0xef, 0xbb, 0xbf, ...Buffer.from(SCRIPT)]);
    // Smart quotes of code page 1252.
    const western = Buffer.from(SCRIPT.replaceAll('"', '\u0093'), 'latin1');
    const { stdout } = await convert(SCRIPT);
    for (const bytes of [utf16, utf8, western])
      expect(await convert(bytes)).toMatchObject({ exit: 0, stdout });
  });

  it('prints no policy where lines cannot be read', async () => {
    const broken = SCRIPT.replace('-VirtualSubnetID 5001', '-VirtualSubnetID 16777215');
    const { exit, stdout, stderr } = await convert(broken);
    expect([exit, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^<stdin>:2: .*\(invalidVsid\)$/m);
  });
});
