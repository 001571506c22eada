import { createNamespace, ipJson, setSysctls, type Namespace } from '../../support/namespace.js';

/** A namespace whose kernel says nothing by itself: no IPv6. */
export async function createQuietNamespace(label: string): Promise<Namespace> {
  const namespace = await createNamespace(label);
  await setSysctls(namespace, {
    'net/ipv6/conf/all/disable_ipv6': '1',
    'net/ipv6/conf/default/disable_ipv6': '1',
  });
  return namespace;
}

export async function createRouter(label: string): Promise<Namespace> {
  const namespace = await createQuietNamespace(label);
  await setSysctls(namespace, {
    ...{ 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/all/rp_filter': '0' },
    'net/ipv4/conf/default/rp_filter': '0',
  });
  return namespace;
}

export async function macOf(namespace: Namespace, device: string): Promise<string> {
  const [row] = (await ipJson(namespace, 'link', 'show', 'dev', device)) as { address: string }[];
  if (row === undefined) throw new Error(`no device ${device} in ${namespace.name}`);
  return row.address;
}

export async function macBytes(namespace: Namespace, device: string): Promise<Uint8Array> {
  return Buffer.from((await macOf(namespace, device)).replaceAll(':', ''), 'hex');
}
