import type { QuickMode } from '../../model/ipsec.js';
import type { Ikev2Connection } from '../../model/remote-connection.js';
import type { IpsecDataPath } from '../../model/vpn-support.js';
import { familyOf, type IpFamily } from '../../net/ip.js';
import { defaultPrefix, formatPrefix, prefixFamily, type Prefix } from '../../net/prefix.js';
import type { ViciInput } from '../vici/message.js';
import { safeLifeTime, safeVolume } from './life-time.js';
import { espProposal } from './proposals.js';
import type { IpsecTunnelSpec } from './tunnel.js';

/** RFC 2661 section 8.1; `dynamic` are the ends of the IKE SA. */
const L2TP_SELECTOR = 'dynamic[udp/1701]';

/** The number of selectors is one byte (RFC 7296 section 3.13). */
const MOST_SELECTORS = 255;

/** The section of the connection's one child in `load-conn`. */
export function child(spec: IpsecTunnelSpec, dataPath: IpsecDataPath): ViciInput {
  const { connection, interfaceId } = spec;
  return {
    mode: connection.type === 'l2tp' ? 'transport' : 'tunnel',
    ...selectors(spec, dataPath),
    esp_proposals: [espProposal(connection.quickMode, connection.mainMode)],
    ...lifeTime(connection.quickMode),
    start_action: 'none',
    close_action: 'none',
    dpd_action: 'clear',
    ...(dataPath === 'kernel' && { replay_window: String(KERNEL_REPLAY_WINDOW) }),
    ...interfaceIds(interfaceId, dataPath),
  };
}

/**
 * User space does not look at interface ids, but charon gives SAs with equal selectors one request
 * id unless their interface ids differ, and libipsec picks the outbound SA by request id alone.
 */
function interfaceIds(interfaceId: number | undefined, dataPath: IpsecDataPath): ViciInput {
  if (dataPath === 'userSpace') return { if_id_in: '%unique', if_id_out: '%unique' };
  if (interfaceId === undefined) return {};
  return { if_id_in: String(interfaceId), if_id_out: String(interfaceId) };
}

/** Packets: several CPUs encrypt, so that order is lost more than the default of 32 bears. */
const KERNEL_REPLAY_WINDOW = 1024;

function selectors(spec: IpsecTunnelSpec, dataPath: IpsecDataPath): ViciInput {
  const { connection } = spec;
  if (connection.type === 'l2tp') return { local_ts: [L2TP_SELECTOR], remote_ts: [L2TP_SELECTOR] };
  const { local, remote } =
    connection.trafficSelectors ?? routeBasedSelectors(spec, connection, dataPath);
  return { local_ts: local.map(formatPrefix), remote_ts: remote.map(formatPrefix) };
}

/**
 * Everything, in the families that the VM network has. In user space all tunnels of a routing
 * domain share one device, and their selectors are what tells which tunnel a packet is for: there
 * the remote side is where the connection's routes lead.
 */
function routeBasedSelectors(
  spec: IpsecTunnelSpec,
  connection: Ikev2Connection,
  dataPath: IpsecDataPath,
): { readonly local: readonly Prefix[]; readonly remote: readonly Prefix[] } {
  const everything = families(spec).map(defaultPrefix);
  const destinations = connection.routes.map((route) => route.destinationPrefix);
  const byRoutes =
    dataPath === 'userSpace' && destinations.length > 0 && destinations.length <= MOST_SELECTORS;
  return { local: everything, remote: byRoutes ? destinations : everything };
}

function families(spec: IpsecTunnelSpec): readonly IpFamily[] {
  const present = new Set(spec.customerPrefixes.map(prefixFamily));
  if (present.size === 0) present.add(familyOf(spec.localAddress));
  return [...present].sort();
}

function lifeTime({ saLifeTimeSeconds, saLifeTimeKiloBytes }: QuickMode): ViciInput {
  const time = safeLifeTime(saLifeTimeSeconds);
  const volume =
    saLifeTimeKiloBytes === undefined ? undefined : safeVolume(saLifeTimeKiloBytes * 1024);
  return {
    rekey_time: `${time.renew}s`,
    rand_time: `${time.spread}s`,
    life_time: `${time.end}s`,
    ...(volume && {
      rekey_bytes: String(volume.renew),
      rand_bytes: String(volume.spread),
      life_bytes: String(volume.end),
    }),
  };
}
