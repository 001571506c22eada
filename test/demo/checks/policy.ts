import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { PolicyDocument } from '../../../provider/schemas.js';
import { createDirectory } from '../../support/namespace.js';
import { scenePolicy } from '../../support/scene-policy.js';
import { demand, type Check } from '../check.js';
import { ask, nvgate } from '../nvgate.js';

export const policyCheck: Check = {
  id: 'policy',
  title: 'Push the policy of both tenants through the provider API',
  async run(stage, say) {
    const file = join(createDirectory('demo'), 'policy.yaml');
    writeFileSync(file, stringify(scenePolicy()));
    await nvgate(stage, say, ['apply', '-f', file, '--wait']);
    await nvgate(stage, say, ['get', 'lookup-records']);
    await nvgate(stage, say, ['get', 'connections']);
    await stage.scene.warmGateway();

    const { routingDomains = [] } = await ask<PolicyDocument>(stage, ['get', 'routing-domains']);
    const objects = routingDomains.flatMap((domain) => [
      ...(domain.virtualSubnets ?? []),
      ...(domain.lookupRecords ?? []),
      ...(domain.customerRoutes ?? []),
      ...(domain.connections ?? []),
    ]);
    const waiting = objects.filter(({ state }) => state?.configuration !== 'synchronized');
    demand(objects.length === 16, `The gateway has ${objects.length} objects instead of 16.`);
    demand(waiting.length === 0, `Not in the kernel: ${JSON.stringify(waiting)}`);
    return { detail: `one push, ${objects.length} objects, all synchronized with the kernel` };
  },
};
