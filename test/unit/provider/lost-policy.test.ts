import { describe, expect, it } from 'vitest';
import type { GatewayAnswer } from '../../../provider/answer-schemas.js';
import { BLUE, examplePolicy, startHarness, type Harness } from './harness.js';

const LOST = {
  keptAs: '/var/lib/nvgate/policy.mdb.corrupt-20260131T235900Z',
  reason: 'page 7: torn',
};

/** A gateway whose store was damaged: its kernel has something, its policy is empty. */
describe('a gateway that has lost its policy', () => {
  async function gatewayOf(harness: Harness): Promise<GatewayAnswer> {
    return (await harness.call('GET', '/v1/gateway')).json as GatewayAnswer;
  }

  it('says so, why, and what to do', async () => {
    const { health, reconcile } = await gatewayOf(await startHarness(LOST));
    expect(health).toBe('degraded');
    expect(reconcile.failures).toEqual([
      {
        reason: expect.stringContaining(`(page 7: torn) and is kept as ${LOST.keptAs}.`) as string,
      },
    ]);
  });

  it('refuses changes, and takes a whole policy, which ends it', async () => {
    const harness = await startHarness(LOST);
    const refusal = { status: 409, json: { code: 'policyLost' } };
    const route = `/v1/routing-domains/${BLUE}`;
    expect(await harness.call('PATCH', '/v1/policy', { body: { changes: [] } })).toMatchObject(
      refusal,
    );
    expect(await harness.call('PUT', route, { body: { id: BLUE } })).toMatchObject(refusal);
    expect(await harness.call('DELETE', route)).toMatchObject(refusal);
    expect(harness.place.revision).toBe(0);

    expect((await harness.call('PUT', '/v1/policy', { body: examplePolicy() })).status).toBe(200);
    expect(await gatewayOf(harness)).toMatchObject({ revision: 1, reconcile: { failures: [] } });
    expect((await harness.call('PUT', route, { body: { id: BLUE } })).status).toBe(200);
  });

  it('is ended by an empty policy too', async () => {
    const harness = await startHarness(LOST);
    const body = { apiVersion: 'nvgate/v1' };
    expect((await harness.call('PUT', '/v1/policy', { body })).json).toMatchObject({ revision: 1 });
    expect(harness.policy.lost()).toBeUndefined();
  });

  it('is not ended by a policy that is refused, or that cannot be stored', async () => {
    const harness = await startHarness(LOST);
    const wrong = { apiVersion: 'nvgate/v1', routingDomains: [{ id: 'no' }] };
    expect((await harness.call('PUT', '/v1/policy', { body: wrong })).status).toBe(422);
    harness.place.failure = new Error('no space left');
    const answer = await harness.call('PUT', '/v1/policy', { body: examplePolicy() });
    expect(answer).toMatchObject({ status: 503, json: { code: 'storeUnavailable' } });
    expect(harness.policy.lost()).toEqual(LOST);
    expect((await gatewayOf(harness)).health).toBe('degraded');
  });
});
