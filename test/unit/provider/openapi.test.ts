import { Compile } from 'typebox/compile';
import type { TSchema } from 'typebox';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CapabilitiesSchema,
  CountersSchema,
  GatewaySchema,
  ProblemDocumentSchema,
  PushAnswerSchema,
  ReadinessSchema,
  TraceAnswerSchema,
} from '../../../provider/answer-schemas.js';
import { openapiDocument } from '../../../provider/generate-openapi.js';
import { PolicySchema, RoutingDomainSchema } from '../../../provider/schemas.js';
import { ERROR_CODES } from '../../../src/errors.js';
import { BLUE, examplePolicy, startHarness, valueAt } from './harness.js';

let document: object;

beforeAll(async () => {
  document = await openapiDocument();
});

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Record<string, { readonly description: string; readonly content?: object }>;
}

function operations(): [string, string, Operation][] {
  const paths = valueAt(document, '/paths') as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => [
      path,
      method,
      operation,
    ]),
  );
}

describe('openapiDocument', () => {
  it('is OpenAPI 3.1 without a reference to nowhere', () => {
    expect(document).toMatchObject({ openapi: '3.1.0' });
    const text = JSON.stringify(document);
    const references = [
      ...text.matchAll(
        /"(?:\$ref|nat|routed|ikev2|l2tp|pptp|psk|certificate)":"#\/components\/schemas\/(\w+)"/g,
      ),
    ];
    expect(references.length).toBeGreaterThan(50);
    const known = Object.keys(valueAt(document, '/components/schemas') as object);
    for (const [, name] of references) expect(known).toContain(name);
    expect(text).not.toContain('"$id"');
    expect(text).not.toContain('def-');
  });

  it('describes every call of the contract', () => {
    const domain = '/v1/routing-domains/{rdid}';
    const calls = operations().map(([path, method]) => `${method} ${path}`);
    const nouns = [
      ['/v1/provider-addresses', '/{address}'],
      ['/v1/provider-routes', '/{destination}/{length}/{nextHop}'],
      ['/v1/routing-domains', '/{rdid}'],
      [`${domain}/virtual-subnets`, '/{vsid}'],
      [`${domain}/lookup-records`, '/{vsid}/{ca}'],
      [`${domain}/customer-routes`, '/{vsid}/{destination}/{length}/{nextHop}'],
      [`${domain}/connections`, '/{id}'],
    ].flatMap(([list = '', item = '']) => [
      `get ${list}`,
      `get ${list}${item}`,
      `put ${list}${item}`,
      `delete ${list}${item}`,
    ]);
    const others = [
      'get /v1/gateway',
      'get /v1/capabilities',
      'get /v1/policy',
      'put /v1/policy',
      'patch /v1/policy',
      'post /v1/trace',
      'get /v1/counters',
      'get /v1/events',
      'get /metrics',
      'get /healthz',
      'get /readyz',
    ];
    expect(calls.toSorted()).toEqual([...nouns, ...others].toSorted());
  });

  it('names each operation once, with its path parameters and its answers', () => {
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, method, { summary, parameters = [], responses }] of operations()) {
      const where = `${method} ${path}`;
      expect(summary, where).toBeTruthy();
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect(described.toSorted(), where).toEqual(wanted.toSorted());
      expect(responses['200']?.description, where).not.toBe('Default Response');
      if (path.startsWith('/v1')) expect(Object.keys(responses), where).toContain('401');
      if (['put', 'patch', 'delete'].includes(method))
        for (const status of ['400', '412', '422', '503', '504'])
          expect(responses[status]?.content, where).toHaveProperty(['application/problem+json']);
    }
  });

  it('lists every code of a problem with its meaning', () => {
    const { enum: codes, description } = valueAt(document, '/components/schemas/ErrorCode') as {
      enum: string[];
      description: string;
    };
    expect(codes).toEqual(Object.keys(ERROR_CODES));
    for (const [code, meaning] of Object.entries(ERROR_CODES))
      expect(description).toContain(`\`${code}\`: ${meaning}`);
  });

  it('is what the running API serves', async () => {
    const api = await startHarness();
    const served = (await api.call('GET', '/openapi.json', { token: '' })).json as object;
    await api.app.close();
    expect({ ...served, info: undefined }).toEqual({ ...document, info: undefined });
  });
});

describe('answers', () => {
  it('have the shape that the description promises', async () => {
    const api = await startHarness();
    const check = (schema: TSchema, value: unknown): void => {
      expect(Compile(schema).Errors(value)).toEqual([]);
    };
    const get = async (url: string): Promise<unknown> => (await api.call('GET', url)).json;
    check(PushAnswerSchema, (await api.call('PUT', '/v1/policy', { body: examplePolicy() })).json);
    api.status.reach(1);
    check(PolicySchema, await get('/v1/policy'));
    check(RoutingDomainSchema, await get(`/v1/routing-domains/${BLUE}`));
    check(GatewaySchema, await get('/v1/gateway'));
    check(CapabilitiesSchema, await get('/v1/capabilities'));
    check(CountersSchema, await get('/v1/counters'));
    check(ReadinessSchema, await get('/readyz'));
    const trace = { vsid: 5001, from: '10.0.0.1', to: '10.0.0.2' };
    check(TraceAnswerSchema, (await api.call('POST', '/v1/trace', { body: trace })).json);
    check(ProblemDocumentSchema, (await api.call('PUT', '/v1/policy', { body: {} })).json);
    check(ProblemDocumentSchema, await get('/v1/nowhere'));
    await api.app.close();
  });
});
