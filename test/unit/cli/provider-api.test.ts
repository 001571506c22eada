import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../provider/app.js';
import { createClient } from '../../../provider/client/client.js';
import type { ProviderContext } from '../../../provider/context.js';
import { startServer, type RunningServer } from '../../../provider/server.js';
import { anyVpnSupport } from '../../../src/cli/any-vpn-support.js';
import { DEFAULT_CONFIG } from '../../../src/config/defaults.js';
import { capabilitiesOf } from '../../../src/daemon/capabilities.js';
import { createEventHub } from '../../../src/daemon/event-hub.js';
import { traceByPolicy } from '../../../src/daemon/trace.js';
import { environmentDevices } from '../../../src/dataplane/compile/environment.js';
import { VERDICTS } from '../../../src/forwarding/verdict.js';
import { openMemoryStore } from '../../../src/policy/memory-store.js';
import { createPolicyService } from '../../../src/policy/policy-service.js';
import { run } from './terminal.js';

/* The CLI against the provider API itself, with everything below it in memory. */

const EXAMPLE = 'config/examples/two-tenants.yaml';
const TOKEN = 'a-token-of-this-test';

let server: RunningServer;

beforeEach(async () => {
  server = await startServer(buildApp(await gatewayInMemory()), { host: '127.0.0.1', port: 0 });
});

afterEach(() => server.close());

async function gatewayInMemory(): Promise<ProviderContext> {
  const { limits } = DEFAULT_CONFIG;
  const devices = { underlay: ['underlay'], external: ['external'] };
  const policyEnvironment = { ...devices, limits, vpn: anyVpnSupport(false) };
  const policy = await createPolicyService(openMemoryStore(), policyEnvironment);
  const environment = {
    underlay: environmentDevices(DEFAULT_CONFIG.underlay, new Map()),
    external: environmentDevices(DEFAULT_CONFIG.external, new Map()),
    firewallTable: 'nvgate',
    externalGroup: 1,
    tunnels: new Map(),
    multicastPacketsPerSecond: 1000,
    shortWay: true,
    pathMtus: new Map(),
  };
  return {
    gateway: { name: 'test', version: '0', startedAt: new Date() },
    policy,
    status: {
      status: () => ({
        revision: policy.current().revision,
        lastRunAt: undefined,
        failures: new Map(),
        gatewayFailures: [],
        repairs: 0,
      }),
      stateOf: () => ({ configuration: 'synchronized' }),
      synchronized: () => Promise.resolve(),
    },
    tunnels: { stateOf: () => undefined, securityAssociations: () => Promise.resolve([]) },
    underlay: { pathMtus: () => [], peerProblems: () => Promise.resolve([]) },
    environment: policyEnvironment,
    capabilities: () => capabilitiesOf([], environment, limits, policyEnvironment.vpn),
    trace: (query) => traceByPolicy(query, policy.current().policy, environment),
    counters: () =>
      Promise.resolve([
        { vsid: 5001, verdict: VERDICTS.encapsulated.number, packets: 2n, bytes: 200n },
        { vsid: 0, verdict: VERDICTS.vsidUnknown.number, packets: 1n, bytes: 99n },
      ]),
    events: createEventHub(),
    token: TOKEN,
    log: pino({ level: 'silent' }),
  };
}

async function nvgate(words: readonly string[], stdin = '') {
  const url = `http://127.0.0.1:${server.port}`;
  const ran = await run(words, {
    stdin,
    env: { NVGATE_URL: url, NVGATE_TOKEN: TOKEN },
    client: createClient({ url, token: TOKEN }),
  });
  return ran;
}

