import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.js';
import type { PolicyRef } from '../../src/model/policy-ref.js';
import {
  BLUE,
  CAPABILITIES,
  examplePolicy,
  RED,
  setAt,
  startHarness,
  TOKEN,
  valueAt,
  type Answer,
  type Harness,
} from '../unit/provider/harness.js';

let api: Harness;

beforeEach(async () => {
  api = await startHarness();
});

afterEach(async () => {
  await api.app.close();
});

const GREEN = '11111111-2222-3333-4444-000000007001';
const RECORD = {
  vsid: 5001,
  customerAddress: '192.168.1.150',
  macAddress: '00-15-5D-01-14-99',
  providerAddress: '10.1.1.20',
};

async function push(): Promise<void> {
  const answer = await api.call('PUT', '/v1/policy', { body: examplePolicy() });
  expect(answer).toMatchObject({ status: 200 });
}

function codesByPath(answer: Answer): Record<string, string> {
  const { errors } = answer.json as { errors: { path: string; code: string; message: string }[] };
  for (const { message } of errors) expect(message).not.toBe('');
  return Object.fromEntries(errors.map(({ path, code }) => [path, code]));
}

function expectProblem(answer: Answer, status: number, code: keyof typeof ERROR_CODES): void {
  expect(answer.json).toMatchObject({
    type: `urn:nvgate:problem:${code}`,
    title: ERROR_CODES[code],
    status,
    code,
    detail: expect.any(String) as unknown,
  });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
}

