import { parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import type {
  Capabilities,
  CountersAnswer,
  GatewayAnswer,
  TraceAnswer,
  TraceQueryDocument,
} from '../../../provider/answer-schemas.js';
import type { EventsOptions } from '../../../provider/client/events.js';
import type { GatewayEvent } from '../../../provider/client/responses.js';
import { BLUE } from './canned.js';
import { run } from './terminal.js';

describe('status', () => {
  const answer: GatewayAnswer = {
    name: 'edge-1',
    version: '0.1.0',
    revision: 12,
    health: 'degraded',
    startedAt: '2026-01-01T00:00:00Z',
    uptimeSeconds: 90_061,
    reconcile: {
      revision: 11,
      lastRunAt: '2026-01-02T01:01:01Z',
      repairs: 2,
      failures: [
        { ref: `routing-domains/${BLUE}`, reason: 'The kernel has no room.' },
        { reason: 'No clsact.' },
      ],
    },
    counts: {
      providerAddresses: 1,
      providerRoutes: 1,
      routingDomains: 2,
      virtualSubnets: 4,
      lookupRecords: 1000,
      customerRoutes: 4,
      connections: 2,
    },
    tunnels: { connected: 98, connecting: 1, disconnected: 0, failed: 2 },
    pathMtus: [
      {
        ...{ providerAddress: '10.1.1.20', mtu: 1400, innerMtu: 1358, router: '10.1.1.1' },
        learnedAt: '2026-01-02T01:00:00Z',
      },
    ],
    peerProblems: Array.from({ length: 12 }, (_, n) => ({
      ...{ providerAddress: `10.1.1.${100 + n}`, problem: 'greKeyMissing', packets: 5 + n },
      ...{ description: 'sends GRE without a key', advice: 'Install KB2779768.' },
      lastSeenAt: '2026-01-02T01:00:00Z',
    })),
  };
  const client = { gateway: () => Promise.resolve(answer) };

  it('shows health, revisions, counts and failures', async () => {
    const { exit, stdout } = await run(['status'], { client });
    expect(exit).toBe(0);
    for (const line of [
      /^gateway +edge-1 \(nvgate 0\.1\.0\)$/m,
      /^health +degraded$/m,
      /^uptime +1d 1h$/m,
      /^revision +12$/m,
      /^in kernel +revision 11$/m,
      /^lookupRecords +1000$/m,
      /^tunnels +98 up, 3 down \(1 connecting, 2 failed\)$/m,
      /^FAILED +REASON$/m,
      /^routing-domains\/1{8}-.* +The kernel has no room\.$/m,
      /^gateway +No clsact\.$/m,
      /^PATH TO +MTU +INNER MTU +SAID BY +AT$/m,
      /^10\.1\.1\.20 +1400 +1358 +10\.1\.1\.1 +2026-01-02T01:00:00Z$/m,
      /^10\.1\.1\.109 +14 +2026-.* sends GRE without a key\. Install KB2779768\.$/m,
      /^… and more/m,
    ])
      expect(stdout).toMatch(line);
  });

  it('leaves out what there is none of', async () => {
    const gateway = () => Promise.resolve({ ...answer, pathMtus: [], peerProblems: [] });
    const { stdout } = await run(['status'], { client: { gateway } });
    expect(stdout).not.toMatch(/PATH TO|BROKEN PEER|and more/);
  });

  it('says that no tunnel is down', async () => {
    const tunnels = { connected: 2, connecting: 0, disconnected: 0, failed: 0 };
    const gateway = () => Promise.resolve({ ...answer, tunnels });
    expect((await run(['status'], { client: { gateway } })).stdout).toMatch(
      /^tunnels +2 up, 0 down$/m,
    );
  });

  it.each([
    [0, '0s'],
    [59, '59s'],
    [3600, '1h 0m'],
    [86_399, '23h 59m'],
  ])('shows %i seconds as %s', async (uptimeSeconds, expected) => {
    const gateway = () => Promise.resolve({ ...answer, uptimeSeconds });
    expect((await run(['status'], { client: { gateway } })).stdout).toMatch(
      new RegExp(`^uptime +${expected}$`, 'm'),
    );
  });

  it('is the answer itself for programs', async () => {
    expect(JSON.parse((await run(['status', '-o', 'json'], { client })).stdout)).toEqual(answer);
  });
});

it('capabilities shows what there is, and why the rest is not', async () => {
  const answer: Capabilities = {
    connectionTypes: ['nat', 'routed', 'ikev2'],
    vpnProtocols: ['ikev2'],
    authenticationMethods: ['psk'],
    encryptionAlgorithms: ['AES128', 'AES256'],
    integrityAlgorithms: [],
    diffieHellmanGroups: [],
    cipherTransformations: ['GCMAES256'],
    authenticationTransformations: ['GCMAES256'],
    perfectForwardSecrecy: [],
    insecure: {
      allowed: false,
      vpnProtocols: ['pptp'],
      encryptionAlgorithms: ['DES', 'DES3'],
      integrityAlgorithms: ['MD5'],
      diffieHellmanGroups: [],
      cipherTransformations: ['None'],
      authenticationTransformations: [],
      perfectForwardSecrecy: [],
    },
    ipsecDataPath: 'userSpace',
    vsidRange: { min: 4097, max: 16_777_214 },
    innerMtu: 1458,
    addressFamilies: ['ipv4', 'ipv6'],
    limits: { lookupRecords: 10, virtualSubnets: 5 },
    unavailable: [{ feature: 'l2tp', reason: 'The kernel lacks PPP.' }],
  };
  const { stdout } = await run(['capabilities'], {
    client: { capabilities: () => Promise.resolve(answer) },
  });
  for (const line of [
    /^connectionTypes +nat routed ikev2$/m,
    /^encryptionAlgorithms +AES128 AES256$/m,
    /^integrityAlgorithms +-$/m,
    /^cipherTransformations +GCMAES256$/m,
    /^ipsecDataPath +userSpace$/m,
    /^INSECURE, REFUSED +VALUES$/m,
    /^vpnProtocols +pptp$/m,
    /^encryptionAlgorithms +DES DES3$/m,
    /^vsidRange +4097\.\.16777214$/m,
    /^limits +lookupRecords=10 virtualSubnets=5$/m,
    /^l2tp +The kernel lacks PPP\.$/m,
  ])
    expect(stdout).toMatch(line);
  const allowed = { ...answer, insecure: { ...answer.insecure, allowed: true } };
  const { stdout: other } = await run(['capabilities'], {
    client: { capabilities: () => Promise.resolve(allowed) },
  });
  expect(other).toMatch(/^INSECURE, ALLOWED +VALUES$/m);
});

describe('counters', () => {
  const counters: CountersAnswer['counters'] = [
    row(0, 'greVersion', 'dropped', 3),
    row(5001, 'encapsulated', 'forwarded', 1_000_000),
    row(5001, 'spoofedMac', 'dropped', 7),
  ];
  function row(
    vsid: number,
    verdict: CountersAnswer['counters'][number]['verdict'],
    kind: 'forwarded' | 'dropped',
    n: number,
  ) {
    return {
      vsid,
      verdict,
      kind,
      description: `About ${verdict}.`,
      packets: n,
      bytes: n * 100,
    };
  }
  const client = { counters: () => Promise.resolve(counters) };
  const lines = async (...words: string[]) =>
    (await run(['counters', ...words], { client })).stdout.trimEnd().split('\n');

  it('are a table', async () => {
    expect(await lines()).toEqual([
      'VSID  KIND       VERDICT       PACKETS      BYTES  DESCRIPTION',
      '   -  dropped    greVersion          3        300  About greVersion.',
      '5001  forwarded  encapsulated  1000000  100000000  About encapsulated.',
      '5001  dropped    spoofedMac          7        700  About spoofedMac.',
    ]);
  });

  it('are chosen by VSID and by what was dropped', async () => {
    expect(await lines('--vsid', '5001')).toHaveLength(3);
    expect(await lines('--vsid', '0')).toHaveLength(2);
    expect(await lines('--dropped')).toHaveLength(3);
    expect(await lines('--dropped', '--vsid', '5001')).toHaveLength(2);
  });
});

describe('trace', () => {
  const answer: TraceAnswer = {
    routingDomain: BLUE,
    outcome: { kind: 'dropped', verdict: 'noRecord', sentence: 'There is no record.' },
    steps: [
      { name: 'virtualSubnet', sentence: 'VSID 5001 is of blue.' },
      { name: 'route', sentence: 'On link in VSID 5002.' },
      { name: 'outcome', sentence: 'There is no record.' },
    ],
  };

  it('asks what it was told and shows each decision', async () => {
    const asked: TraceQueryDocument[] = [];
    const { exit, stdout } = await run(
      'trace --vsid 5001 --from 192.168.1.101 --to 192.168.2.9 --protocol tcp --port 80'.split(' '),
      {
        client: {
          trace(query) {
            asked.push(query);
            return Promise.resolve(answer);
          },
        },
      },
    );
    expect(exit).toBe(0);
    expect(asked).toEqual([
      { vsid: 5001, from: '192.168.1.101', to: '192.168.2.9', protocol: 'tcp', port: 80 },
    ]);
    expect(stdout.split('\n')).toEqual([
      '1. virtualSubnet  VSID 5001 is of blue.',
      '2. route          On link in VSID 5002.',
      '3. outcome        There is no record.',
      '=> dropped (noRecord)',
      '',
    ]);
  });
});

describe('events', () => {
  const happened: GatewayEvent[] = [
    { type: 'revision', data: { type: 'revision', revision: 4 } },
    { type: 'failure', id: '2', data: { ref: 'routing-domains/x', reason: 'No room.' } },
    {
      type: 'connection',
      data: {
        ref: 'routing-domains/x/connections/office',
        state: 'failed',
        since: '2026-01-02T01:01:01.000Z',
        cause: 'peerUnreachable',
        reason: 'No answer.',
      },
    },
  ];

  async function events(...words: string[]) {
    const asked: (EventsOptions | undefined)[] = [];
    const interruption = new AbortController();
    const ran = await run(['events', ...words], {
      interruption: () => interruption.signal,
      client: {
        async *events(options) {
          asked.push(options);
          yield* await Promise.resolve(happened);
        },
      },
    });
    return { ...ran, asked, signal: interruption.signal };
  }

  it('are a line each', async () => {
    const { exit, stdout } = await events();
    expect(exit).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'revision revision=4',
      'failure ref=routing-domains/x reason=No room.',
      'connection ref=routing-domains/x/connections/office state=failed since=2026-01-02T01:01:01.000Z cause=peerUnreachable reason=No answer.',
      '',
    ]);
  });

  it('are a JSON line or a YAML document each for programs', async () => {
    const lines = (await events('-o', 'json')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(happened);
    const documents = parseAllDocuments((await events('-o', 'yaml')).stdout);
    expect(documents.map((document) => (document as { toJS(): unknown }).toJS())).toEqual(happened);
  });

  it('end by themselves, or with --follow by the signal', async () => {
    expect((await events()).asked[0]).not.toHaveProperty('signal');
    const { asked, signal } = await events('--follow');
    expect(asked).toEqual([{ signal }]);
  });
});
