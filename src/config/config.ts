/** What `nvgate run --config FILE` reads, every default filled in (config/nvgate.yaml explains each key). */
export interface Config {
  /** Prefix of everything this gateway owns on the machine: namespaces, pin directory, nft tables. */
  readonly instance: string;
  /** Devices that lead to the NVE hosts; a policy names them by `name`. The first is the default. */
  readonly underlay: readonly DeviceConfig[];
  /** Devices that lead to the physical network and the internet. The first is the default. */
  readonly external: readonly DeviceConfig[];
  readonly api: ApiConfig;
  /** Holds the policy store, the API certificate and the bearer token. */
  readonly stateDirectory: string;
  /** Directories of the VPN daemons, below `<runDirectory>/<instance>`; lost at a reboot, as they are. */
  readonly runDirectory: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /** Whether PPTP and weak IPsec algorithms may be pushed. */
  readonly allowInsecureVpn: boolean;
  readonly limits: LimitsConfig;
  /** Seconds between full comparisons of the kernel with the policy, beside what the kernel tells. */
  readonly reconcileIntervalSeconds: number;
  /** Seconds that a router's word on a path MTU counts (N9). */
  readonly pathMtuSeconds: number;
  /** Broadcast and multicast packets that may leave for each virtual subnet (N10). */
  readonly multicastPacketsPerSecond: number;
  /**
   * Whether processors share what the underlay and external devices receive: `auto` where a device
   * has one receive queue, `always` also where it has more.
   */
  readonly receiveSteering: 'auto' | 'always' | 'never';
  /** A mounted bpf file system; the maps are pinned below `<bpfDirectory>/<instance>`. */
  readonly bpfDirectory: string;
}

export interface DeviceConfig {
  readonly name: string;
  /** Linux device in the gateway's namespace. */
  readonly device: string;
}

export interface ApiConfig {
  readonly host: string;
  readonly port: number;
  /** PEM files of the operator's own certificate; self-made in the state directory if absent. */
  readonly certificateFile?: string;
  readonly keyFile?: string;
  /** Off only for a loopback listener. */
  readonly tls: boolean;
}

/** How much the packet path has room for. */
export interface LimitsConfig {
  readonly virtualSubnets: number;
  readonly lookupRecords: number;
  readonly customerRoutes: number;
  readonly providerPeers: number;
}
