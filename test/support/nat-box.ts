import { createNamespace, ip, runIn, setSysctls, type Namespace } from './namespace.js';
import { connect } from './topology.js';

export interface NatBoxOptions {
  /** Short: it names the box's device upstream. */
  readonly label: string;
  readonly upstream: Namespace;
  /** Of the router upstream on the line, a /30. */
  readonly upstreamAddress: string;
  /** Of the box on the line: what the outside sees. */
  readonly address: string;
}

/** A router that hides what is behind it. Its device towards the outside is `outside`. */
export async function createNatBox(options: NatBoxOptions): Promise<Namespace> {
  const { label, upstream, upstreamAddress, address } = options;
  const namespace = await createNamespace(label);
  await connect(
    { namespace: upstream, device: label, addresses: [`${upstreamAddress}/30`] },
    { namespace, device: 'outside', addresses: [`${address}/30`] },
  );
  await ip(namespace, `route add default via ${upstreamAddress}`);
  await setSysctls(namespace, { 'net/ipv4/ip_forward': '1' });
  await masquerade(namespace, 'outside');
  return namespace;
}

/** From now on what the router sends out of the device has the device's address as its source. */
export async function masquerade(router: Namespace, device: string): Promise<void> {
  await runIn(router, 'nft', [
    `table ip nat { chain out { type nat hook postrouting priority srcnat; ` +
      `oifname "${device}" masquerade; }; }`,
  ]);
}

export async function endMasquerade(router: Namespace): Promise<void> {
  await runIn(router, 'nft', ['delete', 'table', 'ip', 'nat']);
}

/** Lets IKE and ESP in UDP through the box to a host behind it. */
export async function forwardIpsec(box: Namespace, device: string, to: string): Promise<void> {
  await runIn(box, 'nft', [
    `table ip forwarding { chain in { type nat hook prerouting priority dstnat; ` +
      `iifname "${device}" udp dport { 500, 4500 } dnat to ${to}; }; }`,
  ]);
}
