import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../support/capture.js';
import { createGateway, type Gateway } from '../support/gateway.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createScene, type Scene } from '../support/scene.js';
import { EXTERNAL, TENANTS, type TenantName } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';
import { transfer, type TransferOptions } from '../support/tcp-transfer.js';

const MEGABYTE = 1024 * 1024;
/** CA of the third VM, which is in the second subnet, whoever's it is. */
const THIRD = '192.168.2.11';
const THIRD6 = 'fd00:0:0:2::11';
const TENANT_NAMES = Object.keys(TENANTS) as TenantName[];

/** The gateway among NVGRE end points that nobody here wrote. */
describe('Open vSwitch hosts and the gateway', () => {
  let scene: Scene;
  let gateway: Gateway;

  beforeAll(async () => {
    scene = await createScene({ ipv6: true });
    gateway = createGateway(scene.gateway);
    await gateway.start();
    await gateway.apply(scenePolicy({ ipv6: true }));
    await scene.warmGateway();
  }, 120_000);

  afterAll(async () => {
    await gateway.remove();
    cleanUp();
  });

  describe.each(TENANT_NAMES)('%s', (tenant) => {
    it.each([THIRD, THIRD6])('N6, N7, N16: pings across VSIDs, %s', async (address) => {
      const { namespace } = scene.vms[`${tenant}1`];
      const result = await ping(namespace, address, { wait: 5 });
      expect(result).toMatchObject({ transmitted: 3, received: 3, duplicates: 0, errors: [] });
      expect(result.output).toContain('ttl=63');
    });

    it('N7: pings the gateway address of its subnet', async () => {
      const [{ gateway: address }] = TENANTS[tenant].subnets;
      const result = await ping(scene.vms[`${tenant}1`].namespace, address, { wait: 5 });
      expect(result).toMatchObject({ received: 3, duplicates: 0, errors: [] });
    });
  });

  it.each([
    ['G1: blue, routed, with its own address', 'blue1', EXTERNAL.physicalHost, '192.168.1.101'],
    ['G2: red, translated to its NAT address', 'red1', EXTERNAL.host, EXTERNAL.natAddress],
  ] as const)('%s', async (_, vm, address, seen) => {
    const server = await startEcho(scene.externalHost, address, 7000);
    for (const transport of ['tcp', 'udp'] as const) {
      const call = { transport, address, port: 7000, timeout: 20_000 };
      const echo = await exchange(scene.vms[vm].namespace, call);
      expect(echo).toMatchObject({ from: { address: seen }, to: { address, port: 7000 } });
    }
    await server.stop();
  });

  it('N5: a VM that calls the other tenant’s port finds its own tenant’s VM', async () => {
    const server = await startEcho(scene.vms.blue3.namespace, THIRD, 7000);
    const call = { transport: 'tcp', address: THIRD, port: 7000, timeout: 20_000 } as const;
    const echo = await exchange(scene.vms.blue1.namespace, call);
    expect(echo).toMatchObject({ from: { address: '192.168.1.101' } });
    await expect(exchange(scene.vms.red1.namespace, call)).rejects.toThrow('ECONNREFUSED');
    await server.stop();
  });

  describe('megabytes both ways at once arrive as they were sent', () => {
    const bytes = 4 * MEGABYTE;

    async function expectWhole(options: Omit<TransferOptions, 'bytes'>): Promise<void> {
      const { client, server } = await transfer({ ...options, bytes });
      const { content } = options;
      expect({ content, ...server }).toMatchObject({
        ...{ content, received: client.sent, receivedBytes: bytes },
      });
      expect({ content, ...client }).toMatchObject({
        ...{ content, received: server.sent, receivedBytes: bytes },
      });
      expect(client.sent).not.toBe(server.sent);
    }

    it('N5, N6: from VM to VM, in both tenants at the same time with equal addresses', async () => {
      await Promise.all(
        TENANT_NAMES.map((tenant) =>
          expectWhole({
            client: scene.vms[`${tenant}1`].namespace,
            server: scene.vms[`${tenant}3`].namespace,
            ...{ address: THIRD, port: 7001, content: tenant },
          }),
        ),
      );
    });

    it('N8, G1, G2: to the outside, in both tenants at the same time', async () => {
      // More than a frame on its way into NVGRE: it is segmented behind the gateway, if at all.
      const large = await capture(scene.gateway, 'underlay', 'ip proto 47 and greater 1600', {
        direction: 'out',
      });
      await Promise.all([
        expectWhole({
          ...{ client: scene.vms.blue1.namespace, server: scene.externalHost },
          ...{ address: EXTERNAL.physicalHost, port: 7002, content: 'blue' },
        }),
        expectWhole({
          ...{ client: scene.vms.red1.namespace, server: scene.externalHost },
          ...{ address: EXTERNAL.host, port: 7003, content: 'red' },
        }),
      ]);
      expect((await large.stop()).length).toBeGreaterThan(0);
    });

    it('G1, G2: from the outside, routed and to a published port', async () => {
      await Promise.all([
        expectWhole({
          ...{ client: scene.externalHost, server: scene.vms.blue1.namespace },
          from: EXTERNAL.physicalHost,
          ...{ address: '192.168.1.101', port: 7004, content: 'blue' },
        }),
        expectWhole({
          ...{ client: scene.externalHost, server: scene.vms.red1.namespace },
          ...{ address: EXTERNAL.natAddress, port: EXTERNAL.publishedPort, content: 'red' },
          listens: { address: EXTERNAL.publishedVm, port: 80 },
        }),
      ]);
    });
  });
});