describe('authentication', () => {
  it.each(['/v1/policy', '/v1/gateway', '/metrics', '/v1/events', '/nowhere'])(
    'asks for a token at %s',
    async (url) => {
      const answer = await api.call('GET', url, { token: '' });
      expectProblem(answer, 401, 'unauthorized');
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="nvgate"');
    },
  );

  it.each([`${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()])(
    'refuses the token %s',
    async (token) => {
      expectProblem(await api.call('GET', '/v1/gateway', { token }), 401, 'unauthorized');
    },
  );

  it('refuses another scheme', async () => {
    const headers = { authorization: `Basic ${TOKEN}` };
    expectProblem(
      await api.call('GET', '/v1/gateway', { token: '', headers }),
      401,
      'unauthorized',
    );
  });

  it.each(['/healthz', '/readyz', '/openapi.json'])('lets anybody read %s', async (url) => {
    expect((await api.call('GET', url, { token: '' })).status).not.toBe(401);
  });

  it('changes nothing for who has no token', async () => {
    await api.call('PUT', '/v1/policy', { body: examplePolicy(), token: 'wrong' });
    expect(api.policy.current().revision).toBe(0);
  });
});

describe('the whole policy', () => {
  it('is replaced, read back with defaults and states, and may be pushed again', async () => {
    await push();
    api.status.reach(1);
    const read = await api.call('GET', '/v1/policy');
    expect(read.headers['etag']).toBe('"1"');
    const state = { configuration: 'synchronized' };
    expect(read.json).toMatchObject({
      apiVersion: 'nvgate/v1',
      providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay', state }],
      providerRoutes: [{ destinationPrefix: '0.0.0.0/0', nextHop: '10.1.1.1', metric: 0, state }],
      routingDomains: [
        {
          id: BLUE,
          name: 'blue',
          state,
          lookupRecords: [
            { macAddress: '00-15-5D-01-14-04', rule: 'encap', type: 'static', state },
            { macAddress: '00-15-5D-01-14-05', state },
          ],
          customerRoutes: [{ metric: 255 }, { metric: 0 }],
          connections: [{ id: 'corp', type: 'routed', interface: 'external', state }],
        },
        { id: RED, connections: [{ routes: [{ destinationPrefix: '0.0.0.0/0', metric: 0 }] }] },
      ],
    });
    const again = await api.call('PUT', '/v1/policy', { body: read.json });
    expect(again).toMatchObject({ status: 200, json: { revision: 2 } });
    expect((await api.call('GET', '/v1/policy')).json).toEqual(read.json);
  });

  it('is empty before the first push', async () => {
    expect((await api.call('GET', '/v1/policy')).json).toEqual({
      apiVersion: 'nvgate/v1',
      providerAddresses: [],
      providerRoutes: [],
      routingDomains: [],
    });
  });

  it('reports every mistake of shape, value and reference at once, and applies nothing', async () => {
    const policy = examplePolicy();
    const blue = '/routingDomains/0';
    const red = '/routingDomains/1';
    setAt(policy, '/comment', 'x');
    setAt(policy, '/providerRoutes/0/metric', -1);
    setAt(policy, `${blue}/lookupRecords/0/vsid`, 16_777_215);
    setAt(policy, `${blue}/lookupRecords/0/vmNam`, 'x');
    setAt(policy, `${blue}/lookupRecords/1/macAddress`, 'nothing');
    setAt(policy, `${blue}/customerRoutes/0/nextHop`, undefined);
    setAt(policy, `${blue}/connections/-`, { id: 'office', type: 'ikev2', authentication: {} });
    setAt(policy, `${red}/lookupRecords/-`, valueAt(policy, `${red}/lookupRecords/0`));
    setAt(policy, `${red}/lookupRecords/1/customerAddress`, '172.16.0.1');
    setAt(policy, `${red}/connections/0/externalAddress`, '203.0.113.300');
    setAt(policy, `${red}/connections/0/rules`, 'none');

    const answer = await api.call('PUT', '/v1/policy', { body: policy });
    expectProblem(answer, 400, 'malformedRequest');
    expect(codesByPath(answer)).toEqual({
      '/comment': 'unknownField',
      '/providerRoutes/0/metric': 'invalidValue',
      '/routingDomains/0/lookupRecords/0/vsid': 'invalidVsid',
      '/routingDomains/0/lookupRecords/0/vmNam': 'unknownField',
      '/routingDomains/0/lookupRecords/1/macAddress': 'invalidMacAddress',
      '/routingDomains/0/customerRoutes/0/nextHop': 'missingField',
      '/routingDomains/0/connections/1/sourceAddress': 'missingField',
      '/routingDomains/0/connections/1/routes': 'missingField',
      '/routingDomains/0/connections/1/authentication/method': 'missingField',
      '/routingDomains/1/lookupRecords/2': 'duplicate',
      '/routingDomains/1/lookupRecords/1/customerAddress': 'outsideVirtualSubnet',
      '/routingDomains/1/connections/0/externalAddress': 'invalidAddress',
      '/routingDomains/1/connections/0/rules': 'invalidValue',
    });
    expect(api.policy.current().revision).toBe(0);
  });

  it('is refused as a whole when only its objects do not get on together', async () => {
    const policy = examplePolicy();
    for (const list of ['virtualSubnets', 'lookupRecords', 'customerRoutes'])
      setAt(policy, `/routingDomains/1/${list}/0/vsid`, 5001);
    setAt(policy, '/routingDomains/1/connections/0/interface', 'moon');
    const answer = await api.call('PUT', '/v1/policy', { body: policy });
    expectProblem(answer, 422, 'policyRefused');
    expect(codesByPath(answer)).toEqual({
      '/routingDomains/1/virtualSubnets/0/vsid': 'vsidInUse',
      '/routingDomains/1/connections/0/interface': 'unknownInterface',
    });
  });

  it.each([
    ['', 'empty'],
    ['{"apiVersion":', 'not JSON'],
    ['{} {}', 'not JSON'],
  ])('refuses the body %j', async (body, why) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await api.call('PUT', '/v1/policy', { body, headers });
    expectProblem(answer, 400, 'malformedRequest');
    expect(valueAt(answer.json, '/detail')).toContain(why);
  });

  it.each([
    [null, { '': 'invalidValue' }],
    [[], { '': 'invalidValue' }],
    [{}, { '/apiVersion': 'missingField' }],
    [{ apiVersion: 'nvgate/v2' }, { '/apiVersion': 'invalidValue' }],
    [{ apiVersion: 'nvgate/v1', routingDomains: {} }, { '/routingDomains': 'invalidValue' }],
    [
      { apiVersion: 'nvgate/v1', routingDomains: [null, { id: 'x', lookupRecords: [7] }] },
      {
        '/routingDomains/0': 'invalidValue',
        '/routingDomains/1/id': 'invalidRoutingDomainId',
        '/routingDomains/1/lookupRecords/0': 'invalidValue',
      },
    ],
  ])('refuses the document %j', async (body, wanted) => {
    const answer = await api.call('PUT', '/v1/policy', { body });
    expectProblem(answer, 400, 'malformedRequest');
    expect(codesByPath(answer)).toEqual(wanted);
  });

  it('takes a key like __proto__ for what it is: unknown', async () => {
    const body = '{"apiVersion":"nvgate/v1","__proto__":{"routingDomains":[]},"constructor":1}';
    const answer = await api.call('PUT', '/v1/policy', { body });
    expect(codesByPath(answer)).toEqual({
      '/__proto__': 'unknownField',
      '/constructor': 'unknownField',
    });
  });

  it('asks for JSON', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expectProblem(
      await api.call('PUT', '/v1/policy', { body: 'a=b', headers }),
      415,
      'malformedRequest',
    );
  });

  it('says that the store cannot write, and serves on', async () => {
    await push();
    api.place.failure = new Error('disk full');
    expectProblem(
      await api.call('PUT', '/v1/policy', { body: examplePolicy() }),
      503,
      'storeUnavailable',
    );
    expect((await api.call('GET', '/v1/policy')).headers['etag']).toBe('"1"');
  });
});

describe('changes', () => {
  beforeEach(push);

  it('are applied together', async () => {
    const changes = [
      { op: 'upsert', kind: 'routingDomain', value: { id: GREEN, name: 'green' } },
      {
        op: 'upsert',
        kind: 'virtualSubnet',
        routingDomainId: GREEN,
        value: { vsid: 7001, prefixes: ['10.0.0.0/24'] },
      },
      {
        op: 'upsert',
        kind: 'lookupRecord',
        routingDomainId: `{${BLUE.toUpperCase()}}`,
        value: { ...RECORD, customerAddress: '192.168.1.101', providerAddress: '10.1.1.99' },
      },
      {
        op: 'delete',
        kind: 'customerRoute',
        routingDomainId: BLUE,
        value: { vsid: 5002, destinationPrefix: '192.168.2.0/24', nextHop: '0.0.0.0', metric: 4 },
      },
      { op: 'delete', kind: 'connection', routingDomainId: RED, value: { id: 'internet' } },
      {
        op: 'delete',
        kind: 'providerRoute',
        value: { destinationPrefix: '0.0.0.0/0', nextHop: '10.1.1.1' },
      },
    ];
    const answer = await api.call('PATCH', '/v1/policy', { body: { changes } });
    expect(answer).toMatchObject({ status: 200, json: { revision: 2 }, headers: { etag: '"2"' } });
    const policy = (await api.call('GET', '/v1/policy')).json;
    expect(valueAt(policy, '/providerRoutes')).toEqual([]);
    const [blue, red, green] = valueAt(policy, '/routingDomains') as unknown[];
    expect(blue).toMatchObject({
      name: 'blue',
      customerRoutes: [{ vsid: 5001 }],
      lookupRecords: [{ providerAddress: '10.1.1.99' }, { providerAddress: '10.1.1.30' }],
    });
    expect(red).toMatchObject({ connections: [] });
    expect(green).toMatchObject({ name: 'green', virtualSubnets: [{ vsid: 7001 }] });
  });

  it('of a routing domain keep what it holds unless they name it', async () => {
    const head = { op: 'upsert', kind: 'routingDomain', value: { id: BLUE, name: 'azure' } };
    await api.call('PATCH', '/v1/policy', { body: { changes: [head] } });
    const read = async (): Promise<unknown> =>
      (await api.call('GET', `/v1/routing-domains/${BLUE}`)).json;
    expect(await read()).toMatchObject({ name: 'azure', lookupRecords: [{}, {}] });
    const whole = { ...head, value: { ...head.value, connections: [] } };
    await api.call('PATCH', '/v1/policy', { body: { changes: [whole] } });
    expect(await read()).toMatchObject({ name: 'azure', lookupRecords: [], virtualSubnets: [] });
  });

  it('come as NDJSON, cut anywhere', async () => {
    const lines = Array.from({ length: 50 }, (_, i) =>
      JSON.stringify({
        op: 'upsert',
        kind: 'lookupRecord',
        routingDomainId: BLUE,
        value: { ...RECORD, customerAddress: `192.168.1.${i + 150}`, vmName: `vm ü ${i}` },
      }),
    );
    const bytes = Buffer.from(lines.join('\n'));
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      bytes.subarray(i * 7, i * 7 + 7),
    );
    const response = await api.app.inject({
      method: 'PATCH',
      url: '/v1/policy',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-ndjson' },
      payload: Readable.from(pieces),
    });
    expect(response.json()).toEqual({ revision: 2, warnings: [] });
    const record = await api.call(
      'GET',
      `/v1/routing-domains/${BLUE}/lookup-records/5001/192.168.1.199`,
    );
    expect(record.json).toMatchObject({ vmName: 'vm ü 49' });
  });

  it('name the line of every mistake in NDJSON', async () => {
    const body = [
      '{"op":"upsert"',
      JSON.stringify({
        op: 'delete',
        kind: 'lookupRecord',
        routingDomainId: 'x',
        value: { vsid: 1 },
      }),
      JSON.stringify({ op: 'move', kind: 'planet', value: {} }),
      JSON.stringify({ op: 'delete', kind: 'providerAddress', routingDomainId: BLUE, value: null }),
      '',
      '[]',
    ].join('\n');
    const headers = { 'content-type': 'application/x-ndjson' };
    const answer = await api.call('PATCH', '/v1/policy', { body, headers });
    expectProblem(answer, 400, 'malformedRequest');
    expect(codesByPath(answer)).toEqual({
      '/changes/0': 'malformedRequest',
      '/changes/1/routingDomainId': 'invalidRoutingDomainId',
      '/changes/1/value/customerAddress': 'missingField',
      '/changes/1/value/vsid': 'invalidVsid',
      '/changes/2/op': 'invalidValue',
      '/changes/2/kind': 'invalidValue',
      '/changes/3/routingDomainId': 'unknownField',
      '/changes/3/value': 'invalidValue',
      '/changes/4': 'malformedRequest',
      '/changes/5': 'invalidValue',
    });
    expect(valueAt(answer.json, '/errors/0/message')).toMatch(/^Line 1 /);
    expect(api.policy.current().revision).toBe(1);
  });

  it('are refused where they lead to a policy with errors, and where nothing is to delete', async () => {
    const changes = [
      { op: 'delete', kind: 'virtualSubnet', routingDomainId: BLUE, value: { vsid: 5099 } },
      {
        op: 'upsert',
        kind: 'routingDomain',
        value: { id: GREEN, virtualSubnets: [{ vsid: 5001, prefixes: ['10.0.0.0/24'] }] },
      },
      {
        op: 'upsert',
        kind: 'lookupRecord',
        routingDomainId: BLUE,
        value: { ...RECORD, customerAddress: '172.16.0.1' },
      },
    ];
    const answer = await api.call('PATCH', '/v1/policy', { body: { changes } });
    expectProblem(answer, 422, 'policyRefused');
    expect(codesByPath(answer)).toEqual({
      '/changes/0': 'notFound',
      '/changes/1/value/virtualSubnets/0/vsid': 'vsidInUse',
      '/changes/2/value/customerAddress': 'outsideVirtualSubnet',
    });
    expect(api.policy.current().revision).toBe(1);
  });

  it('name an existing object that they break by its path', async () => {
    const changes = [
      { op: 'delete', kind: 'virtualSubnet', routingDomainId: BLUE, value: { vsid: 5001 } },
    ];
    const answer = await api.call('PATCH', '/v1/policy', { body: { changes } });
    expectProblem(answer, 422, 'policyRefused');
    const paths = Object.keys(codesByPath(answer));
    expect(paths).toContain(`/v1/routing-domains/${BLUE}/lookup-records/5001/192.168.1.101/vsid`);
  });
});

describe('If-Match', () => {
  beforeEach(push);

  it.each([
    ['PUT', '/v1/policy', examplePolicy()],
    ['PATCH', '/v1/policy', { changes: [] }],
    ['PUT', `/v1/routing-domains/${BLUE}/lookup-records/5001/192.168.1.150`, RECORD],
    ['DELETE', `/v1/routing-domains/${BLUE}/connections/corp`, undefined],
  ] as const)('guards %s %s', async (method, url, body) => {
    const stale = await api.call(method, url, { body, headers: { 'if-match': '"0"' } });
    expectProblem(stale, 412, 'revisionMismatch');
    expect(api.policy.current().revision).toBe(1);
    const fresh = await api.call(method, url, { body, headers: { 'if-match': '"1"' } });
    expect(fresh).toMatchObject({ status: 200, headers: { etag: '"2"' } });
  });

  it.each(['1', 'W/"1"', '"one"', ''])('refuses %j', async (header) => {
    const answer = await api.call('PATCH', '/v1/policy', {
      body: { changes: [] },
      headers: { 'if-match': header },
    });
    expectProblem(answer, 400, 'malformedRequest');
  });
});

describe('single objects', () => {
  beforeEach(push);
  const domain = `/v1/routing-domains/${BLUE}`;

  it.each([
    ['/v1/provider-addresses/10.1.1.41', { address: '10.1.1.41', prefixLength: 24 }],
    [
      '/v1/provider-routes/10.9.0.0/16/10.1.1.2',
      { destinationPrefix: '10.9.0.0/16', nextHop: '10.1.1.2' },
    ],
    [`/v1/routing-domains/${GREEN}`, { id: GREEN, name: 'green' }],
    [`${domain}/virtual-subnets/5003`, { vsid: 5003, prefixes: ['192.168.3.0/24'] }],
    [`${domain}/lookup-records/5001/192.168.1.150`, RECORD],
    [
      `${domain}/customer-routes/5001/10.0.0.0%2F8/192.168.1.101`,
      { vsid: 5001, destinationPrefix: '10.0.0.0/8', nextHop: '192.168.1.101' },
    ],
    [
      `${domain}/connections/lab`,
      { id: 'lab', type: 'routed', routes: [{ destinationPrefix: '192.168.200.0/24', metric: 3 }] },
    ],
  ])('%s is made, read, listed and deleted', async (url, body) => {
    expectProblem(await api.call('GET', url), 404, 'notFound');
    expectProblem(await api.call('DELETE', url), 404, 'notFound');
    const put = await api.call('PUT', url, { body });
    expect(put).toMatchObject({ status: 200, json: { revision: 2 }, headers: { etag: '"2"' } });
    const read = await api.call('GET', url);
    expect(read.json).toMatchObject({ ...body, state: { configuration: 'pending' } });
    const listUrl = /^(.*?\/(?:provider-\w+|(?:virtual|lookup|customer)-\w+|connections))\//.exec(
      url,
    );
    const list = await api.call('GET', listUrl?.[1] ?? '/v1/routing-domains');
    expect(valueAt(list.json, '/items')).toContainEqual(expect.objectContaining(body));
    const gone = await api.call('DELETE', url, { headers: { 'content-type': 'application/json' } });
    expect(gone).toMatchObject({ status: 200, json: { revision: 3 } });
    expectProblem(await api.call('GET', url), 404, 'notFound');
  });

  it('of a routing domain that is not there are not found', async () => {
    const url = `/v1/routing-domains/${GREEN}/lookup-records`;
    expectProblem(await api.call('GET', url), 404, 'notFound');
    expectProblem(
      await api.call('PUT', `${url}/5001/192.168.1.150`, { body: RECORD }),
      404,
      'notFound',
    );
  });

  it.each([
    `${domain}/lookup-records/abc/192.168.1.1`,
    `${domain}/lookup-records/5001/192.168.1`,
    `${domain}/virtual-subnets/1`,
    `${domain}/customer-routes/5001/192.168.1.1/24/0.0.0.0`,
    `${domain}/connections/a%20b`,
    '/v1/routing-domains/blue',
    '/v1/provider-addresses/fe80::1',
    '/v1/%zz',
  ])('cannot be named by %s', async (url) => {
    expectProblem(await api.call('GET', url), 400, 'malformedRequest');
  });

  it('say what is wrong with a body, relative to it', async () => {
    const body = { ...RECORD, macAddress: 'x', vmName: 7, more: 1 };
    const answer = await api.call('PUT', `${domain}/lookup-records/5001/192.168.1.150`, { body });
    expect(codesByPath(answer)).toEqual({
      '/macAddress': 'invalidMacAddress',
      '/vmName': 'invalidValue',
      '/more': 'unknownField',
    });
    const outside = { ...RECORD, customerAddress: '10.0.0.1' };
    const refused = await api.call('PUT', `${domain}/lookup-records/5001/10.0.0.1`, {
      body: outside,
    });
    expectProblem(refused, 422, 'policyRefused');
    expect(codesByPath(refused)).toEqual({ '/customerAddress': 'outsideVirtualSubnet' });
  });

  it('cannot be put under the name of another', async () => {
    const answer = await api.call('PUT', `${domain}/lookup-records/5001/192.168.1.151`, {
      body: RECORD,
    });
    expect(codesByPath(answer)).toEqual({ '': 'invalidValue' });
  });

  it('are too large for their call beyond 1 MiB', async () => {
    const body = { ...RECORD, vmName: 'x'.repeat(1024 * 1024) };
    const answer = await api.call('PUT', `${domain}/lookup-records/5001/192.168.1.150`, { body });
    expectProblem(answer, 413, 'malformedRequest');
  });

  it('carry the reason why they failed', async () => {
    const ref = `routing-domains/${BLUE}/connections/corp` as PolicyRef;
    api.status.failures.set(ref, 'no such device');
    api.status.reach(1);
    const state = {
      configuration: 'failed',
      reason: 'no such device',
      connection: 'failed',
    };
    expect((await api.call('GET', `/v1/${ref}`)).json).toMatchObject({ state });
    const policy = (await api.call('GET', '/v1/policy')).json;
    expect(valueAt(policy, '/routingDomains/0/connections/0/state')).toEqual(state);
    expect((await api.call('GET', '/v1/gateway')).json).toMatchObject({
      health: 'degraded',
      reconcile: { failures: [{ ref, reason: 'no such device' }] },
    });
  });
});

describe('lists', () => {
  beforeEach(push);

  it('come in pages that make up the whole', async () => {
    const changes = Array.from({ length: 25 }, (_, i) => ({
      op: 'upsert',
      kind: 'lookupRecord',
      routingDomainId: BLUE,
      // Pushed in another order than listed.
      value: { ...RECORD, customerAddress: `192.168.1.${110 + ((i * 7) % 25)}` },
    }));
    await api.call('PATCH', '/v1/policy', { body: { changes } });
    const url = `/v1/routing-domains/${BLUE}/lookup-records`;
    const whole = (await api.call('GET', url)).json;
    expect(valueAt(whole, '/items')).toHaveLength(27);
    expect(valueAt(whole, '/next')).toBeUndefined();
    const items: unknown[] = [];
    let next: string | undefined;
    do {
      const after = next === undefined ? '' : `&after=${encodeURIComponent(next)}`;
      const page = (await api.call('GET', `${url}?limit=4${after}`)).json;
      items.push(...(valueAt(page, '/items') as unknown[]));
      // What was the last of a page may be gone when the next one is asked for.
      next = valueAt(page, '/next') as string | undefined;
      if (next === '5001/192.168.1.112') await api.call('DELETE', `${url}/${next}`);
    } while (next !== undefined);
    expect(items).toEqual(valueAt(whole, '/items'));
  });

  it.each(['limit=0', 'limit=10001', 'limit=x', 'after=nonsense', 'before=1'])(
    'refuse ?%s',
    async (query) => {
      const url = `/v1/routing-domains/${BLUE}/virtual-subnets?${query}`;
      expectProblem(await api.call('GET', url), 400, 'malformedRequest');
    },
  );
});

describe('?wait=synchronized', () => {
  const url = '/v1/policy?wait=synchronized&timeout=1';

  it('answers once the kernel has the push', async () => {
    let answered = false;
    const call = api.call('PUT', url, { body: examplePolicy() }).then((answer) => {
      answered = true;
      return answer;
    });
    await expect.poll(() => api.status.waitedFor).toEqual([1]);
    expect(answered).toBe(false);
    api.status.reach(1);
    expect((await call).json).toEqual({ revision: 1, warnings: [] });
  });

  it('names what is pending when it takes too long; the push is stored all the same', async () => {
    const answer = await api.call('PUT', url, { body: examplePolicy() });
    expectProblem(answer, 504, 'timedOut');
    expect(valueAt(answer.json, '/revision')).toBe(1);
    expect(codesByPath(answer)).toEqual({ '/v1/policy': 'timedOut' });
    expect(api.policy.current().revision).toBe(1);
  });

  it('names what failed of the push, and nothing else', async () => {
    await push();
    const blue = `routing-domains/${BLUE}/connections/corp` as PolicyRef;
    const red = `routing-domains/${RED}/connections/internet` as PolicyRef;
    api.status.failures.set(blue, 'no').set(red, 'no');
    api.status.reach(2);
    const answer = await api.call(
      'PUT',
      `/v1/routing-domains/${BLUE}/lookup-records/5001/192.168.1.150?wait=synchronized`,
      { body: RECORD },
    );
    expectProblem(answer, 500, 'kernelOperationFailed');
    expect(valueAt(answer.json, '/revision')).toBe(2);
    expect(codesByPath(answer)).toEqual({ [`/v1/${blue}`]: 'kernelOperationFailed' });
  });

  it.each(['wait=yes', 'wait=synchronized&timeout=0', 'wait=synchronized&timeout=x'])(
    'is refused as ?%s before anything is stored',
    async (query) => {
      const answer = await api.call('PUT', `/v1/policy?${query}`, { body: examplePolicy() });
      expectProblem(answer, 400, 'malformedRequest');
      expect(api.policy.current().revision).toBe(0);
    },
  );
});

describe('the gateway', () => {
  it('describes itself', async () => {
    await push();
    api.status.reach(1);
    expect((await api.call('GET', '/v1/gateway')).json).toEqual({
      name: 'edge',
      version: '1.2.3',
      revision: 1,
      health: 'ok',
      startedAt: expect.stringMatching(/Z$/) as unknown,
      uptimeSeconds: expect.any(Number) as unknown,
      reconcile: { revision: 1, lastRunAt: '2026-11-22T08:00:00.000Z', repairs: 3, failures: [] },
      counts: {
        providerAddresses: 1,
        providerRoutes: 1,
        routingDomains: 2,
        virtualSubnets: 4,
        lookupRecords: 4,
        customerRoutes: 4,
        connections: 2,
      },
      tunnels: { connected: 0, connecting: 0, disconnected: 0, failed: 0 },
      pathMtus: [
        {
          ...{ providerAddress: '10.1.1.20', mtu: 1400, innerMtu: 1358, router: '10.1.1.1' },
          learnedAt: '2026-11-22T08:00:00.000Z',
        },
      ],
      // Heard of last first; what this build does not know is left out.
      peerProblems: [
        expect.objectContaining({ problem: 'nvgreRefused', packets: 2 }) as unknown,
        expect.objectContaining({
          ...{ providerAddress: '10.1.1.20', problem: 'greKeyMissing', packets: 7 },
          advice: expect.stringContaining('KB2779768') as unknown,
        }) as unknown,
      ],
    });
    expect((await api.call('GET', '/v1/capabilities')).json).toEqual(CAPABILITIES);
  });

  it('is ready once the stored policy is in the kernel, and stays so', async () => {
    expect(await api.call('GET', '/readyz')).toMatchObject({ status: 503, json: { ready: false } });
    api.status.reach(0);
    expect(await api.call('GET', '/readyz')).toMatchObject({ status: 200, json: { ready: true } });
    await push();
    expect(await api.call('GET', '/readyz')).toMatchObject({ status: 200, json: { revision: 1 } });
    expect(await api.call('GET', '/healthz')).toMatchObject({
      status: 200,
      json: { status: 'ok' },
    });
  });

  it('counts by VSID and verdict', async () => {
    expect(valueAt((await api.call('GET', '/v1/counters')).json, '/counters')).toMatchObject([
      { vsid: 5001, verdict: 'decapsulated', kind: 'forwarded', packets: 12, bytes: 1200 },
      { vsid: 0, verdict: 'vsidUnknown', kind: 'dropped', packets: 3, bytes: 300 },
    ]);
  });

  it('gives its figures to Prometheus, the same ones at each scrape', async () => {
    await push();
    for (const scrape of [1, 2]) {
      const { text, status } = await api.call('GET', '/metrics');
      expect({ scrape, status }).toEqual({ scrape, status: 200 });
      expect(text).toContain('nvgate_packets_total{vsid="5001",verdict="decapsulated"} 12\n');
      expect(text).toContain('nvgate_bytes_total{vsid="0",verdict="vsidUnknown"} 300\n');
      expect(text).toContain('nvgate_policy_revision 1\n');
      expect(text).toContain('nvgate_synchronized_revision 0\n');
      expect(text).toContain('nvgate_repairs_total 3\n');
      expect(text).toContain('nvgate_build_info{version="1.2.3"} 1\n');
      expect(text).toContain('process_cpu_seconds_total');
    }
  });

  it('explains a packet', async () => {
    const body = {
      vsid: 5001,
      from: '192.168.1.101',
      to: '2001:db8::1',
      protocol: 'tcp',
      port: 80,
    };
    const answer = await api.call('POST', '/v1/trace', { body });
    expect(answer.json).toEqual({
      routingDomain: null,
      outcome: { kind: 'dropped', verdict: 'vsidUnknown', sentence: 'No such subnet.' },
      steps: [{ name: 'virtualSubnet', sentence: 'There is none.' }],
    });
    expect(api.traced).toEqual([
      { vsid: 5001, from: 0xc0a80165, to: (0x20010db8n << 96n) | 1n, protocol: 'tcp', port: 80 },
    ]);
    const bad = await api.call('POST', '/v1/trace', { body: { vsid: 1, to: 'x', port: 0 } });
    expect(codesByPath(bad)).toEqual({
      '/vsid': 'invalidVsid',
      '/from': 'missingField',
      '/to': 'invalidAddress',
      '/port': 'invalidValue',
    });
  });

  it('logs writes without their secrets', async () => {
    await push();
    expect(api.logged.some((line) => line.includes('"url":"/v1/policy"'))).toBe(true);
    expect(api.logged.join('')).not.toContain(TOKEN);
  });
});

describe('events', () => {
  it('are sent as they happen, until the gateway stops', async () => {
    await push();
    const before = api.listeners();
    const response = await api.app.inject({
      method: 'GET',
      url: '/v1/events',
      headers: { authorization: `Bearer ${TOKEN}` },
      payloadAsStream: true,
    });
    expect(response.headers['content-type']).toContain('text/event-stream');
    const chunks: string[] = [];
    const stream = response.stream();
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    expect(api.listeners()).toBe(before + 1);
    api.emit({ type: 'synchronized', revision: 1 });
    api.emit({ type: 'failure', reason: 'line\nbreak' });
    const wanted =
      'event: revision\nid: 1\ndata: {"revision":1}\n\n' +
      'event: synchronized\nid: 1\ndata: {"revision":1}\n\n' +
      'event: failure\ndata: {"reason":"line\\nbreak"}\n\n';
    await expect.poll(() => chunks.join('')).toBe(wanted);
    await api.app.close();
    await expect.poll(() => stream.closed || stream.readableEnded).toBe(true);
    expect(api.listeners()).toBe(0);
  });
});

describe('an error that nobody expected', () => {
  it('is logged, and told without its text', async () => {
    api.status.stateOf = () => {
      throw new Error('secret of the inside');
    };
    await push();
    const answer = await api.call('GET', '/v1/provider-addresses');
    expectProblem(answer, 500, 'internal');
    expect(answer.text).not.toContain('secret of the inside');
    expect(api.logged.join('')).toContain('secret of the inside');
  });

  it('is one answer also for calls that there are not', async () => {
    expectProblem(await api.call('POST', '/v1/nowhere', { body: {} }), 404, 'notFound');
  });
});
