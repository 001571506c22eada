import { messageOf } from '../../errors.js';
import { parseIp } from '../../net/ip.js';
import { parsePrefix } from '../../net/prefix.js';
import { domainFirewall } from '../firewall.js';
import { gatewayFirewall } from '../gateway-firewall.js';
import type { FeatureProbe } from '../port.js';
import { run, type Command } from './run.js';

/**
 * Finds out by trying, each in a new network namespace that ends with the attempt: nothing of the
 * machine is touched.
 */
export async function probe(): Promise<FeatureProbe[]> {
  return [
    await attempt('networkNamespaces', { file: 'true', args: [] }),
    await attempt('vethPairs', {
      file: 'ip',
      args: ['link', 'add', 'name', 'probe0', 'type', 'veth', 'peer', 'name', 'probe1'],
    }),
    await attempt('ipv4', { file: 'ip', args: ['address', 'add', '192.0.2.1/32', 'dev', 'lo'] }),
    await attempt('ipv6', { file: 'ip', args: ['address', 'add', '2001:db8::1/128', 'dev', 'lo'] }),
    await attempt('addressTranslation', {
      file: 'nft',
      args: ['-f', '-'],
      input: sampleFirewalls('203.0.113.1', '192.168.1.1', '169.254.1.1', '192.168.0.0/16'),
    }),
    await attempt('addressTranslationIpv6', {
      file: 'nft',
      args: ['-f', '-'],
      input: sampleFirewalls('2001:db8::1', 'fd00::1', 'fd01::1', '2001:db8:1::/48'),
    }),
  ];
}

async function attempt(name: string, command: Command): Promise<FeatureProbe> {
  try {
    const { exitCode, stderr } = await run({
      ...command,
      file: 'unshare',
      args: ['--net', '--', command.file, ...command.args],
    });
    if (exitCode === 0) return { name, available: true };
    return { name, available: false, reason: stderr.trim() || `exit ${exitCode}` };
  } catch (error) {
    return { name, available: false, reason: messageOf(error) };
  }
}

/** Both firewalls with every kind of rule, for addresses of one family. */
function sampleFirewalls(
  external: string,
  internal: string,
  transit: string,
  routed: string,
): string {
  const externalAddress = parseIp(external);
  const ports = [{ protocol: 'tcp', port: 80 }] as const;
  const domain = domainFirewall('probe_domain', {
    destinations: [{ prefix: parsePrefix(routed), translation: externalAddress }],
    portForwards: [
      {
        protocol: 'tcp',
        externalAddress,
        externalPort: 80,
        internalAddress: parseIp(internal),
        internalPort: 80,
      },
    ],
  });
  const gateway = gatewayFirewall('probe_gateway', {
    externalGroup: 1,
    underlayDevices: ['lo'],
    externalDevices: ['external'],
    externalAddresses: [externalAddress],
    routedPrefixes: [parsePrefix(routed)],
    shares: [{ sharedAddress: externalAddress, transitAddress: parseIp(transit), ports }],
  });
  return `${domain}\n${gateway}\n`;
}
