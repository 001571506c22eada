import { createHost } from './host.js';
import { ip, runIn, setSysctls, type Namespace } from './namespace.js';
import { connect, type Segment } from './topology.js';

/** A CA and the PA that stands for it (N13). */
export interface RewritePair {
  readonly customerAddress: string;
  readonly providerAddress: string;
}

export interface RewritingHostOptions {
  readonly label: string;
  readonly segment: Segment;
  readonly vm: RewritePair;
  /** Whom the VM talks to. */
  readonly peer: RewritePair;
  /** The VM's gateway, which the host answers for. */
  readonly gateway: string;
}

/**
 * A host whose own kernel does IP Rewrite for one VM: nftables and conntrack, which nobody here
 * wrote. The VM knows customer addresses only.
 */
export async function createRewritingHost(
  options: RewritingHostOptions,
): Promise<{ readonly host: Namespace; readonly vm: Namespace }> {
  const { label, segment, vm, peer, gateway } = options;
  const host = await createHost({
    ...{ label, segment, device: 'uplink' },
    addresses: [`${vm.providerAddress}/24`],
  });
  const guest = await createHost({ label: `${label}-vm`, segment: lineTo(host, gateway) });
  await ip(
    guest,
    `address add ${vm.customerAddress}/24 dev eth0`,
    `route add ${peer.customerAddress} via ${gateway}`,
  );
  await ip(host, `route add ${vm.customerAddress} dev vm`);
  await setSysctls(host, {
    'net/ipv4/ip_forward': '1',
    'net/ipv4/conf/all/send_redirects': '0',
    'net/ipv4/conf/vm/send_redirects': '0',
  });
  await runIn(host, 'nft', [rules(vm, peer)]);
  return { host, vm: guest };
}

/** The VM's device is on a line of its own, `vm` at the host's end. */
function lineTo(host: Namespace, gateway: string): Segment {
  return {
    namespace: host,
    attach: (port) =>
      connect(port, { namespace: host, device: 'vm', addresses: [`${gateway}/32`] }),
  };
}

function rules(vm: RewritePair, peer: RewritePair): string {
  const at = ({ customerAddress, providerAddress }: RewritePair): [string, string] => [
    customerAddress,
    providerAddress,
  ];
  const [vmCa, vmPa] = at(vm);
  const [peerCa, peerPa] = at(peer);
  return [
    'table ip rewrite {',
    'chain in { type nat hook prerouting priority dstnat;',
    `iifname "vm" ip daddr ${peerCa} dnat to ${peerPa};`,
    `iifname "uplink" ip saddr ${peerPa} ip daddr ${vmPa} dnat to ${vmCa}; };`,
    'chain out { type nat hook postrouting priority srcnat;',
    `oifname "uplink" ip saddr ${vmCa} snat to ${vmPa};`,
    `oifname "vm" ip saddr ${peerPa} snat to ${peerCa}; }; }`,
  ].join(' ');
}
