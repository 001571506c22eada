import pino from 'pino';
import { EMPTY_POLICY } from '../src/model/policy.js';
import { buildApp } from './app.js';
import type { ProviderContext } from './context.js';

/** The API's description as OpenAPI 3.1, without a gateway behind it. */
export async function openapiDocument(): Promise<object> {
  const app = buildApp(ABSENT_GATEWAY);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

function absent(): never {
  throw new Error('There is no gateway behind the description of the API.');
}

const ABSENT_GATEWAY: ProviderContext = {
  gateway: { name: 'nvgate', version: '1', startedAt: new Date(0) },
  policy: {
    current: () => ({ revision: 0, policy: EMPTY_POLICY }),
    replace: absent,
    change: absent,
    lost: () => undefined,
    onPush: absent,
  },
  tunnels: { stateOf: absent, securityAssociations: absent },
  underlay: { pathMtus: absent, peerProblems: absent },
  status: { status: absent, stateOf: absent, synchronized: absent },
  environment: {
    underlay: [],
    external: [],
    limits: { virtualSubnets: 0, lookupRecords: 0, customerRoutes: 0, providerPeers: 0 },
    vpn: {
      unavailable: {},
      authenticationMethods: [],
      encryptionAlgorithms: [],
      integrityAlgorithms: [],
      diffieHellmanGroups: [],
      cipherTransformations: [],
      authenticationTransformations: [],
      perfectForwardSecrecy: [],
      allowInsecure: false,
    },
  },
  capabilities: absent,
  trace: absent,
  counters: absent,
  events: { subscribe: () => () => undefined },
  token: '',
  log: pino({ level: 'silent' }),
};
