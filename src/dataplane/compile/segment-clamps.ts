import { isRemote, type Connection } from '../../model/connection.js';
import { formatPrefix, type Prefix } from '../../net/prefix.js';
import type { SegmentClamp } from '../segment-clamp.js';
import type { DomainView } from './domain-view.js';
import type { Environment } from './environment.js';
import { connectionRoutes } from './external-plan.js';
import { remotePrefixes } from './remote-peer.js';
import { tunnelDevice } from './tunnel-device.js';

/**
 * Where a routing domain's connections keep TCP segments short. Beside one that does, those without
 * a limit that share its device are named as well, for a longer prefix of theirs is not to be limited.
 * Where two lead to one prefix by one device, which of them carries a packet changes with their
 * tunnels: both limits count.
 */
export function segmentClamps(
  { ipsec }: Pick<Environment, 'ipsec'>,
  view: Pick<DomainView, 'domain'>,
): SegmentClamp[] {
  const clamps = new Map<string, SegmentClamp>();
  for (const connection of view.domain.connections.values()) {
    const device = isRemote(connection) ? tunnelDevice(ipsec, connection).name : 'ext';
    const limit = connection.tcpMssClamping;
    for (const prefix of destinations(connection)) {
      const key = `${device} ${formatPrefix(prefix)}`;
      const limits = clamps.get(key)?.limits ?? [];
      clamps.set(key, {
        device,
        prefix,
        limits: limit === undefined ? limits : [...limits, limit],
      });
    }
  }
  const all = [...clamps.values()];
  const limited = new Set(all.flatMap(({ device, limits }) => (limits.length > 0 ? [device] : [])));
  return all.filter(({ device }) => limited.has(device));
}

function destinations(connection: Connection): readonly Prefix[] {
  if (isRemote(connection)) return remotePrefixes(connection);
  return connectionRoutes(connection).map(({ destinationPrefix }) => destinationPrefix);
}
