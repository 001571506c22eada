import type { FastifyBaseLogger } from 'fastify';
import type { PeerProblem } from '../src/forwarding/peer-problem.js';
import type { TraceQuery, TraceResult } from '../src/forwarding/trace-result.js';
import type { PolicyEnvironment } from '../src/policy/environment.js';
import type { PolicyService } from '../src/policy/service.js';
import type { StatusSource } from '../src/reconcile/status.js';
import type { Capabilities } from './answer-schemas.js';
import type { TunnelSource, TunnelState } from './tunnels.js';
import type { UnderlaySource } from './underlay.js';

/** Everything that the provider API asks of the gateway. */
export interface ProviderContext {
  readonly gateway: GatewayInfo;
  readonly policy: PolicyService;
  readonly status: StatusSource;
  readonly tunnels: TunnelSource;
  readonly underlay: UnderlaySource;
  /** Configured devices, limits and what the system supports: what a policy may name. */
  readonly environment: PolicyEnvironment;
  /** What the running system supports now (G6). */
  capabilities(): Capabilities | Promise<Capabilities>;
  /** @throws NvgateError */
  trace(query: TraceQuery): TraceResult | Promise<TraceResult>;
  counters(): Promise<readonly CounterReading[]>;
  readonly events: EventSource;
  /** The bearer token that every call must carry. */
  readonly token: string;
  readonly log: FastifyBaseLogger;
}

export interface GatewayInfo {
  readonly name: string;
  readonly version: string;
  readonly startedAt: Date;
}

/** Packets and bytes with one verdict, since the data plane was first made. */
export interface CounterReading {
  /** 0 where the packet named no virtual subnet of ours. */
  readonly vsid: number;
  /** Number of the verdict (`forwarding/verdict`). */
  readonly verdict: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** What happens at the gateway, as it happens. */
export type GatewayEvent =
  /** A push was stored. */
  | { readonly type: 'revision'; readonly revision: number }
  /** A revision was brought to the kernel, failures included. */
  | { readonly type: 'synchronized'; readonly revision: number }
  /** An object could not be made; `ref` is its path below /v1, absent for the gateway itself. */
  | { readonly type: 'failure'; readonly ref?: string; readonly reason: string }
  /** What had failed is in the kernel now, or nobody wants it any more. */
  | { readonly type: 'recovered'; readonly ref: string }
  /** Objects were missing or wrong in the kernel that no push had touched; the first few by name. */
  | { readonly type: 'repaired'; readonly count: number; readonly objects: readonly string[] }
  /** A remote connection has come to another state; `ref` is its path below /v1. */
  | {
      readonly type: 'connection';
      readonly ref: string;
      readonly state: TunnelState;
      readonly since: Date;
      /** Of the failure that led there. */
      readonly cause?: string;
      readonly reason?: string;
    }
  /**
   * A router says that the way to a peer carries less; without `mtu`: the word of it has become too
   * old, and packets of full size are tried again.
   */
  | {
      readonly type: 'pathMtu';
      readonly providerAddress: string;
      readonly mtu?: number;
      readonly router?: string;
    }
  /** A peer sends what is not NVGRE as it should be; at most once a second for each peer and problem. */
  | {
      readonly type: 'peerProblem';
      readonly providerAddress: string;
      readonly problem: PeerProblem;
      /** What it does and what to do. */
      readonly message: string;
    };

export interface EventSource {
  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: GatewayEvent) => void): () => void;
}
