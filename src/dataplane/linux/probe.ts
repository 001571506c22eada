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
    await attempt('tcpMssClamping', { file: 'nft', args: ['-f', '-'], input: SAMPLE_CLAMPING }),
    ...(await probeTunnels()),
  ];
}

/** What remote connections need. Modules are loaded by their first use, or here. */
async function probeTunnels(): Promise<FeatureProbe[]> {
  const script = (name: string, text: string, advice: string): Promise<FeatureProbe> =>
    attempt(name, { file: 'sh', args: ['-c', text] }, advice);
  return [
    await script(
      'kernelIpsec',
      `${ESP_STATE} && ip link add probe0 type xfrm if_id 1`,
      'ESP is done in user space. For the kernel to do it, load the modules esp4, esp6 and xfrm_interface.',
    ),
    await script(
      'tun',
      'modprobe -q tun 2>/dev/null; ip tuntap add dev probe0 mode tun',
      'ESP in user space needs it. Load the module tun, and let the gateway open /dev/net/tun.',
    ),
    await script(
      'ppp',
      'modprobe -q ppp_generic 2>/dev/null; test -c /dev/ppp && exec 3</dev/ppp',
      'L2TP and PPTP need it. Load the module ppp_generic, and let the gateway open /dev/ppp.',
    ),
    await script(
      'l2tp',
      'modprobe -q l2tp_ppp 2>/dev/null; test -e /proc/net/pppol2tp',
      'Load the module l2tp_ppp.',
    ),
    await script(
      'mppe',
      'modprobe -q ppp_mppe 2>/dev/null || test -d /sys/module/ppp_mppe',
      'PPTP is not taken without encryption. Load the module ppp_mppe.',
    ),
  ];
}

/** An ESP SA as remote connections use by default. */
const ESP_STATE =
  'ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 mode tunnel if_id 1 ' +
  `aead 'rfc4106(gcm(aes))' 0x${'00'.repeat(36)} 128`;

async function attempt(name: string, command: Command, advice?: string): Promise<FeatureProbe> {
  try {
    const { exitCode, stderr } = await run({
      ...command,
      file: 'unshare',
      args: ['--net', '--', command.file, ...command.args],
    });
    if (exitCode === 0) return { name, available: true };
    const said = stderr.trim() || (advice === undefined ? `exit ${exitCode}` : '');
    return { name, available: false, reason: [said, advice].filter(Boolean).join(' ') };
  } catch (error) {
    return { name, available: false, reason: messageOf(error) };
  }
}

const SAMPLE_CLAMPING = domainFirewall('probe_segments', {
  ...{ nat: undefined, guard: undefined },
  clamps: ['0.0.0.0/0', '::/0'].map((prefix) => ({
    ...{ device: 'ext', prefix: parsePrefix(prefix), limits: ['pathMtu', 1300] },
  })),
});

/** Both firewalls with every kind of rule of NAT, for addresses of one family. */
function sampleFirewalls(
  external: string,
  internal: string,
  transit: string,
  routed: string,
): string {
  const externalAddress = parseIp(external);
  const ports = [{ protocol: 'tcp', port: 80 }] as const;
  const domain = domainFirewall('probe_domain', {
    nat: {
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
    },
    guard: undefined,
  });
  const gateway = gatewayFirewall('probe_gateway', {
    externalGroup: 1,
    underlayDevices: ['lo'],
    externalDevices: ['external'],
    externalAddresses: [externalAddress],
    routedPrefixes: [parsePrefix(routed)],
    shares: [
      {
        sharedAddress: externalAddress,
        transitAddress: parseIp(transit),
        ports,
        ike: { peers: [], anyOther: false },
      },
    ],
  });
  return `${domain}\n${gateway}\n`;
}
