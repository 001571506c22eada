import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeDocument } from '../../../../provider/change-schemas.js';
import { createClient, type Client } from '../../../../provider/client/client.js';
import { ApiProblemError } from '../../../../provider/client/problem-error.js';
import { NvgateError } from '../../../../src/errors.js';
import { collect } from './collect.js';
import {
  makeCertificate,
  problem,
  startScriptedGateway,
  type ScriptedGateway,
} from './scripted-gateway.js';

const RDID = '11111111-2222-3333-4444-000000005001';

let gateway: ScriptedGateway;
let client: Client;

beforeEach(async () => {
  gateway = await startScriptedGateway();
  client = createClient({ url: gateway.url, token: 'secret', timeout: 2_000 });
});

afterEach(async () => {
  client.close();
  await gateway.close();
});

/** What a promise is rejected with. */
async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('calls', () => {
  it('carry the token and read JSON', async () => {
    gateway.answers.set('GET /v1/gateway', { body: { name: 'edge', revision: 7 } });
    expect(await client.gateway()).toEqual({ name: 'edge', revision: 7 });
    expect(gateway.seen[0]?.headers.authorization).toBe('Bearer secret');
  });

  it('go out again where the gateway has ended an idle connection', async () => {
    gateway.answers.set('GET /v1/gateway', { body: { name: 'edge', revision: 7 } });
    gateway.answers.set('PUT /v1/policy', { body: { revision: 8 }, freshConnection: true });
    await client.gateway();
    expect(await client.replacePolicy({ apiVersion: 'nvgate/v1' })).toEqual({ revision: 8 });
    expect(gateway.seen.map(({ method }) => method)).toEqual(['GET', 'PUT', 'PUT']);
    expect(gateway.seen[2]?.body).toBe(gateway.seen[1]?.body);
  });

  it('read the policy with its revision', async () => {
    const body = { apiVersion: 'nvgate/v1' };
    gateway.answers.set('GET /v1/policy', { body, headers: { etag: '"41"' } });
    expect(await client.policy()).toEqual({ revision: 41, policy: body });
  });

  it('replace the policy under a condition and wait for it', async () => {
    gateway.answers.set('PUT /v1/policy?wait=synchronized&timeout=5', { body: { revision: 8 } });
    const policy = { apiVersion: 'nvgate/v1' as const };
    expect(await client.replacePolicy(policy, { ifMatch: 7, waitSeconds: 5 })).toEqual({
      revision: 8,
    });
    expect(gateway.seen[0]?.headers).toMatchObject({
      'if-match': '"7"',
      'content-type': 'application/json',
    });
    expect(JSON.parse(gateway.seen[0]?.body ?? '')).toEqual(policy);
  });

  it('go to the object that an id names', async () => {
    const path = `/v1/routing-domains/${RDID}/customer-routes/6001/2001%3Adb8%3A%3A/64/%3A%3A`;
    gateway.answers.set(`DELETE ${path}`, { body: { revision: 3 } });
    const { customerRoutes } = client.routingDomain(RDID);
    expect(await customerRoutes.delete('6001/2001:db8::/64/::')).toEqual({ revision: 3 });
  });

  it('follow a list to its last page', async () => {
    const items = [{ address: '10.1.1.1' }, { address: '10.1.1.2' }, { address: '10.1.1.3' }];
    const path = '/v1/provider-addresses';
    gateway.answers.set(`GET ${path}`, { body: { items: items.slice(0, 2), next: 'a&b' } });
    gateway.answers.set(`GET ${path}?after=a%26b`, { body: { items: items.slice(2) } });
    expect(await collect(client.providerAddresses.all())).toEqual(items);
  });
});

describe('changes', () => {
  const change = (n: number): ChangeDocument => ({
    op: 'delete',
    kind: 'virtualSubnet',
    routingDomainId: RDID,
    value: { vsid: n },
  });

  it('are streamed as one JSON document a line', async () => {
    gateway.answers.set('PATCH /v1/policy', { body: { revision: 2 } });
    const count = 5_000;
    async function* changes() {
      for (let n = 0; n < count; n++) yield await Promise.resolve(change(n));
    }
    expect(await client.changePolicy(changes())).toEqual({ revision: 2 });
    const [request] = gateway.seen;
    expect(request?.headers['content-type']).toBe('application/x-ndjson');
    expect(request?.headers['transfer-encoding']).toBe('chunked');
    const lines = request?.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual(Array.from({ length: count }, (_, n) => change(n)));
  });

  it('that cannot be made are the caller’s error', async () => {
    function* broken() {
      yield change(1);
      throw new RangeError('broken source');
    }
    expect(await failure(client.changePolicy(broken()))).toEqual(new RangeError('broken source'));
  });
});

