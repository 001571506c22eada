import { Type } from 'typebox';
import type { LimitsConfig } from './config.js';
import { DEFAULT_CONFIG } from './defaults.js';

/*
 * The configuration's keys and what each may be. It validates the file and fills in the defaults,
 * and config/nvgate.schema.json is generated from it for editors.
 */

const closed = { additionalProperties: false } as const;

const DeviceSchema = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
      description:
        'What a policy calls the device: letters, digits, dots, dashes and underscores, a letter or digit first',
    }),
    device: Type.String({
      pattern: '^[^/\\s]{1,15}$',
      description:
        'Linux device in the network namespace of the gateway: at most 15 characters, no slash, no space',
    }),
  },
  closed,
);

const FilePath = (description: string) => Type.String({ minLength: 1, description });

const Limit = (of: keyof LimitsConfig, description: string) =>
  Type.Integer({
    minimum: 1,
    maximum: 16_777_216,
    default: DEFAULT_CONFIG.limits[of],
    description,
  });

export const ConfigSchema = Type.Object(
  {
    instance: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,14}$',
      default: DEFAULT_CONFIG.instance,
      description:
        'Prefix of everything that this gateway owns on the machine: small letters, digits and dashes, a letter first, at most 15 characters',
    }),
    underlay: Type.Array(DeviceSchema, {
      minItems: 1,
      default: DEFAULT_CONFIG.underlay,
      description: 'Devices that lead to the NVE hosts; the first is the default',
    }),
    external: Type.Array(DeviceSchema, {
      minItems: 1,
      default: DEFAULT_CONFIG.external,
      description: 'Devices that lead to the physical network; the first is the default',
    }),
    api: Type.Object(
      {
        host: Type.String({
          minLength: 1,
          default: DEFAULT_CONFIG.api.host,
          description: 'Address or name that the provider API listens on',
        }),
        port: Type.Integer({
          minimum: 1,
          maximum: 65_535,
          default: DEFAULT_CONFIG.api.port,
          description: 'TCP port of the provider API',
        }),
        certificateFile: Type.Optional(
          FilePath('PEM certificate chain; self-made in the state directory if absent'),
        ),
        keyFile: Type.Optional(FilePath('PEM key of certificateFile')),
        tls: Type.Boolean({
          default: DEFAULT_CONFIG.api.tls,
          description: 'May be false only on a loopback host',
        }),
      },
      { ...closed, default: {}, description: 'The provider API' },
    ),
    stateDirectory: Type.String({
      pattern: '^/',
      default: DEFAULT_CONFIG.stateDirectory,
      description: 'Absolute path; holds the policy store, the certificate and the bearer token',
    }),
    runDirectory: Type.String({
      pattern: '^/',
      default: DEFAULT_CONFIG.runDirectory,
      description:
        'Absolute path; holds sockets and settings of the VPN daemons, nothing that must last',
    }),
    logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
      default: DEFAULT_CONFIG.logLevel,
      description: 'Least severe message that is logged',
    }),
    allowInsecureVpn: Type.Boolean({
      default: DEFAULT_CONFIG.allowInsecureVpn,
      description:
        'Accept VPN protocols and algorithms that are known to be weak (PPTP, DES, 3DES, MD5, SHA1, DH groups 1 and 2)',
    }),
    limits: Type.Object(
      {
        virtualSubnets: Limit('virtualSubnets', 'Virtual subnets, all routing domains together'),
        lookupRecords: Limit('lookupRecords', 'Lookup records'),
        customerRoutes: Limit('customerRoutes', 'Customer routes'),
        providerPeers: Limit('providerPeers', 'Pairs of routing domain and provider address'),
      },
      { ...closed, default: {}, description: 'How much the packet path has room for' },
    ),
    reconcileIntervalSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: DEFAULT_CONFIG.reconcileIntervalSeconds,
      description: 'Seconds between full comparisons of the kernel with the policy',
    }),
    pathMtuSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: DEFAULT_CONFIG.pathMtuSeconds,
      description:
        'Seconds until a path MTU that a router has reported is tried to be exceeded again',
    }),
    multicastPacketsPerSecond: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: DEFAULT_CONFIG.multicastPacketsPerSecond,
      description:
        'Broadcast and multicast packets that may leave for each virtual subnet in a second, before they are copied',
    }),
    receiveSteering: Type.Enum(['auto', 'always', 'never'], {
      default: DEFAULT_CONFIG.receiveSteering,
      description:
        'Hand packets that underlay and external devices receive to all processors, by flow: where a device has one receive queue (auto), always, or never',
    }),
    shortWay: Type.Boolean({
      default: DEFAULT_CONFIG.shortWay,
      description:
        'Forward packets of routed and NAT connections past the kernel where it would forward them the same; its own forwarding rules do not see them',
    }),
    bpfDirectory: Type.String({
      pattern: '^/',
      default: DEFAULT_CONFIG.bpfDirectory,
      description: 'Absolute path of a mounted bpf file system; maps are pinned below it',
    }),
  },
  { ...closed, title: 'nvgate configuration' },
);
