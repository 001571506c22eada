import { ipJson, type Namespace } from '../../support/namespace.js';

/** What the devices of a namespace have received since they were made. */
export interface Received {
  readonly packets: number;
  /** With Ethernet headers. */
  readonly bytes: number;
}

/** Part of what `ip -json -statistics link` answers of a device. */
interface LinkRow {
  readonly ifname: string;
  readonly stats64: { readonly rx: Received };
}

export async function readReceived(namespace: Namespace): Promise<Received> {
  return sumReceived((await ipJson(namespace, '-statistics', 'link')) as LinkRow[]);
}

export function sumReceived(rows: readonly LinkRow[]): Received {
  let [packets, bytes] = [0, 0];
  for (const { ifname, stats64 } of rows) {
    if (ifname === 'lo') continue;
    packets += stats64.rx.packets;
    bytes += stats64.rx.bytes;
  }
  return { packets, bytes };
}

/** Of what came between two readings; not a number where nothing came. */
export function bytesPerPacket(before: Received, after: Received): number {
  return (after.bytes - before.bytes) / (after.packets - before.packets);
}