describe('refusals', () => {
  it('carry status, code, detail and every error', async () => {
    const errors = [
      { path: '/routingDomains/0/id', code: 'invalidRoutingDomainId', message: 'Not a UUID.' },
      { path: '/providerRoutes', code: 'invalidValue', message: 'Must be a list.' },
    ];
    gateway.answers.set('PUT /v1/policy', problem(422, 'policyRefused', { errors }));
    const error = await failure(client.replacePolicy({ apiVersion: 'nvgate/v1' }));
    expect(error).toBeInstanceOf(ApiProblemError);
    expect(error).toMatchObject({
      status: 422,
      code: 'policyRefused',
      detail: 'About policyRefused.',
      errors,
    });
  });

  it('that are no problem documents say what came', async () => {
    gateway.answers.set('GET /v1/gateway', {
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<h1>Bad gateway</h1>',
    });
    expect(await failure(client.gateway())).toMatchObject({
      status: 502,
      code: 'internal',
      errors: [],
      message: expect.stringContaining('502') as string,
    });
  });
});

describe('a gateway that cannot be reached', () => {
  const unreachable = { code: 'gatewayUnreachable' };

  it('because nobody listens', async () => {
    await gateway.close();
    expect(await failure(client.gateway())).toMatchObject(unreachable);
  });

  it('because the answer breaks off', async () => {
    gateway.answers.set('GET /v1/gateway', {
      headers: { 'content-length': '100' },
      body: '{',
      hang: true,
    });
    const pending = failure(client.gateway());
    await expect.poll(() => gateway.seen.length).toBe(1);
    await gateway.close();
    expect(await pending).toMatchObject(unreachable);
  });

  it('because nothing comes for too long', async () => {
    gateway.answers.set('GET /v1/gateway', { body: '{', hang: true });
    const impatient = createClient({ url: gateway.url, token: '', timeout: 50 });
    expect(await failure(impatient.gateway())).toMatchObject(unreachable);
  });
});

it.each(['', 'gateway', 'ftp://gateway', '/v1'])('refuses the URL "%s"', (url) => {
  expect(() => createClient({ url, token: '' })).toThrow(NvgateError);
});

describe('TLS', () => {
  it('trusts the gateway’s own certificate under any name, and no other', async () => {
    const [own, other] = await Promise.all(['a.test', 'b.test'].map(makeCertificate));
    if (own === undefined || other === undefined) throw new Error('No certificates.');
    const secure = await startScriptedGateway(own);
    secure.answers.set('GET /v1/gateway', { body: { revision: 1 } });
    const open = (ca?: string) =>
      createClient({ url: secure.url, token: '', ...(ca === undefined ? {} : { ca }) }).gateway();
    try {
      expect(await open(own.cert)).toEqual({ revision: 1 });
      expect(await open(other.cert + own.cert)).toEqual({ revision: 1 });
      for (const ca of [undefined, other.cert])
        expect(await failure(open(ca))).toMatchObject({
          code: 'gatewayUnreachable',
          message: expect.stringContaining('--ca') as string,
        });
    } finally {
      await secure.close();
    }
  });
});

describe('events', () => {
  const stream = [
    ': hello\n\nid: 4\nevent: policyPushed\ndata: {"revision":4}\n\n',
    'event: policyPushed\ndata: {"revision":5}\n\n',
  ].join('');

  it('come until the gateway ends them', async () => {
    gateway.answers.set('GET /v1/events', {
      headers: { 'content-type': 'text/event-stream' },
      body: stream,
    });
    expect(await collect(client.events())).toEqual([
      { type: 'policyPushed', id: '4', data: { revision: 4 } },
      { type: 'policyPushed', data: { revision: 5 } },
    ]);
    expect(gateway.seen[0]?.headers.accept).toBe('text/event-stream');
  });

  it('end when the caller stops, and the connection with them', async () => {
    gateway.answers.set('GET /v1/events', { body: stream, hang: true });
    for await (const event of client.events()) {
      expect(event.id).toBe('4');
      break;
    }
  });

  it('that break off are an error', async () => {
    gateway.answers.set('GET /v1/events', { body: stream, hang: true });
    const reading = collect(client.events());
    const pending = failure(reading);
    await expect.poll(() => gateway.seen.length).toBe(1);
    await gateway.close();
    expect(await pending).toMatchObject({ code: 'gatewayUnreachable' });
  });

  it('end after a pause', async () => {
    gateway.answers.set('GET /v1/events', { body: stream, hang: true });
    expect(await collect(client.events({ quiet: 20 }))).toHaveLength(2);
  });

  it('end by the signal', async () => {
    gateway.answers.set('GET /v1/events', { body: stream, hang: true });
    const stop = new AbortController();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of client.events({ signal: stop.signal })) {
        seen.push(event.data);
        if (seen.length === 2) stop.abort();
      }
    })();
    await reading;
    expect(seen).toHaveLength(2);
  });
});
