import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHARON, gatewayCharon, pidsOf } from '../support/gateway-charon.js';
import { gatewayNamespaces } from '../support/gateway-instance.js';
import { kernelSnapshot } from '../support/kernel-snapshot.js';
import type { Office } from '../support/office.js';
import { expectAnswers, lostOf, startPing } from '../support/ping.js';
import { eventually } from '../support/process.js';
import { cleanUp, isRunning } from '../support/process-owner.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  OTHER_SOURCE,
  reaches,
  type VpnLab,
} from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'outlives' } as const;
const NAMES = ['blue', 'red'] as const;
type Name = (typeof NAMES)[number];
const SOURCES = { blue: '203.0.113.20', red: OTHER_SOURCE } as const;

/** Blue and red have equal addresses and offices with equal addresses. */
describe('tunnels outlive what holds them (G9, P2)', () => {
  let lab: VpnLab;
  let offices: Record<Name, Office>;
  let bare: Record<string, unknown>;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1', red: '192.168.1' });
    offices = {
      blue: await lab.addOffice({ label: 'blueoffice', lan: '192.168.101' }),
      red: await lab.addOffice({ label: 'redoffice', lan: '192.168.101' }),
    };
    for (const name of NAMES) {
      await expectGateway(offices[name], PSK, { remoteAddress: SOURCES[name] });
      await offices[name].charon.start();
    }
    await lab.push({ blue: [], red: [] });
    bare = await snapshot();
    await lab.push({ blue: [connection('blue')], red: [connection('red')] });
    for (const name of NAMES) await up(name);
  });

  afterAll(cleanUp);

  const vm = (name: Name) => lab.tenants.tenant(name).vm;
  const namespace = (name: Name) => lab.tenants.domainNamespace(name);
  const connection = (name: Name, others: Parameters<typeof ikev2>[2] = {}) =>
    ikev2(offices[name], PSK, { sourceAddress: SOURCES[name], ...others });
  const up = async (name: Name): Promise<void> => {
    await lab.tunnel(name).connected(60_000);
    await reaches(vm(name), offices[name].hostAddress);
  };
  const snapshot = () => kernelSnapshot(lab.tenants.namespace, lab.tenants.gateway);
  /** pid, SAs: what must not change. */
  const held = async (name: Name): Promise<unknown> => {
    const charon = await gatewayCharon(namespace(name));
    const sas = await charon.sas();
    return [
      charon.pid,
      ...sas.map(({ uniqueId, children }) => [uniqueId, ...children.map(({ spiIn }) => spiIn)]),
    ];
  };
  const runDirectory = () => join(dirname(lab.tenants.gateway.configFile), 'run');
  const files = (): string[] =>
    existsSync(runDirectory())
      ? readdirSync(runDirectory(), { recursive: true, encoding: 'utf8' })
      : [];

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'nvgate ends by %s: tunnels carry on, and the next one takes them over',
    async (signal) => {
      const before = { blue: await held('blue'), red: await held('red') };
      const kernel = await snapshot();
      const flows = NAMES.map((name) =>
        startPing(vm(name), offices[name].hostAddress, { interval: 0.01 }),
      );
      for (const flow of flows) await flow.answered(20);
      await lab.tenants.gateway.stop(signal);
      for (const flow of flows) await flow.answered(60);
      await lab.tenants.gateway.start();
      for (const name of NAMES) await lab.tunnel(name).connected();
      for (const flow of flows) await flow.answered(120);
      for (const flow of flows) {
        const result = await flow.stop();
        expect({ lost: lostOf(result), duplicates: result.duplicates }).toEqual({
          ...{ lost: [], duplicates: 0 },
        });
      }
      expect({ blue: await held('blue'), red: await held('red') }).toEqual(before);
      expect(await snapshot()).toEqual(kernel);
    },
  );

  test('a charon that is killed is back by itself, and no other is touched', async () => {
    const red = await held('red');
    const { pid } = await gatewayCharon(namespace('blue'));
    process.kill(pid, 'SIGKILL');
    await eventually('another charon', async () => {
      const [now] = await pidsOf(namespace('blue'), CHARON);
      return (now !== undefined && now !== pid) || undefined;
    });
    await up('blue');
    expect(await held('red')).toEqual(red);
    await expectAnswers(vm('red'), offices.red.hostAddress);
  }, 120_000);

  test('a charon that is killed while nvgate is away is back with it', async () => {
    const red = await held('red');
    await lab.tenants.gateway.stop('SIGKILL');
    const { pid } = await gatewayCharon(namespace('blue'));
    process.kill(pid, 'SIGKILL');
    await eventually('it is dead', () => !isRunning(pid) || undefined);
    await lab.tenants.gateway.start();
    await up('blue');
    expect(await held('red')).toEqual(red);
  }, 120_000);

  test('a connection changed while nvgate is away from its charon: the change is loaded', async () => {
    await lab.push({
      blue: [connection('blue', { deadPeerDetectionSeconds: 5 })],
      red: [connection('red')],
    });
    await up('blue');
    const charon = await gatewayCharon(namespace('blue'));
    expect((await charon.swanctl('--list-conns', '--raw')).stdout).toMatch(/dpd_delay=5/);
    await lab.push({ blue: [connection('blue')], red: [connection('red')] });
    await up('blue');
  });

  test('what is pushed again as it is touches no SA', async () => {
    const before = { blue: await held('blue'), red: await held('red') };
    await lab.push({ blue: [connection('blue')], red: [connection('red')] });
    expect({ blue: await held('blue'), red: await held('red') }).toEqual(before);
  });

  test('a connection beside it comes and goes: the tunnel stays', async () => {
    const before = await held('red');
    const flow = startPing(vm('red'), offices.red.hostAddress, { interval: 0.01 });
    await flow.answered(20);
    const beside = connection('red', {
      ...{ id: 'beside', destinationAddress: '198.18.99.2' },
      routes: [{ destinationPrefix: '192.168.199.0/24', metric: 10 }],
    });
    await lab.push({ blue: [connection('blue')], red: [connection('red'), beside] });
    await flow.answered(60);
    await lab.push({ blue: [connection('blue')], red: [connection('red')] });
    await flow.answered(100);
    expect(lostOf(await flow.stop())).toEqual([]);
    expect(await held('red')).toEqual(before);
  });

  test('a connection is deleted: nothing of it is left, and the other one is as it was', async () => {
    const red = await held('red');
    const { pid } = await gatewayCharon(namespace('blue'));
    const flow = startPing(vm('red'), offices.red.hostAddress, { interval: 0.01 });
    await flow.answered(20);
    await lab.push({ blue: [], red: [connection('red')] });
    await eventually('its charon is gone', () => !isRunning(pid) || undefined);
    const { routingDomain } = lab.tenants.tenant('blue');
    await eventually(
      'its directory is gone',
      () => !files().some((file) => file.includes(routingDomain)) || undefined,
    );
    const blue = await eventually('its office knows', async () => {
      const sas = await offices.blue.charon.sas();
      return sas.length === 0 ? sas : undefined;
    });
    expect(blue).toEqual([]);
    expect(await held('red')).toEqual(red);
    await flow.answered(100);
    expect(lostOf(await flow.stop())).toEqual([]);
  });

  test('all connections are deleted: the kernel is as it was before the first', async () => {
    await lab.push({ blue: [], red: [] });
    for (const name of gatewayNamespaces(lab.tenants.gateway.instance))
      await eventually('no charon runs', async () => {
        const pids = await pidsOf({ ...namespace('blue'), name }, CHARON);
        return pids.length === 0 || undefined;
      });
    expect(await snapshot()).toEqual(bare);
    expect(files().filter((file) => /[0-9a-f]{8}-/.test(file))).toEqual([]);
  });

  test('a VM network is deleted with its tunnel', async () => {
    await lab.push({ blue: [connection('blue')], red: [] });
    await up('blue');
    const { pid } = await gatewayCharon(namespace('blue'));
    await lab.push({ red: [] });
    await eventually('its charon is gone', () => !isRunning(pid) || undefined);
    expect(gatewayNamespaces(lab.tenants.gateway.instance)).not.toContain(namespace('blue').name);
  });
});
