import type { Problem } from '../../src/errors.js';
import type { PolicyDocument } from '../schemas.js';

/** One page of a list; `next` is the `after` of the following one, absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** GET /v1/policy, with the revision that it stands for (its ETag). */
export interface PolicyReading {
  readonly revision: number;
  readonly policy: PolicyDocument;
}

/** A push is stored. */
export interface Pushed {
  readonly revision: number;
  readonly warnings: readonly Problem[];
}

/** One event of GET /v1/events; `data` as the gateway sends it. */
export interface GatewayEvent {
  readonly type: string;
  readonly id?: string;
  readonly data: unknown;
}
