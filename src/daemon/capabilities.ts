import type { Capabilities } from '../../provider/answer-schemas.js';
import type { LimitsConfig } from '../config/config.js';
import { innerMtu, type Environment } from '../dataplane/compile/environment.js';
import type { FeatureProbe } from '../dataplane/port.js';
import { VSID_MAX, VSID_MIN } from '../model/vsid.js';

/** What this gateway can do on this system (G6), from probes of the running kernel. */
export function capabilitiesOf(
  probes: readonly FeatureProbe[],
  environment: Environment,
  limits: LimitsConfig,
): Capabilities {
  const available = (name: string): boolean =>
    probes.some((probe) => probe.name === name && probe.available);
  const connectionTypes = [
    ...(available('networkNamespaces') && available('vethPairs') ? ['routed'] : []),
    ...(available('addressTranslation') ? ['nat'] : []),
  ];
  return {
    connectionTypes,
    vpnProtocols: [],
    authenticationMethods: [],
    encryptionAlgorithms: [],
    integrityAlgorithms: [],
    diffieHellmanGroups: [],
    perfectForwardSecrecy: [],
    ipsecDataPath: null,
    vsidRange: { min: VSID_MIN, max: VSID_MAX },
    innerMtu: innerMtu(environment),
    addressFamilies: (['ipv4', 'ipv6'] as const).filter(available),
    limits: { ...limits },
    unavailable: [
      ...probes
        .filter((probe) => !probe.available)
        .map(({ name, reason }) => ({ feature: name, reason: reason ?? 'not there' })),
      ...REMOTE_CONNECTIONS.map((feature) => ({ feature, reason: NO_REMOTE_CONNECTIONS })),
    ],
  };
}

const REMOTE_CONNECTIONS = ['ikev2', 'l2tp', 'pptp'] as const;

const NO_REMOTE_CONNECTIONS = 'This version of nvgate has no remote connections.';
