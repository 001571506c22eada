import type { RoutingDomainId } from '../model/routing-domain-id.js';
import type { Vsid } from '../model/vsid.js';
import type { DropReason, Verdict } from './verdict.js';

/** A verdict of a packet that went on. */
export type ForwardVerdict = Exclude<Verdict, DropReason>;

/** The VSID that a packet is counted under; 0 where it named none of ours. */
export type CountedVsid = Vsid | 0;

/** Not ours: the kernel goes on with it as if nobody had looked. */
export interface Passed {
  readonly kind: 'pass';
}

export interface Dropped {
  readonly kind: 'dropped';
  readonly reason: DropReason;
  readonly vsid: CountedVsid;
}

export interface Forwarded {
  readonly kind: 'forwarded';
  readonly verdict: ForwardVerdict;
  readonly vsid: CountedVsid;
  readonly out: Out;
  /**
   * What leaves, from the Ethernet header on. The outermost Ethernet addresses are zero: towards
   * the underlay the kernel fills them in, towards a routing domain nobody reads them.
   */
  readonly frame: Uint8Array;
}

/** Sent as several packets that differ in the outer destination (N10). */
export interface Replicated {
  readonly kind: 'replicated';
  readonly verdict: 'copyEncapsulated';
  readonly vsid: Vsid;
  readonly out: Out;
  /** At least one. */
  readonly frames: readonly Uint8Array[];
  /** Hosts that get none. */
  readonly leftOut: number;
}

export type Out =
  /** Into the routing domain, by `vnet`. */
  | { readonly device: 'domain'; readonly domain: RoutingDomainId }
  /** Into the routing domain, by `ext`. */
  | { readonly device: 'ext'; readonly domain: RoutingDomainId }
  /** External device, by its name in the configuration. */
  | { readonly device: 'external'; readonly name: string }
  /** Underlay device, by its name in the configuration. */
  | { readonly device: 'underlay'; readonly name: string }
  /** Back out of the device that the packet came from. */
  | { readonly device: 'ingress' };

export type DecapResult = Passed | Dropped | Forwarded;
export type EncapResult = Dropped | Forwarded | Replicated;

export const PASSED: Passed = { kind: 'pass' };

export function dropped(reason: DropReason, vsid: CountedVsid = 0): Dropped {
  return { kind: 'dropped', reason, vsid };
}
