import { expect, it } from 'vitest';
import type { GatewayEvent } from '../../../provider/context.js';
import { createEventHub, gatewayEvent } from '../../../src/daemon/event-hub.js';
import { policyRef } from '../../../src/model/policy-ref.js';
import { BLUE } from '../../support/policy-of.js';

it('tells every listener until it leaves', () => {
  const hub = createEventHub();
  const first: GatewayEvent[] = [];
  const second: GatewayEvent[] = [];
  const leave = hub.subscribe((event) => first.push(event));
  hub.subscribe((event) => second.push(event));
  hub.emit({ type: 'revision', revision: 1 });
  leave();
  hub.emit({ type: 'revision', revision: 2 });
  expect(first).toEqual([{ type: 'revision', revision: 1 }]);
  expect(second).toEqual([
    { type: 'revision', revision: 1 },
    { type: 'revision', revision: 2 },
  ]);
});

it('names the policy object of a failure by its API path', () => {
  const owner = policyRef.routingDomain(BLUE);
  expect(gatewayEvent({ type: 'failed', owner, reason: 'no room' })).toEqual({
    type: 'failure',
    ref: `routing-domains/${BLUE}`,
    reason: 'no room',
  });
  expect(gatewayEvent({ type: 'failed', reason: 'no kernel' })).toEqual({
    type: 'failure',
    reason: 'no kernel',
  });
  expect(gatewayEvent({ type: 'synchronized', revision: 3, operations: 5, failures: 0 })).toEqual({
    type: 'synchronized',
    revision: 3,
  });
});
