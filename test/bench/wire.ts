import { ipJson, runIn, type Namespace } from '../support/namespace.js';

interface LinkRow {
  readonly address: string;
  readonly stats64?: { readonly rx: { readonly packets: number } };
}

async function link(namespace: Namespace, device: string, ...flags: string[]): Promise<LinkRow> {
  const [row] = (await ipJson(namespace, ...flags, 'link', 'show', 'dev', device)) as LinkRow[];
  if (row === undefined) throw new Error(`no device ${device} in ${namespace.name}`);
  return row;
}

export async function macOf(namespace: Namespace, device: string): Promise<string> {
  return (await link(namespace, device)).address;
}

/** Packets that a device has received since it was made. */
export async function receivedPackets(namespace: Namespace, device: string): Promise<number> {
  return (await link(namespace, device, '-s')).stats64?.rx.packets ?? 0;
}

/** Makes the device a sink: what arrives is counted by the device and dropped before any stack. */
export async function dropEverything(namespace: Namespace, device: string): Promise<void> {
  const table = `table netdev sink { chain ingress { type filter hook ingress device ${device} priority 0; policy drop; }; }`;
  await runIn(namespace, 'nft', [table]);
}
