import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Compile } from 'typebox/compile';
import { ConnectionSchema } from '../../../provider/schemas.js';
import type { TunnelReport } from '../../../provider/tunnels.js';
import { NvgateError } from '../../../src/errors.js';
import { ConnectionId } from '../../../src/model/connection.js';
import { policyRef } from '../../../src/model/policy-ref.js';
import { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { parseIp } from '../../../src/net/ip.js';
import { BLUE, examplePolicy, RED, setAt, startHarness, valueAt, type Harness } from './harness.js';
import { OFFICE, SECRET_MARK } from './remote-documents.js';

/* Remote connections through the API: their states, figures, events, and that no secret comes out. */

let api: Harness;

beforeEach(async () => {
  api = await startHarness();
  const policy = examplePolicy();
  // Peers of one external address are told apart by their addresses.
  for (const [at, destinationAddress] of ['198.51.100.2', '198.51.100.9'].entries())
    setAt(policy, `/routingDomains/${at}/connections/-`, { ...OFFICE.ikev2, destinationAddress });
  const answer = await api.call('PUT', '/v1/policy', { body: policy });
  expect(answer.json).toMatchObject({ revision: 1 });
});

afterEach(async () => {
  await api.app.close();
});

const URL = `/v1/routing-domains/${BLUE}/connections`;
const TUNNEL = `${BLUE}/office`;
const SINCE = new Date('2026-11-22T08:00:00Z');
const CONNECTED: TunnelReport = {
  connection: 'connected',
  since: SINCE,
  peerAddress: parseIp('198.51.100.2'),
};
const FAILED: TunnelReport = {
  connection: 'failed',
  since: SINCE,
  lastError: {
    cause: 'authenticationFailed',
    message: 'The peer has another secret.',
    at: new Date('2026-11-22T08:00:01Z'),
  },
};
const ASSOCIATIONS = [
  { kind: 'ike', state: 'ESTABLISHED', algorithms: 'AES_CBC-256', rekeyInSeconds: 20_000 },
  {
    kind: 'child',
    state: 'INSTALLED',
    algorithms: 'AES_GCM_16-256',
    bytesIn: 100,
    bytesOut: 200,
    packetsIn: 1,
    packetsOut: 2,
    localSelectors: ['0.0.0.0/0'],
    remoteSelectors: ['0.0.0.0/0'],
  },
  { kind: 'child', state: 'REKEYED', algorithms: 'AES_GCM_16-256', bytesIn: 11 },
] as const;

async function read(url: string): Promise<unknown> {
  const answer = await api.call('GET', url);
  expect(answer.status).toBe(200);
  return answer.json;
}

async function stateOf(id: string): Promise<unknown> {
  const document = await read(`${URL}/${id}`);
  expect(Compile(ConnectionSchema).Errors(document)).toEqual([]);
  return valueAt(document, '/state');
}

describe('the state of a remote connection', () => {
  it('is connecting while nothing is known of it', async () => {
    api.status.reach(1);
    expect(await stateOf('office')).toEqual({
      configuration: 'synchronized',
      connection: 'connecting',
      securityAssociations: [],
    });
  });

  it('is failed where the kernel refused it', async () => {
    const ref = policyRef.connection(RoutingDomainId(BLUE), ConnectionId('office'));
    api.status.failures.set(ref, 'No room.');
    expect(await stateOf('office')).toMatchObject({
      configuration: 'failed',
      reason: 'No room.',
      connection: 'failed',
    });
  });

  it('is that of its tunnel, with what IKE has agreed on', async () => {
    api.status.reach(1);
    api.tunnels.reports.set(TUNNEL, CONNECTED);
    api.tunnels.associations.set(TUNNEL, ASSOCIATIONS);
    expect(await stateOf('office')).toEqual({
      configuration: 'synchronized',
      connection: 'connected',
      since: '2026-11-22T08:00:00.000Z',
      peerAddress: '198.51.100.2',
      securityAssociations: ASSOCIATIONS,
    });
  });

  it('says what went wrong last', async () => {
    api.tunnels.reports.set(TUNNEL, FAILED);
    expect(await stateOf('office')).toMatchObject({
      connection: 'failed',
      lastError: {
        cause: 'authenticationFailed',
        message: 'The peer has another secret.',
        at: '2026-11-22T08:00:01.000Z',
      },
    });
  });

  it('is told also while the VPN daemon does not answer', async () => {
    api.tunnels.reports.set(TUNNEL, CONNECTED);
    api.tunnels.failure = new NvgateError('vpnDaemonFailed', 'It is gone.');
    const state = await stateOf('office');
    expect(state).toMatchObject({ connection: 'connected' });
    expect(state).not.toHaveProperty('securityAssociations');
  });

  it('is in lists, in the domain and in the policy, without security associations', async () => {
    api.status.reach(1);
    api.tunnels.reports.set(TUNNEL, CONNECTED);
    api.tunnels.associations.set(TUNNEL, ASSOCIATIONS);
    const state = {
      configuration: 'synchronized',
      connection: 'connected',
      since: '2026-11-22T08:00:00.000Z',
      peerAddress: '198.51.100.2',
    };
    expect(valueAt(await read(URL), '/items/1/state')).toEqual(state);
    expect(valueAt(await read(`/v1/routing-domains/${BLUE}`), '/connections/1/state')).toEqual(
      state,
    );
    expect(valueAt(await read('/v1/policy'), '/routingDomains/0/connections/1/state')).toEqual(
      state,
    );
  });
});

describe('the state of a local connection', () => {
  it('follows the kernel', async () => {
    expect(await stateOf('corp')).toEqual({ configuration: 'pending', connection: 'connecting' });
    api.status.reach(1);
    expect(await stateOf('corp')).toEqual({
      configuration: 'synchronized',
      connection: 'connected',
    });
    const ref = policyRef.connection(RoutingDomainId(BLUE), ConnectionId('corp'));
    api.status.failures.set(ref, 'No room.');
    expect(await stateOf('corp')).toEqual({
      configuration: 'failed',
      reason: 'No room.',
      connection: 'failed',
    });
  });
});

describe('a secret', () => {
  it('is in no answer', async () => {
    const urls = [URL, `${URL}/office`, `/v1/routing-domains/${BLUE}`, '/v1/policy'];
    for (const url of urls) {
      const text = JSON.stringify(await read(url));
      expect(text).toContain('"office"');
      expect(text).not.toContain(SECRET_MARK);
      expect(text).not.toContain('***');
    }
    expect(api.logged.join('')).not.toContain(SECRET_MARK);
  });

  it('stays when what was read is pushed again', async () => {
    const policy = await read('/v1/policy');
    expect(await api.call('PUT', '/v1/policy', { body: policy })).toMatchObject({ status: 200 });
    const office = await read(`${URL}/office`);
    expect(await api.call('PUT', `${URL}/office`, { body: office })).toMatchObject({ status: 200 });
    const stored = api.policy
      .current()
      .policy.routingDomains.get(RoutingDomainId(BLUE))
      ?.connections.get(ConnectionId('office'));
    expect(stored?.type === 'ikev2' && stored.authentication.method === 'psk').toBe(true);
    expect((valueAt(stored, '/authentication/secret') as { reveal(): string }).reveal()).toBe(
      SECRET_MARK,
    );
  });

  it('must be there for a new connection', async () => {
    const body = { ...OFFICE.ikev2, id: 'new', authentication: { method: 'psk' } };
    const answer = await api.call('PUT', `${URL}/new`, { body });
    expect(answer.status).toBe(422);
    expect(valueAt(answer.json, '/errors')).toContainEqual(
      expect.objectContaining({ path: '/authentication/secret', code: 'missingSecret' }),
    );
  });

  it('is not in what a refused push is told', async () => {
    const office = { ...OFFICE.ikev2, sourceAddress: 'nowhere' };
    const changes = [
      { op: 'upsert', kind: 'connection', routingDomainId: BLUE, value: office },
      { op: 'delete', kind: 'connection', routingDomainId: BLUE, value: { ...office, id: 'no' } },
    ];
    const text = JSON.stringify({ changes });
    for (const [url, method, body, status = 400] of [
      [`${URL}/office`, 'PUT', office, 422],
      ['/v1/policy', 'PATCH', { changes }, 422],
      // Cut in the middle, and with a stray word behind the secret.
      [`${URL}/office`, 'PUT', `{"secret": ${SECRET_MARK}}`],
      ['/v1/policy', 'PATCH', text.slice(0, text.indexOf(SECRET_MARK) + SECRET_MARK.length)],
      ['/v1/policy', 'PATCH', text.replace(`"${SECRET_MARK}"`, `"${SECRET_MARK}" x`)],
    ] as const) {
      const answer = await api.call(method, url, { body });
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain(SECRET_MARK);
    }
    expect(api.logged.join('')).not.toContain(SECRET_MARK);
  });
});

it('counts tunnels by state in GET /v1/gateway', async () => {
  api.tunnels.reports.set(TUNNEL, CONNECTED);
  expect(await read('/v1/gateway')).toMatchObject({
    counts: { connections: 4 },
    tunnels: { connected: 1, connecting: 1, disconnected: 0, failed: 0 },
  });
});

describe('metrics', () => {
  const lines = async (): Promise<string[]> => {
    const { text } = await api.call('GET', '/metrics');
    return text.split('\n').filter((line) => line.startsWith('nvgate_connection_'));
  };
  const labels = (domain: string) => `routing_domain="${domain}",connection="office"`;

  it('say which tunnels are up, and what went through them', async () => {
    api.tunnels.reports.set(TUNNEL, CONNECTED).set(`${RED}/office`, FAILED);
    api.tunnels.associations.set(TUNNEL, ASSOCIATIONS);
    const wanted = [
      `nvgate_connection_up{${labels(BLUE)}} 1`,
      `nvgate_connection_up{${labels(RED)}} 0`,
      `nvgate_connection_changes_total{${labels(BLUE)}} 0`,
      `nvgate_connection_changes_total{${labels(RED)}} 0`,
      `nvgate_connection_bytes_total{${labels(BLUE)},direction="in"} 111`,
      `nvgate_connection_bytes_total{${labels(BLUE)},direction="out"} 200`,
      `nvgate_connection_packets_total{${labels(BLUE)},direction="in"} 1`,
      `nvgate_connection_packets_total{${labels(BLUE)},direction="out"} 2`,
    ];
    expect(await lines()).toEqual(wanted);
    // Totals are read, not added up.
    expect(await lines()).toEqual(wanted);
  });

  it('come also while the VPN daemon does not answer', async () => {
    api.tunnels.reports.set(TUNNEL, CONNECTED);
    api.tunnels.failure = new NvgateError('vpnDaemonFailed', 'It is gone.');
    expect(await lines()).toContain(`nvgate_connection_up{${labels(BLUE)}} 1`);
  });

  it('count changes of state, of connections that there are', async () => {
    const ref = policyRef.connection(RoutingDomainId(BLUE), ConnectionId('office'));
    const change = (): void => {
      api.emit({ type: 'connection', ref, state: 'connected', since: SINCE });
    };
    change();
    change();
    const line = `nvgate_connection_changes_total{${labels(BLUE)}}`;
    expect(await lines()).toContain(`${line} 2`);
    change();
    expect(await lines()).toContain(`${line} 3`);
    await api.call('DELETE', `${URL}/office`);
    expect((await lines()).join()).not.toContain(BLUE);
  });
});

it('tells changes of state as events', async () => {
  const response = await api.app.inject({
    method: 'GET',
    url: '/v1/events',
    headers: { authorization: 'Bearer a-token-of-the-tests' },
    payloadAsStream: true,
  });
  const chunks: string[] = [];
  response
    .stream()
    .setEncoding('utf8')
    .on('data', (chunk: string) => chunks.push(chunk));
  const ref = policyRef.connection(RoutingDomainId(BLUE), ConnectionId('office'));
  api.emit({
    type: 'connection',
    ref,
    state: 'failed',
    since: SINCE,
    cause: 'peerUnreachable',
    reason: 'No answer.',
  });
  await expect
    .poll(() => chunks.join(''))
    .toContain(
      'event: connection\n' +
        `data: {"ref":"${ref}","state":"failed","since":"2026-11-22T08:00:00.000Z",` +
        '"cause":"peerUnreachable","reason":"No answer."}\n\n',
    );
});
