import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PolicyDocument } from '../../provider/schemas.js';
import { kernelSnapshot } from '../support/kernel-snapshot.js';
import { lostOf, ping, startPing } from '../support/ping.js';
import { eventually } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const SYNCHRONIZED = { waitSeconds: 60 };

/** Packets go on whatever becomes of the disk; pushes are refused while they cannot be kept. */
describe('a state directory that cannot be written', () => {
  let lab: TenantLab;
  let disk: SmallDisk;
  let controller: Controller;

  beforeAll(async () => {
    lab = await createTenantLab({ red: '192.168.1' });
    disk = mountSmallDisk(lab.gateway.stateDirectory, 2);
    await lab.gateway.start();
    controller = createController(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(policy(), SYNCHRONIZED);
    await lab.host.warm('10.1.1.40');
  });

  afterAll(cleanUp);

  /** The policy with so many more records, all at the PA of the host. */
  function policy(records = 0): PolicyDocument {
    const document = lab.policy({
      red: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' }],
    });
    const [subnet] = document.routingDomains?.[0]?.virtualSubnets ?? [];
    subnet?.prefixes.push('10.0.0.0/16');
    for (let index = 0; index < records; index++)
      document.routingDomains?.[0]?.lookupRecords?.push({
        ...{ vsid: lab.tenant('red').vsid, providerAddress: lab.host.providerAddress },
        customerAddress: `10.0.${1 + (index >> 8)}.${index & 255}`,
        ...{ macAddress: '00-15-5D-01-14-99', vmName: `vm-${'x'.repeat(200)}-${index}` },
      });
    return document;
  }

  async function refused(push: () => Promise<unknown>): Promise<void> {
    const running = startPing(lab.tenant('red').vm, lab.external.address, { interval: 0.01 });
    await running.answered(5);
    const before = await controller.client.policy();
    const kernel = await kernelSnapshot(lab.namespace, lab.gateway);
    await expect(push()).rejects.toMatchObject({ status: 503, code: 'storeUnavailable' });
    expect(await controller.client.policy()).toEqual(before);
    expect(await kernelSnapshot(lab.namespace, lab.gateway)).toEqual(kernel);
    expect((await controller.client.gateway()).health).toBe('ok');
    expect(lostOf(await running.stop())).toEqual([]);
  }

  async function accepted(document: PolicyDocument): Promise<void> {
    const { revision } = await controller.client.replacePolicy(document, SYNCHRONIZED);
    expect((await controller.client.gateway()).revision).toBe(revision);
    expect((await ping(lab.tenant('red').vm, lab.external.address)).received).toBe(3);
  }

  test('a full disk: the push is refused, packets go on, and with room pushes work again', async () => {
    disk.fill();
    await refused(() => controller.client.replacePolicy(policy(5_000)));
    // Once more: the first refusal has left nothing behind.
    await refused(() => controller.client.replacePolicy(policy(5_000)));
    disk.makeRoom();
    await accepted(policy(500));
    await accepted(policy());
  });

  test('nvgate apply says so', async () => {
    disk.fill();
    const { status, stdout, stderr } = await lab.gateway.cli(
      ['apply', '-f', '-', '--replace'],
      JSON.stringify(policy(5_000)),
    );
    disk.makeRoom();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('(storeUnavailable)');
  });

  test('a crash on a full disk: the policy is there after it, and nothing has changed', async () => {
    const before = await controller.client.policy();
    const kernel = await kernelSnapshot(lab.namespace, lab.gateway);
    disk.fill();
    await lab.gateway.stop('SIGKILL');
    await lab.gateway.start();
    await eventually('the kernel is compared', async () =>
      (await controller.client.gateway()).reconcile.revision === before.revision ? true : undefined,
    );
    expect((await controller.client.policy()).revision).toBe(before.revision);
    expect(await kernelSnapshot(lab.namespace, lab.gateway)).toEqual(kernel);
    await refused(() => controller.client.replacePolicy(policy(5_000)));
    disk.makeRoom();
    await accepted(policy(10));
  });

  test('a store that somebody has moved away: refused until it is back', async () => {
    const store = join(lab.gateway.stateDirectory, 'policy.mdb');
    renameSync(store, `${store}.away`);
    await refused(() => controller.client.replacePolicy(policy(20)));
    renameSync(`${store}.away`, store);
    await accepted(policy(20));
  });
});
