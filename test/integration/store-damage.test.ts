import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFaultyDisk, type FaultyDisk } from '../support/faulty-disk.js';
import { kernelSnapshot } from '../support/kernel-snapshot.js';
import { createDirectory } from '../support/namespace.js';
import { lostOf, ping, startPing } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';
import type { PolicyDocument } from '../../provider/schemas.js';

const SYNCHRONIZED = { waitSeconds: 60 };

/** A disk that loses what was written, or reports errors: packets go on, and nothing is half there. */
describe('a store that is damaged', () => {
  let lab: TenantLab;
  let controller: Controller;
  let policy: PolicyDocument;
  let file: string;
  let backup: string;
  let disk: FaultyDisk;

  beforeAll(async () => {
    lab = await createTenantLab({ red: '192.168.1' }, { reconcileIntervalSeconds: 1 });
    policy = lab.policy({
      red: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' }],
    });
    file = join(lab.gateway.stateDirectory, 'policy.mdb');
    const directory = createDirectory('disk');
    backup = join(directory, 'backup');
    disk = createFaultyDisk(directory, file);
    await lab.gateway.start();
    controller = createController(lab.namespace, lab.gateway);
    await controller.client.replacePolicy(policy, SYNCHRONIZED);
    await lab.host.warm('10.1.1.40');
  });

  afterAll(cleanUp);

  const kernel = (): Promise<unknown> => kernelSnapshot(lab.namespace, lab.gateway);

  test('is found at start: the kernel keeps what it has until a whole policy is pushed', async () => {
    await lab.gateway.nvgate(['backup', backup]);
    const before = await kernel();
    const running = startPing(lab.tenant('red').vm, lab.external.address, { interval: 0.01 });
    await running.answered(5);
    await lab.gateway.stop('SIGKILL');
    writeFileSync(file, 'damaged');
    await lab.gateway.start();

    const { health, revision, reconcile } = await controller.client.gateway();
    expect([health, revision]).toEqual(['degraded', 0]);
    const [kept] = readdirSync(lab.gateway.stateDirectory).filter((name) =>
      name.startsWith('policy.mdb.corrupt-'),
    );
    expect(reconcile.failures).toEqual([
      { reason: expect.stringContaining(kept ?? 'no file was kept') as string },
    ]);
    expect(await lab.gateway.nvgate(['status'])).toContain('The stored policy was damaged');
    expect(lab.gateway.log()).toContain('The stored policy was damaged');
    const events = controller.client.events();
    await events.next();
    expect((await events.next()).value).toMatchObject({ type: 'failure' });
    await events.return();

    // Another start does not make it forget, and neither touches the kernel.
    await lab.gateway.stop();
    await lab.gateway.start();
    expect((await controller.client.gateway()).health).toBe('degraded');
    await expect(controller.client.providerAddresses.delete('10.1.1.40')).rejects.toMatchObject({
      status: 409,
      code: 'policyLost',
    });
    expect(await kernel()).toEqual(before);

    await controller.client.replacePolicy(policy, SYNCHRONIZED);
    expect(await controller.client.gateway()).toMatchObject({ health: 'ok', revision: 1 });
    expect(await kernel()).toEqual(before);
    expect(lostOf(await running.stop())).toEqual([]);
  });

  test('a backup brings back what was there, and the kernel is brought to it', async () => {
    const before = await kernel();
    await controller.client.replacePolicy({ apiVersion: 'nvgate/v1' }, SYNCHRONIZED);
    const refused = await lab.gateway.cli(['restore', backup, '--force']);
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('Stop the gateway first');
    await lab.gateway.stop();
    expect(await lab.gateway.nvgate(['restore', backup, '--force'])).toContain('.replaced-');
    await lab.gateway.start();
    const { revision } = await controller.client.replacePolicy(policy, SYNCHRONIZED);
    expect(revision).toBe(2);
    expect(Object.keys((await kernel()) as object)).toEqual(Object.keys(before as object));
    await lab.host.warm('10.1.1.40');
    expect((await ping(lab.tenant('red').vm, lab.external.address)).received).toBe(3);
  });

  test.each(['before', 'after'] as const)(
    'errors of the disk (%s it has written): the push is refused, and taken once the disk is well',
    async (way) => {
      await lab.gateway.stop();
      await lab.gateway.start(disk.env);
      await controller.client.replacePolicy(policy, SYNCHRONIZED);
      const { revision } = await controller.client.policy();
      const before = await kernel();
      const other: PolicyDocument = { apiVersion: 'nvgate/v1' };
      // The pages are written, then synced, then the header is written, which makes them the newest.
      disk.fail({ pass: 2, way, times: 1 });
      await expect(controller.client.replacePolicy(other)).rejects.toMatchObject({
        ...{ status: 503, code: 'storeUnavailable' },
      });
      disk.mend();
      expect((await controller.client.policy()).revision).toBe(revision);
      expect(await kernel()).toEqual(before);
      await controller.client.replacePolicy(policy, SYNCHRONIZED);
      expect((await controller.client.gateway()).health).toBe('ok');
      await lab.gateway.stop('SIGKILL');
      await lab.gateway.start();
      expect((await controller.client.policy()).revision).toBe(revision + 1);
    },
  );
});
