import type { Capabilities } from '../../provider/answer-schemas.js';
import type { LimitsConfig } from '../config/config.js';
import { innerMtu, type Environment } from '../dataplane/compile/environment.js';
import type { FeatureProbe } from '../dataplane/port.js';
import type { RemoteConnectionType } from '../model/remote-connection.js';
import { INSECURE, type VpnSupport } from '../model/vpn-support.js';
import { VSID_MAX, VSID_MIN } from '../model/vsid.js';

/**
 * What this gateway can do on this system (G6), from probes of the running kernel and of its VPN
 * daemons. What is weak is listed under `insecure` and nowhere else, allowed or not.
 */
export function capabilitiesOf(
  probes: readonly FeatureProbe[],
  environment: Environment,
  limits: LimitsConfig,
  vpn: VpnSupport,
): Capabilities {
  const available = (name: string): boolean =>
    probes.some((probe) => probe.name === name && probe.available);
  const secure = vpnLists(vpn, (insecure) => !insecure);
  const insecure = vpnLists(vpn, (insecure) => insecure);
  return {
    connectionTypes: [
      ...(available('networkNamespaces') && available('vethPairs') ? ['routed'] : []),
      ...(available('addressTranslation') ? ['nat'] : []),
      ...secure.vpnProtocols,
      ...(vpn.allowInsecure ? insecure.vpnProtocols : []),
    ],
    ...secure,
    authenticationMethods: [...vpn.authenticationMethods],
    insecure: { allowed: vpn.allowInsecure, ...insecure },
    ipsecDataPath: vpn.dataPath ?? null,
    vsidRange: { min: VSID_MIN, max: VSID_MAX },
    innerMtu: innerMtu(environment),
    addressFamilies: (['ipv4', 'ipv6'] as const).filter(available),
    limits: { ...limits },
    unavailable: [
      ...probes
        .filter((probe) => !probe.available)
        .map(({ name, reason }) => ({ feature: name, reason: reason ?? 'not there' })),
      ...Object.entries(vpn.unavailable).map(([feature, reason]) => ({ feature, reason })),
    ],
  };
}

const VPN_PROTOCOLS: readonly RemoteConnectionType[] = ['ikev2', 'l2tp', 'pptp'];

/** The protocols and algorithms of the system that are weak, or those that are not. */
function vpnLists(vpn: VpnSupport, wanted: (insecure: boolean) => boolean) {
  const list = <Name extends string>(names: readonly Name[], weak: readonly Name[]): Name[] =>
    names.filter((name) => wanted(weak.includes(name)));
  return {
    vpnProtocols: list(
      VPN_PROTOCOLS.filter((type) => vpn.unavailable[type] === undefined),
      INSECURE.types,
    ),
    encryptionAlgorithms: list(vpn.encryptionAlgorithms, INSECURE.encryptionAlgorithms),
    integrityAlgorithms: list(vpn.integrityAlgorithms, INSECURE.integrityAlgorithms),
    diffieHellmanGroups: list(vpn.diffieHellmanGroups, INSECURE.diffieHellmanGroups),
    cipherTransformations: list(vpn.cipherTransformations, INSECURE.cipherTransformations),
    authenticationTransformations: list(
      vpn.authenticationTransformations,
      INSECURE.authenticationTransformations,
    ),
    perfectForwardSecrecy: list(vpn.perfectForwardSecrecy, INSECURE.perfectForwardSecrecy),
  };
}
