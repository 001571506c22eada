import type { Config } from './config.js';

/** What a configuration says where its file says nothing. */
export const DEFAULT_CONFIG: Config = {
  instance: 'nvgate',
  underlay: [{ name: 'underlay', device: 'underlay' }],
  external: [{ name: 'external', device: 'external' }],
  api: { host: '127.0.0.1', port: 7637, tls: true },
  stateDirectory: '/var/lib/nvgate',
  runDirectory: '/run/nvgate',
  logLevel: 'info',
  allowInsecureVpn: false,
  limits: {
    virtualSubnets: 16_384,
    lookupRecords: 1_048_576,
    customerRoutes: 262_144,
    providerPeers: 1_048_576,
  },
  reconcileIntervalSeconds: 10,
  pathMtuSeconds: 600,
  multicastPacketsPerSecond: 1000,
  receiveSteering: 'auto',
  bpfDirectory: '/sys/fs/bpf',
};
