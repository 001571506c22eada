import { createWireEnd } from '../bench/topology/wire-end.js';
import { ip, runIn, setSysctls, type Namespace } from './namespace.js';
import {
  createRewritingHost,
  type RewritePair,
  type RewritingHostOptions,
} from './rewriting-host.js';

export interface RewritingNveOptions extends RewritingHostOptions {
  /** In 192.168.N.0/24, virtual subnet `firstVsid` + N. */
  readonly vm: RewritePair & { readonly macAddress: string };
  readonly firstVsid: number;
  /** The gateway that the VM's packets go to, on the host's segment. */
  readonly nvgreGateway: {
    readonly providerAddress: string;
    /** Of its underlay device. */
    readonly underlayMac: string;
    /** Of its address in the virtual subnet. */
    readonly macAddress: string;
  };
}

/** What NVGRE leaves of an underlay of 1500 bytes. */
const INNER_MTU = 1458;
/** Some 64 KiB; with NVGRE's 42 bytes still a length that IPv4 can tell. */
const LONGEST = 65_400;

/**
 * A host that sends what its VM sends to the gateway in NVGRE, and takes what comes rewritten (N13).
 * Its kernel rewrites in both directions, as it must to keep track of the connections; but what it
 * has rewritten stays here, and a copy of what the VM sent leaves in NVGRE, which the device adds
 * as a NIC does. Segmentation and checksums are left to the devices.
 */
export async function createRewritingNve(
  options: RewritingNveOptions,
): Promise<{ readonly host: Namespace; readonly vm: Namespace }> {
  const { vm: pair, firstVsid, nvgreGateway } = options;
  const { host, vm } = await createRewritingHost(options);
  await ip(vm, `link set eth0 mtu ${INNER_MTU} gso_max_size ${LONGEST}`);
  // The copy has the VM's Ethernet header: it is for the host and for the gateway.
  await ip(host, `link set vm address ${nvgreGateway.underlayMac}`);
  // The gateway answers from the address that the host holds for its VM.
  await setSysctls(host, { 'net/ipv4/conf/uplink/accept_local': '1' });
  await runIn(host, 'nft', [copies(pair)]);
  // What stays here does not expire here: the host is no hop.
  await runIn(host, 'nft', [
    'table ip stay { chain in { type filter hook prerouting priority raw; iifname "vm" ip ttl set 64; }; }',
  ]);
  await createWireEnd(
    { namespace: host, device: 'uplink' },
    {
      providerAddress: pair.providerAddress,
      gatewayProviderAddress: nvgreGateway.providerAddress,
      firstVsid,
      vmMac: pair.macAddress,
      gatewayMac: nvgreGateway.macAddress,
    },
  );
  return { host, vm };
}

/** Of IPv4 nothing else leaves. */
function copies({ customerAddress }: RewritePair): string {
  return [
    'table netdev nve {',
    'chain in { type filter hook ingress device vm priority 0;',
    `ip saddr ${customerAddress} ip daddr != 224.0.0.0/4 dup to uplink; };`,
    'chain out { type filter hook egress device uplink priority 0;',
    `ip saddr != ${customerAddress} drop; }; }`,
  ].join(' ');
}
