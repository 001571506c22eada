import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GatewayEvent } from '../../provider/client/responses.js';
import type { PolicyDocument } from '../../provider/schemas.js';
import { gatewayCharon } from '../support/gateway-charon.js';
import { gatewayNamespaces } from '../support/gateway-instance.js';
import type { Office } from '../support/office.js';
import { createAuthority, type Leaf } from '../support/pki.js';
import { tryRun } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  OTHER_SOURCE,
  reaches,
  type VpnLab,
} from '../support/vpn-lab.js';

/** Letters only: it reads the same in JSON, in YAML and in a process list. */
const SECRET = 'Wxq-opensesame-Wxq';
const PSK = { method: 'psk', secret: SECRET } as const;
const GATEWAY = 'gateway.example';

/** Blue has a key that both ends know, red a certificate. */
describe('secrets stay where they belong', () => {
  let lab: VpnLab;
  let office: Office;
  let leaf: Leaf;
  /** A line out of the middle of red's private key. */
  let keyLine: string;
  const events: GatewayEvent[] = [];
  const following = new AbortController();
  let followed: Promise<void>;
  let pushedPolicy: PolicyDocument;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1', red: '192.168.1' }, { logLevel: 'trace' });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    const authority = await createAuthority('authority');
    leaf = await authority.issue({ name: GATEWAY });
    keyLine = leaf.privateKey.split('\n')[1] ?? '';
    await expectGateway(office, PSK);
    await office.charon.start();
    const follow = async (): Promise<void> => {
      for await (const event of lab.controller.client.events({ signal: following.signal }))
        events.push(event);
    };
    followed = follow();
    const connections = {
      blue: [ikev2(office, PSK)],
      red: [
        ikev2(
          { ...office, address: '198.18.99.2' },
          {
            ...{ method: 'certificate', certificate: leaf.certificate },
            ...{ privateKey: leaf.privateKey, certificateAuthorities: [authority.certificate] },
          },
          { sourceAddress: OTHER_SOURCE, localIdentity: GATEWAY, initiate: false },
        ),
      ],
    };
    await lab.push(connections);
    pushedPolicy = lab.tenants.policy(connections);
    await lab.tunnel('blue').connected();
    await reaches(lab.tenants.tenant('blue').vm, office.hostAddress);
  });

  afterAll(async () => {
    following.abort();
    await followed;
    cleanUp();
  });

  const nothingSecretIn = (text: string): void => {
    for (const secret of [SECRET, keyLine, Buffer.from(SECRET).toString('base64')])
      expect(text).not.toContain(secret);
  };
  const get = async (path: string): Promise<string> => {
    const { status, body } = await lab.controller.send('GET', path);
    expect([path, status]).toEqual([path, 200]);
    return body;
  };

  test('no answer has them', async () => {
    const domain = (name: string) =>
      `/v1/routing-domains/${lab.tenants.tenant(name).routingDomain}`;
    for (const path of [
      ...['/v1/policy', '/v1/routing-domains', '/v1/gateway', '/v1/capabilities', '/metrics'],
      ...['blue', 'red'].flatMap((name) => [
        ...[domain(name), `${domain(name)}/connections`, `${domain(name)}/connections/office`],
      ]),
      '/v1/counters',
    ])
      nothingSecretIn(await get(path));
    const blue = await get(`${domain('blue')}/connections/office`);
    expect(JSON.parse(blue)).toMatchObject({ authentication: { method: 'psk' } });
  });

  test('neither does the CLI', async () => {
    for (const format of ['table', 'json', 'yaml'])
      nothingSecretIn(await lab.tenants.gateway.nvgate(['get', 'connections', '-o', format]));
  });

  test('no refusal repeats them', async () => {
    const policy = structuredClone(pushedPolicy);
    const [blue] = policy.routingDomains ?? [];
    for (const change of [
      { authentication: { ...PSK, secrets: SECRET } },
      { authentication: { method: 'psk', secret: [SECRET] } },
      { authentication: { method: SECRET, secret: SECRET } },
      { deadPeerDetectionSeconds: 0 },
      { sourceAddress: 'nowhere' },
    ]) {
      const [connection] = blue?.connections ?? [];
      const wrong = {
        ...policy,
        routingDomains: [{ ...blue, connections: [{ ...connection, ...change }] }],
      };
      const answer = await lab.controller.send('PUT', '/v1/policy', {
        body: JSON.stringify(wrong),
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      // What is not a secret's place may be named back.
      if (!('authentication' in change) || change.authentication.method === 'psk')
        nothingSecretIn(answer.body);
    }
    const broken = `{"apiVersion": "nvgate/v1", "secret": "${SECRET}" oops`;
    nothingSecretIn((await lab.controller.send('PUT', '/v1/policy', { body: broken })).body);
  });

  test('no event and no line of the log has them, at whatever level', () => {
    expect(JSON.stringify(events)).toContain('connected');
    nothingSecretIn(JSON.stringify(events));
    nothingSecretIn(lab.tenants.gateway.log());
  });

  test('no process shows them', async () => {
    const names = [lab.tenants.namespace.name, ...gatewayNamespaces(lab.tenants.gateway.instance)];
    const pids = new Set<string>();
    for (const name of names) {
      const { stdout } = await tryRun('ip', ['netns', 'pids', name]);
      for (const pid of stdout.split('\n').filter((line) => line !== '')) pids.add(pid);
    }
    pids.delete(String(process.pid));
    expect(pids.size).toBeGreaterThanOrEqual(3);
    for (const pid of pids)
      for (const file of ['cmdline', 'environ']) nothingSecretIn(readProcess(pid, file));
  });

  test('a charon that crashes leaves no memory on disk', async () => {
    for (const name of ['blue', 'red']) {
      const { pid } = await gatewayCharon(lab.tenants.domainNamespace(name));
      // 1 keeps it also from a program that takes cores by a pipe (core(5)).
      expect(readProcess(String(pid), 'limits')).toMatch(/^Max core file size +1 +/m);
    }
  });

  test('on disk they are in the store alone, and that only root may read', () => {
    const root = dirname(lab.tenants.gateway.configFile);
    const holders = readdirSync(root, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => {
        const content = readFileSync(file);
        return [SECRET, keyLine].some((secret) => content.includes(secret));
      });
    expect(holders.length).toBeGreaterThan(0);
    for (const file of holders) {
      expect(relative(lab.tenants.gateway.stateDirectory, file)).not.toMatch(/^\.\./);
      expect(statSync(file).mode & 0o077).toBe(0);
    }
  });

  test('the directories of the daemons are for root alone', async () => {
    const { stdout } = await tryRun('find', [
      ...[join(dirname(lab.tenants.gateway.configFile), 'run'), '-name', 'charon.vici'],
    ]);
    const sockets = stdout.split('\n').filter((line) => line !== '');
    expect(sockets).toHaveLength(2);
    for (const socket of sockets) expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
  });

  test('what was read can be pushed again: the gateway keeps its secrets', async () => {
    const charon = await gatewayCharon(lab.tenants.domainNamespace('blue'));
    const [before] = await charon.sas();
    const { policy } = await lab.controller.client.policy();
    await lab.controller.client.replacePolicy(policy, { waitSeconds: 60 });
    const { connections } = lab.controller.client.routingDomain(
      lab.tenants.tenant('blue').routingDomain,
    );
    await connections.put('office', await connections.get('office'), { waitSeconds: 60 });
    const [after] = await charon.sas();
    expect(after?.uniqueId).toBe(before?.uniqueId);
    await office.charon.terminate('gateway');
    await office.charon.initiate('net');
    await lab.tunnel('blue').connected();
  });

  test('a new connection without a secret is refused', async () => {
    const policy = lab.tenants.policy({
      blue: [ikev2(office, { method: 'psk' }, { id: 'another' })],
    });
    const answer = await lab.controller.send('PUT', '/v1/policy', { body: JSON.stringify(policy) });
    expect([answer.status, answer.body]).toEqual([422, expect.stringContaining('missingSecret')]);
  });

  test('a secret that is no more wanted is forgotten', async () => {
    await lab.push({ blue: [], red: [] });
    const policy = lab.tenants.policy({ blue: [ikev2(office, { method: 'psk' })] });
    const answer = await lab.controller.send('PUT', '/v1/policy', { body: JSON.stringify(policy) });
    expect(answer.body).toContain('missingSecret');
  });
});

function readProcess(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'latin1');
  } catch {
    return ''; // It has ended.
  }
}
