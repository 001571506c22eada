import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createClient } from '../../../provider/client/client.js';
import type { CliIo } from '../../../src/cli/io.js';
import { runCli } from '../../../src/cli/program.js';
import './terminal.js';
import {
  makeCertificate,
  problem,
  startScriptedGateway,
  type ScriptedGateway,
} from '../provider/client/scripted-gateway.js';

let gateway: ScriptedGateway;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nvgate-cli-'));
  const certificate = await makeCertificate('gateway.test');
  writeFileSync(join(folder, 'cert.pem'), certificate.cert);
  writeFileSync(join(folder, 'token'), 'secret\n');
  gateway = await startScriptedGateway(certificate);
});

afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  gateway.seen.length = 0;
  gateway.answers.clear();
});

async function nvgate(...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io: CliIo = {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    env: { NVGATE_URL: gateway.url, NVGATE_TOKEN_FILE: join(folder, 'token') },
    readStdin: () => Promise.resolve(new Uint8Array()),
    createClient,
    interruption: () => new AbortController().signal,
  };
  const exit = await runCli([...words, '--ca', join(folder, 'cert.pem')], io);
  return { exit, stdout: out.join(''), stderr: err.join('') };
}

it('lists over TLS, page by page', async () => {
  const route = (n: number) => ({ destinationPrefix: `10.${n}.0.0/16`, nextHop: '10.1.1.1' });
  gateway.answers.set('GET /v1/provider-routes', { body: { items: [route(2)], next: 'x' } });
  gateway.answers.set('GET /v1/provider-routes?after=x', { body: { items: [route(3)] } });
  const { exit, stdout, stderr } = await nvgate('get', 'provider-routes');
  expect([exit, stderr]).toEqual([0, '']);
  expect(stdout.match(/10\.\d\.0\.0\/16/g)).toEqual(['10.2.0.0/16', '10.3.0.0/16']);
  expect(gateway.seen.map((request) => request.headers.authorization)).toEqual([
    'Bearer secret',
    'Bearer secret',
  ]);
});

it('pushes the example policy line by line', async () => {
  gateway.answers.set('PATCH /v1/policy?wait=synchronized&timeout=30', {
    body: { revision: 3, warnings: [] },
  });
  const ran = await nvgate('apply', '-f', 'config/examples/two-tenants.yaml', '--wait');
  expect(ran).toEqual({ exit: 0, stdout: 'revision 3\n', stderr: '' });
  expect(gateway.seen[0]?.body.trimEnd().split('\n')).toHaveLength(19);
});

it('shows every error of a refusal where it stands in the file', async () => {
  const errors = [
    {
      path: '/routingDomains/1/connections/0/externalAddress',
      code: 'externalAddressConflict',
      message: 'Is taken.',
    },
  ];
  gateway.answers.set('PUT /v1/policy', problem(422, 'policyRefused', { errors }));
  const { exit, stdout, stderr } = await nvgate(
    'apply',
    '--replace',
    '-f',
    'config/examples/two-tenants.yaml',
  );
  expect([exit, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/two-tenants\.yaml:\d+:9: \/routingDomains\/1\/connections\/0\/ext/);
});

it('says what to do without a token', async () => {
  gateway.answers.set('GET /v1/gateway', problem(401, 'unauthorized'));
  const { exit, stderr } = await nvgate('status');
  expect(exit).toBe(1);
  expect(stderr).toContain('--token-file');
});

it('exits with 3 where nobody listens', async () => {
  const { exit, stdout, stderr } = await nvgate('status', '--url', 'https://127.0.0.1:1');
  expect([exit, stdout]).toEqual([3, '']);
  expect(stderr).toContain('(gatewayUnreachable)');
});
