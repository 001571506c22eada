import type { ErrorCode } from '../errors.js';
import type { ProviderAddress } from '../model/addresses.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Ipv4 } from '../net/ip.js';
import type { KernelObject } from './kernel-object.js';

/** What to look at: everything, or the gateway's own part and some routing domains. */
export type Scope =
  'all' | { readonly gateway: boolean; readonly domains: ReadonlySet<RoutingDomainId> };

export interface Operation {
  /** `add` for what is not there, `change` for what is there otherwise, `remove` for what nobody wants. */
  readonly action: 'add' | 'change' | 'remove';
  readonly object: KernelObject;
}

export interface OperationFailure {
  readonly operation: Operation;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Packets and bytes with one verdict, since the data plane was first made. */
export interface CounterReading {
  /** 0 where the packet named no VSID of ours. */
  readonly vsid: number;
  /** Number of the verdict (`forwarding/verdict`). */
  readonly verdict: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** What the underlay carries to a peer, as a router on the way has said to the gateway (N9). */
export interface PathMtuReading {
  readonly providerAddress: ProviderAddress;
  /** Bytes of outer packet. */
  readonly mtu: number;
  /** Who said so. */
  readonly router: Ipv4;
  /** Since it was last said. */
  readonly ageSeconds: number;
}

/** Packets of one peer that are not NVGRE as it should be (N11). */
export interface PeerProblemReading {
  readonly providerAddress: ProviderAddress;
  /** Number of the problem (`forwarding/peer-problem`). */
  readonly problem: number;
  readonly packets: bigint;
  /** Since the last of them, to the second. */
  readonly ageSeconds: number;
}

/** What the packet path says of itself, as it happens. It may miss one; the readings do not. */
export type DataPlaneEvent =
  | { readonly kind: 'pathMtu'; readonly providerAddress: ProviderAddress }
  /** At most once a second for each peer and problem. */
  | {
      readonly kind: 'peerProblem';
      readonly providerAddress: ProviderAddress;
      readonly problem: number;
    };

/** One thing that a kernel may lack. */
export interface FeatureProbe {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available, and what to do. */
  readonly reason?: string;
}

/**
 * The packet path and everything else that the gateway owns in the kernel. Implementations find
 * out what is there by looking, never by remembering, and touch nothing that is not theirs.
 */
export interface DataPlane {
  /** All objects of ours in the scope, as the kernel has them now. */
  observe(scope: Scope): Promise<KernelObject[]>;
  /**
   * Applies operations in their order. "Already there" and "already gone" are success. One that
   * fails is reported and does not stop those that do not need it.
   */
  apply(operations: readonly Operation[]): Promise<OperationFailure[]>;
  /** The routing domains of which the kernel has a namespace or a device, wanted or not. */
  domains(): Promise<ReadonlySet<RoutingDomainId>>;
  /**
   * Calls the listener when the kernel tells that something in parts of ours was changed, by
   * whomever: `apply` is told of as well. Of some things the kernel tells nobody (`changeMonitor`
   * among the probes says whether it tells of any); they are found by looking. Returns the function
   * that ends it.
   */
  onChange(listener: (scope: Scope) => void): () => void;
  counters(): Promise<CounterReading[]>;
  /** All that has been learned and not forgotten, however old, also by processes before this one. */
  pathMtus(): Promise<PathMtuReading[]>;
  forgetPathMtus(providerAddresses: readonly ProviderAddress[]): Promise<void>;
  peerProblems(): Promise<PeerProblemReading[]>;
  /** Calls the listener from now on; there may be one. Returns the function that ends it. */
  onEvent(listener: (event: DataPlaneEvent) => void): () => void;
  probe(): Promise<FeatureProbe[]>;
  /** MTU of the underlay and external devices, by configured name; absent when the device is. */
  deviceMtu(): Promise<ReadonlyMap<string, number>>;
  /** Lets go of handles. What is in the kernel stays and goes on forwarding. */
  close(): Promise<void>;
}
