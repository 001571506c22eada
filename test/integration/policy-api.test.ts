import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChangeDocument } from '../../provider/change-schemas.js';
import { ApiProblemError } from '../../provider/client/problem-error.js';
import type { PolicyDocument } from '../../provider/schemas.js';
import { ERROR_CODES, type Problem } from '../../src/errors.js';
import { createBareGateway } from '../support/bare-gateway.js';
import type { Gateway } from '../support/gateway.js';
import { gatewayNamespaces } from '../support/gateway-instance.js';
import { kernelSnapshot } from '../support/kernel-snapshot.js';
import type { Namespace } from '../support/namespace.js';
import { cleanUp } from '../support/process-owner.js';
import { createController, type Controller } from '../support/provider-client.js';
import { TENANTS } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const BLUE = TENANTS.blue.routingDomain;
const SYNCHRONIZED = { waitSeconds: 60 };

/** The daemon as a controller meets it; the kernel behind it is the real one. */
describe('policy through the provider API (P1, P7)', () => {
  let namespace: Namespace;
  let gateway: Gateway;
  let controller: Controller;

  beforeAll(async () => {
    ({ namespace, gateway } = await createBareGateway());
    await gateway.start();
    controller = createController(namespace, gateway);
    await controller.client.replacePolicy(scenePolicy(), SYNCHRONIZED);
  });

  afterAll(cleanUp);

  /** Runs a refused call; neither policy nor revision nor kernel may have changed by it. */
  async function unchanged<T>(refused: () => Promise<T>): Promise<T> {
    const state = async () => {
      const { revision, policy } = await controller.client.policy();
      return {
        revision,
        policy: inOrder(policy),
        kernel: await kernelSnapshot(namespace, gateway),
      };
    };
    const before = await state();
    const answer = await refused();
    expect(await state()).toEqual(before);
    return answer;
  }

  /** The problem of a refused call, its errors by path. */
  async function refusal(call: () => Promise<unknown>): Promise<{
    status: number;
    code: string;
    errors: Record<string, string>;
  }> {
    const error: unknown = await call().catch((caught: unknown) => caught);
    if (!(error instanceof ApiProblemError)) throw new Error(`Not refused: ${String(error)}`);
    return { status: error.status, code: error.code, errors: byPath(error.errors) };
  }

  function byPath(problems: readonly Problem[]): Record<string, string> {
    for (const { code, message } of problems) {
      expect(Object.keys(ERROR_CODES)).toContain(code);
      expect(message).toMatch(/^\S.+\.$/);
    }
    return Object.fromEntries(problems.map(({ path, code }) => [path, code]));
  }

  /** Ten mistakes, each of another kind. */
  function wrongPolicy(): { document: PolicyDocument; errors: Record<string, string> } {
    const { providerAddresses = [], routingDomains = [], ...rest } = scenePolicy();
    const [blue, red] = routingDomains;
    if (blue === undefined || red === undefined) throw new Error('The scene has two tenants.');
    const record = {
      ...{ vsid: 5001, customerAddress: '192.168.1.50', providerAddress: '10.1.1.20' },
      macAddress: '00-15-5D-01-14-50',
    };
    const firstNew = blue.lookupRecords?.length ?? 0;
    const at = (place: string) => `/routingDomains/${place}`;
    return {
      document: {
        ...rest,
        providerAddresses: [
          ...providerAddresses,
          { address: '239.1.1.1', prefixLength: 24 },
          { address: '10.1.1.41', prefixLength: 24, interface: 'moon' },
        ],
        routingDomains: [
          {
            ...blue,
            virtualSubnets: [
              ...(blue.virtualSubnets ?? []),
              { vsid: 6001, prefixes: ['192.168.3.0/24'] },
            ],
            lookupRecords: [
              ...(blue.lookupRecords ?? []),
              { ...record, customerAddress: '192.168.9.50' },
              { ...record, vsid: 5009, customerAddress: '192.168.1.51' },
              { ...record, providerAddress: '224.0.0.5' },
            ],
            customerRoutes: [
              ...(blue.customerRoutes ?? []),
              { vsid: 5001, destinationPrefix: '10.0.0.0/8', nextHop: '172.16.0.9' },
            ],
          },
          {
            ...red,
            lookupRecords: [...(red.lookupRecords ?? []), ...(red.lookupRecords ?? []).slice(0, 1)],
            connections: [
              ...(red.connections ?? []),
              { id: 'corp', type: 'routed', routes: [{ destinationPrefix: '10.0.0.0/8' }] },
            ],
          },
        ],
      },
      errors: {
        '/providerAddresses/1/address': 'invalidProviderAddress',
        '/providerAddresses/2/interface': 'unknownInterface',
        [at(`0/lookupRecords/${firstNew}/customerAddress`)]: 'outsideVirtualSubnet',
        [at(`0/lookupRecords/${firstNew + 1}/vsid`)]: 'unknownVirtualSubnet',
        [at(`0/lookupRecords/${firstNew + 2}/providerAddress`)]: 'invalidProviderAddress',
        [at(`1/lookupRecords/${firstNew}`)]: 'duplicate',
        [at('0/customerRoutes/2/nextHop')]: 'unreachableNextHop',
        [at('1/virtualSubnets/0/vsid')]: 'vsidInUse',
        [at('1/connections/1')]: 'overlappingPrefix',
      },
    };
  }

  describe('a refused push lists every error and changes nothing', () => {
    test('PUT /v1/policy', async () => {
      const { document, errors } = wrongPolicy();
      const push = () => controller.client.replacePolicy(document);
      expect(await unchanged(() => refusal(push))).toEqual({
        ...{ status: 422, code: 'policyRefused', errors },
      });
    });

    test('nvgate apply', async () => {
      const { document, errors } = wrongPolicy();
      const args = ['apply', '-f', '-', '--replace', '--wait'];
      const { status, stdout, stderr } = await unchanged(() =>
        gateway.cli(args, JSON.stringify(document)),
      );
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      // A file that cannot even be sent is judged without the gateway, whose devices are its own.
      const told = Object.entries(errors).filter(([, code]) => code !== 'unknownInterface');
      for (const [path, code] of told)
        expect(stderr.split('\n')).toContainEqual(
          expect.stringMatching(new RegExp(`${path}: .* \\(${code}\\)$`)),
        );
    });

    test('values of the wrong shape, beside each other', async () => {
      const document = {
        ...{ apiVersion: 'nvgate/v1', comment: 'x', providerRoutes: {} },
        providerAddresses: [{ address: '10.1.1.256', prefixLength: '24' }],
        routingDomains: [
          { id: 'blue', virtualSubnets: [{ vsid: 4096, prefixes: ['192.168.1.1/24'] }] },
          { virtualSubnets: [{ vsid: 16777215, prefixes: [] }], lookupRecords: [null, {}] },
        ],
      };
      const push = () => controller.client.replacePolicy(document as unknown as PolicyDocument);
      const { status, code, errors } = await unchanged(() => refusal(push));
      expect({ status, code }).toEqual({ status: 400, code: 'malformedRequest' });
      expect(errors).toMatchObject({
        '/comment': 'unknownField',
        '/providerRoutes': 'invalidValue',
        '/providerAddresses/0/address': 'invalidAddress',
        '/providerAddresses/0/prefixLength': 'invalidValue',
        '/routingDomains/0/id': 'invalidRoutingDomainId',
        '/routingDomains/0/virtualSubnets/0/vsid': 'invalidVsid',
        '/routingDomains/0/virtualSubnets/0/prefixes/0': 'invalidPrefix',
        '/routingDomains/1/id': 'missingField',
        '/routingDomains/1/virtualSubnets/0/vsid': 'invalidVsid',
        '/routingDomains/1/virtualSubnets/0/prefixes': 'invalidValue',
        '/routingDomains/1/lookupRecords/0': 'invalidValue',
        '/routingDomains/1/lookupRecords/1/vsid': 'missingField',
      });
    });

    test('PATCH with a wrong change among right ones', async () => {
      const upsert = (vsid: number): ChangeDocument => ({
        ...{ op: 'upsert', kind: 'virtualSubnet', routingDomainId: BLUE },
        value: { vsid, prefixes: [`10.${vsid % 256}.0.0/24`] },
      });
      const changes = [upsert(5101), upsert(6001), upsert(5102), upsert(17)];
      const push = (some: ChangeDocument[]) => () => controller.client.changePolicy(some);
      const answer = await unchanged(() => refusal(push(changes)));
      expect(answer.errors).toMatchObject({ '/changes/3/value/vsid': 'invalidVsid' });
      const inUse = await unchanged(() => refusal(push(changes.slice(0, 3))));
      expect(inUse).toMatchObject({
        status: 422,
        errors: { '/changes/1/value/vsid': 'vsidInUse' },
      });
    });

    test('NDJSON with a line that is none', async () => {
      const good = JSON.stringify({
        ...{ op: 'upsert', kind: 'routingDomain', value: { id: BLUE, name: 'azure' } },
      });
      const { status, body } = await unchanged(() =>
        controller.send('PATCH', '/v1/policy', {
          headers: { 'content-type': 'application/x-ndjson' },
          body: `${good}\n{"op": "upsert", \n${good}\n[]\n`,
        }),
      );
      expect(status).toBe(400);
      const { errors } = JSON.parse(body) as { errors: Problem[] };
      expect(byPath(errors)).toEqual({
        '/changes/1': 'malformedRequest',
        '/changes/3': 'invalidValue',
      });
      expect(errors[0]?.message).toContain('Line 2');
    });

    test('one noun', async () => {
      const { lookupRecords, virtualSubnets } = controller.client.routingDomain(BLUE);
      const record = {
        ...{ vsid: 5001, customerAddress: '192.168.77.1', providerAddress: '10.1.1.20' },
        macAddress: '00-15-5D-01-14-50',
      };
      expect(
        await unchanged(() => refusal(() => lookupRecords.put('5001/192.168.77.1', record))),
      ).toMatchObject({ status: 422, errors: { '/customerAddress': 'outsideVirtualSubnet' } });
      // The records in it would be left without a subnet.
      expect(await unchanged(() => refusal(() => virtualSubnets.delete('5001')))).toMatchObject({
        ...{ status: 422, code: 'policyRefused' },
      });
      expect(
        await unchanged(() => refusal(() => lookupRecords.delete('5001/192.168.1.199'))),
      ).toEqual({
        ...{ status: 404, code: 'notFound', errors: {} },
      });
    });

    test.each<[string, string, { body?: string; headers?: Record<string, string> }, number]>([
      ['a body that is not JSON', 'PUT', { body: '{"apiVersion":' }, 400],
      ['an empty body', 'PUT', { headers: { 'content-type': 'application/json' } }, 400],
      ['a body that is only deep', 'PUT', { body: '['.repeat(200_000) }, 400],
      ['deep brackets that close', 'PUT', { body: '['.repeat(9_999) + ']'.repeat(9_999) }, 400],
      [
        'a prototype for a policy',
        'PUT',
        { body: '{"apiVersion":"nvgate/v1","__proto__":{"routingDomains":[]}}' },
        400,
      ],
      [
        'another content type',
        'PUT',
        { body: 'a=b', headers: { 'content-type': 'text/plain' } },
        415,
      ],
      ['a wrong token', 'PUT', { body: '{}', headers: { authorization: 'Bearer wrong' } }, 401],
      ['no token', 'PUT', { body: '{}', headers: { authorization: '' } }, 401],
      ['a revision that is none', 'PUT', { body: '{}', headers: { 'if-match': 'latest' } }, 400],
      ['a call that there is not', 'POST', { body: '{}' }, 404],
    ])('%s', async (_, method, message, status) => {
      const answer = await unchanged(() => controller.send(method, '/v1/policy', message));
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(JSON.parse(answer.body)).toMatchObject({
        ...{ status, type: expect.stringMatching(/^urn:nvgate:problem:/) as unknown },
        code: expect.stringMatching(new RegExp(Object.keys(ERROR_CODES).join('|'))) as unknown,
      });
    });

    test('a wait for something else', async () => {
      const answer = await unchanged(() =>
        controller.send('PUT', '/v1/policy?wait=forever', { body: JSON.stringify(scenePolicy()) }),
      );
      expect(answer.status).toBe(400);
    });

    test('a stale revision', async () => {
      const { revision } = await controller.client.policy();
      const stale = () => controller.client.replacePolicy(scenePolicy(), { ifMatch: revision - 1 });
      expect(await unchanged(() => refusal(stale))).toMatchObject({
        ...{ status: 412, code: 'revisionMismatch' },
      });
      const fresh = await controller.client.replacePolicy(scenePolicy(), { ifMatch: revision });
      expect(fresh.revision).toBeGreaterThan(revision);
    });
  });

  test('an answer to wait=synchronized comes when the kernel has it', async () => {
    const id = '11111111-2222-3333-4444-000000009001';
    const namespaces = () => gatewayNamespaces(gateway.instance).join();
    const { routingDomains } = controller.client;
    const domain = { id, virtualSubnets: [{ vsid: 9001, prefixes: ['10.9.0.0/24'] }] };
    await routingDomains.put(id, domain, SYNCHRONIZED);
    expect(namespaces()).toContain(id);
    expect(await controller.client.routingDomain(id).virtualSubnets.get('9001')).toMatchObject({
      state: { configuration: 'synchronized' },
    });
    await routingDomains.delete(id, SYNCHRONIZED);
    expect(namespaces()).not.toContain(id);
  });

  test('what is read back differs in nothing and may be pushed again', async () => {
    const before = await kernelSnapshot(namespace, gateway);
    const { policy } = await controller.client.policy();
    const text = JSON.stringify(policy);
    expect(await gateway.nvgate(['diff', '-f', '-'], text)).toBe('');
    await gateway.nvgate(['apply', '-f', '-', '--replace', '--wait'], text);
    expect(inOrder((await controller.client.policy()).policy)).toEqual(inOrder(policy));
    expect(await kernelSnapshot(namespace, gateway)).toEqual(before);
  });

  test('nvgate diff tells what apply would change', async () => {
    const moved = scenePolicy({
      placement: {
        ...{ blue1: 'host2', blue2: 'host2', blue3: 'host2' },
        ...{ red1: 'host1', red2: 'host2', red3: 'host2' },
      },
    });
    const lines = (await gateway.nvgate(['diff', '-f', '-'], JSON.stringify(moved))).trim();
    expect(lines).toMatch(
      /^~ lookup-records? 5001\/192\.168\.1\.101 in \S+: providerAddress 10\.1\.1\.20 -> 10\.1\.1\.30$/,
    );
  });

  test('health and readiness are open, the rest asks for the token', async () => {
    const headers = { authorization: '' };
    for (const path of ['/healthz', '/readyz', '/openapi.json'])
      expect((await controller.send('GET', path, { headers })).status, path).toBe(200);
    for (const path of ['/v1/gateway', '/v1/policy', '/v1/counters', '/metrics', '/v1/events']) {
      const answer = await controller.send('GET', path, { headers });
      expect(answer.status, path).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
  });
});

/** A policy's lists are sets: their order says nothing. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(inOrder).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inOrder(inner)]));
}
