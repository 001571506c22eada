import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { createBareGateway } from '../support/bare-gateway.js';
import type { Gateway } from '../support/gateway.js';
import { createDirectory } from '../support/namespace.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { TENANTS } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const BLUE = TENANTS.blue.routingDomain;
const SYNCHRONIZED = { waitSeconds: 60 };

describe('the CLI beside a running daemon (P5, P7, G6)', () => {
  let gateway: Gateway;
  let controller: Controller;

  beforeAll(async () => {
    const bare = await createBareGateway();
    gateway = bare.gateway;
    await gateway.start();
    controller = createController(bare.namespace, gateway);
    await controller.client.replacePolicy(scenePolicy(), SYNCHRONIZED);
  });

  afterAll(cleanUp);

  const json = async (...args: string[]): Promise<unknown> =>
    JSON.parse(await gateway.nvgate([...args, '-o', 'json']));

  test('status', async () => {
    const { revision } = await controller.client.policy();
    expect(await json('status')).toMatchObject({
      ...{ name: gateway.instance, revision, health: 'ok' },
      reconcile: { revision, failures: [] },
      counts: { routingDomains: 2, virtualSubnets: 4, lookupRecords: 6, connections: 2 },
    });
  });

  test('capabilities: what this kernel has, and why the rest is missing', async () => {
    expect(await json('capabilities')).toMatchObject({
      connectionTypes: expect.arrayContaining(['routed', 'nat', 'ikev2']) as unknown,
      vpnProtocols: expect.arrayContaining(['ikev2']) as unknown,
      // Kernel or user space: as the machine has it.
      ipsecDataPath: expect.stringMatching(/^(kernel|userSpace)$/) as unknown,
      encryptionAlgorithms: expect.arrayContaining(['AES256']) as unknown,
      insecure: { allowed: false },
      ...{ vsidRange: { min: 4097, max: 16777214 }, innerMtu: 1458 },
    });
  });

  test('counters', async () => {
    const counters = await json('counters');
    expect(counters).toEqual({ counters: await controller.client.counters() });
  });

  test.each([
    [['5001', '192.168.1.101', '192.168.2.11'], 'tunnel', { vsid: 5002 }],
    [['5001', '192.168.1.101', '192.168.101.10'], 'connection', { connection: 'corp' }],
    [['6001', '192.168.1.101', '198.18.0.1'], 'connection', { connection: 'internet' }],
    [['5001', '192.168.1.101', '198.18.0.1'], 'dropped', {}],
    [['5001', '192.168.1.101', '192.168.1.1'], 'gateway', {}],
  ] as const)('trace %j: %s', async ([vsid, from, to], kind, outcome) => {
    const answer = await json('trace', '--vsid', vsid, '--from', from, '--to', to);
    expect(answer).toMatchObject({ outcome: { kind, ...outcome } });
  });

  test('get and delete', async () => {
    const id = '5001/192.168.1.102';
    expect(await json('get', 'lookup-records', id)).toMatchObject({
      routingDomains: [
        {
          id: BLUE,
          lookupRecords: [
            { customerAddress: '192.168.1.102', state: { configuration: 'synchronized' } },
          ],
        },
      ],
    });
    await gateway.nvgate(['delete', 'lookup-records', id, '--routing-domain', 'blue']);
    const { status, stderr } = await gateway.cli(['get', 'lookup-records', id]);
    expect({ status, stderr }).toEqual({
      ...{ status: 1, stderr: expect.stringContaining('notFound') as unknown },
    });
    await controller.client.replacePolicy(scenePolicy(), SYNCHRONIZED);
    expect((await gateway.nvgate(['get', 'connections'])).split('\n')).toContainEqual(
      expect.stringMatching(/red .*internet/),
    );
  });

  test('exit status: 2 for wrong usage, 3 for a gateway that is not there', async () => {
    expect((await gateway.cli(['apply'])).status).toBe(2);
    expect((await gateway.cli(['frobnicate'])).status).toBe(2);
    const { status, stderr } = await gateway.cli(['--url', 'https://127.0.0.1:1', 'status']);
    expect({ status, stderr }).toEqual({
      ...{ status: 3, stderr: expect.stringContaining('gatewayUnreachable') as unknown },
    });
    const wrong = await gateway.cli(['--token', 'wrong', 'status']);
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('unauthorized');
  });

  test('validate: files offline, each error with its place', async () => {
    const directory = createDirectory('files');
    const file = (name: string, text: string): string => {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    };
    const right = file('right.yaml', stringify(scenePolicy()));
    const wrong = file(
      'wrong.yaml',
      [
        'apiVersion: nvgate/v1',
        'routingDomains:',
        `  - id: ${BLUE}`,
        '    virtualSubnets:',
        '      - {vsid: 12, prefixes: [192.168.1.0/24]}',
        '    lookupRecords:',
        '      - {vsid: 5001, customerAddress: 192.168.1.300, macAddress: 00-15-5D-01-14-04, providerAddress: 10.1.1.20}',
      ].join('\n'),
    );
    const broken = file('broken.json', '{"apiVersion": "nvgate/v1",');
    const config = file('config.yaml', 'instance: UPPER\nunderlay: []\n');

    const good = await gateway.cli(['validate', right, gateway.configFile]);
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout).toMatch(/policy +valid[^]*configuration +valid/);

    const bad = await gateway.cli(['validate', right, wrong, broken, config]);
    expect(bad.status).toBe(1);
    const lines = bad.stderr.split('\n');
    for (const pattern of [
      /wrong\.yaml:5:\d+: \/routingDomains\/0\/virtualSubnets\/0\/vsid: .*\(invalidVsid\)/,
      /wrong\.yaml:7:\d+: \/routingDomains\/0\/lookupRecords\/0\/customerAddress: .*\(invalidAddress\)/,
      /broken\.json:1:\d+: .*\(malformedRequest\)/,
      /config\.yaml:1:\d+: \/instance: .*\(/,
      /config\.yaml:2:\d+: \/underlay: .*\(/,
    ])
      expect(lines).toContainEqual(expect.stringMatching(pattern));
  });
});
