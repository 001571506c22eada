import type { ForwardingTables } from '../model/forwarding-table.js';
import type { RoutingDomainId } from '../model/routing-domain-id.js';
import { decap } from './decap.js';
import { encap } from './encap.js';
import type { DecapResult, EncapResult } from './outcome.js';

/** A frame as one of the two BPF programs gets it. */
export type Arrival = UnderlayArrival | DomainArrival;

/** Received by an underlay device: `decap`'s. */
export interface UnderlayArrival {
  readonly from: 'underlay';
  readonly frame: Uint8Array;
}

/** Left a routing domain by `vnet`: `encap`'s. */
export interface DomainArrival {
  readonly from: 'domain';
  readonly domain: RoutingDomainId;
  readonly frame: Uint8Array;
  /** 32 bits of the flow (`flow-hash`). */
  readonly flowHash: number;
}

/** What becomes of a frame, whichever program gets it. */
export function forward(arrival: Arrival, tables: ForwardingTables): DecapResult | EncapResult {
  switch (arrival.from) {
    case 'underlay':
      return decap(arrival.frame, tables);
    case 'domain':
      return encap(arrival.frame, arrival.domain, tables, arrival.flowHash);
  }
}
