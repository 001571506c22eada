import type { GatewayAnswer } from '../../../provider/answer-schemas.js';
import { demand, type Check } from '../check.js';
import { ask, nvgate } from '../nvgate.js';

export const countersCheck: Check = {
  id: 'counters',
  title: 'What the gateway says of it all',
  async run(stage, say) {
    await nvgate(stage, say, ['counters']);
    await nvgate(stage, say, ['status']);
    const { health, revision, reconcile } = await ask<GatewayAnswer>(stage, ['status']);
    demand(reconcile.failures.length === 0, JSON.stringify(reconcile.failures));
    demand(health === 'ok', `health is ${health}`);
    demand(reconcile.revision === revision, `The kernel has revision ${reconcile.revision}.`);
    return { detail: `health ok, policy revision ${revision} is in the kernel` };
  },
};