describe('apply', () => {
  it.each([[['--replace']], [[]]])('with %j leaves nothing to diff', async (how) => {
    const applied = await nvgate(['apply', '-f', EXAMPLE, '--wait', ...how]);
    expect(applied).toMatchObject({ exit: 0, stdout: 'revision 1\n', stderr: '' });
    expect(await nvgate(['diff', '-f', EXAMPLE])).toMatchObject({ exit: 0, stdout: '' });
  });

  it('without --replace keeps what the file does not name', async () => {
    await nvgate(['apply', '-f', EXAMPLE]);
    const one = [
      'apiVersion: nvgate/v1',
      'routingDomains:',
      '  - id: 11111111-2222-3333-4444-000000005001',
      '    name: blue',
      '    lookupRecords:',
      '      - {vsid: 5001, customerAddress: 192.168.1.101, macAddress: 00155D011404, providerAddress: 10.1.1.29}',
    ].join('\n');
    expect((await nvgate(['apply', '-f', '-'], one)).stdout).toBe('revision 2\n');
    const { stdout } = await nvgate(['get', 'lookup-records', '--routing-domain', 'blue']);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + 3);
    expect(stdout).toMatch(/192\.168\.1\.101 .* 10\.1\.1\.29 .* synchronized/);
  });

  it('shows every error of a refusal where it stands in the file', async () => {
    const bad = [
      'apiVersion: nvgate/v1',
      'providerAddresses: [{address: 10.1.1.40, prefixLength: 24}]',
      'routingDomains:',
      '  - id: 11111111-2222-3333-4444-000000005001',
      '    virtualSubnets: [{vsid: 5001, prefixes: [192.168.1.0/24]}]',
      '    lookupRecords:',
      '      - {vsid: 5001, customerAddress: 10.9.9.9, macAddress: 00155D011404, providerAddress: 10.1.1.20}',
      '      - {vsid: 5001, customerAddress: 192.168.1.8, macAddress: 00155D011405, providerAddress: 224.0.0.5}',
    ].join('\n');
    for (const how of [['--replace'], []]) {
      const { exit, stdout, stderr } = await nvgate(['apply', '-f', '-', ...how], bad);
      expect([exit, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^<stdin>:7:22: \/routingDomains\/0\/lookupRecords\/0\/customer/m);
      expect(stderr).toMatch(/^<stdin>:8:\d+: \/routingDomains\/0\/lookupRecords\/1\/provider/m);
    }
  });
});

describe('with a policy', () => {
  beforeEach(async () => {
    await nvgate(['apply', '-f', EXAMPLE, '--replace']);
  });

  it.each([
    ['virtual-subnets', 4],
    ['lookup-records', 5],
    ['customer-routes', 4],
    ['connections', 2],
    ['provider-addresses', 1],
    ['provider-routes', 1],
    ['routing-domains', 2],
  ])('gets %s, and applies what it got', async (noun, count) => {
    const { exit, stdout } = await nvgate(['get', noun]);
    expect(exit).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + count);
    const { stdout: document } = await nvgate(['get', noun, '-o', 'yaml']);
    expect(await nvgate(['apply', '-f', '-'], document)).toMatchObject({ exit: 0, stderr: '' });
    expect((await nvgate(['diff', '-f', EXAMPLE])).stdout).toBe('');
  });

  it.each([
    ['virtual-subnets', '5002', 'blue'],
    ['lookup-records', '5001/192.168.1.101', 'blue'],
    ['customer-routes', '6001/192.168.1.0/24/0.0.0.0', 'red'],
    ['connections', 'internet', 'red'],
    ['provider-routes', '10.1.0.0/16/10.1.1.1', undefined],
    ['routing-domains', 'blue', undefined],
  ])('gets %s %s, and deletes it', async (noun, id, domain) => {
    expect((await nvgate(['get', noun, id])).stdout.trimEnd().split('\n')).toHaveLength(2);
    const where = domain === undefined ? [] : ['--routing-domain', domain];
    const { exit, stdout, stderr } = await nvgate(['delete', noun, id, ...where]);
    // A subnet that still has records may not go.
    if (exit === 1) expect(stderr).toContain('error: ');
    else {
      expect(stdout).toBe('revision 2\n');
      expect((await nvgate(['get', noun, id])).exit).toBe(1);
      expect((await nvgate(['diff', '-f', EXAMPLE])).stdout).toContain(`+ ${noun}`);
    }
    expect(exit).toBe(noun === 'virtual-subnets' ? 1 : 0);
  });

  it('traces', async () => {
    const words = 'trace --vsid 5001 --from 192.168.1.101 --to 192.168.2.101'.split(' ');
    const { exit, stdout } = await nvgate(words);
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^1\. /);
    expect(stdout).toMatch(/^=> tunnel \(\w+\)/m);
  });

  it('shows status, counters, capabilities and events', async () => {
    expect((await nvgate(['status'])).stdout).toMatch(/^lookupRecords +5$/m);
    expect((await nvgate(['counters', '--dropped'])).stdout).toContain('vsidUnknown');
    expect((await nvgate(['capabilities'])).stdout).toMatch(/^vsidRange +4097\.\.16777214$/m);
    expect(await nvgate(['events'])).toMatchObject({ exit: 0, stdout: 'revision revision=1\n' });
  });
});
