import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { Client, RoutingDomainClient } from '../../../provider/client/client.js';
import type { ConnectionDocument, LookupRecordDocument } from '../../../provider/schemas.js';
import { translatePolicy } from '../../../provider/translate/index.js';
import { BLUE, held, RED } from './canned.js';
import { run } from './terminal.js';

function record(vsid: number, customerAddress: string, extra = {}): LookupRecordDocument {
  return {
    vsid,
    customerAddress,
    macAddress: '00-15-5D-01-14-04',
    providerAddress: '10.1.1.20',
    rule: 'encap',
    type: 'static',
    state: { configuration: 'synchronized' },
    ...extra,
  };
}

const records = {
  [BLUE]: {
    '5001/192.168.1.101': record(5001, '192.168.1.101', { vmName: 'web' }),
    '5001/192.168.1.102': record(5001, '192.168.1.102', {
      state: { configuration: 'failed', reason: 'No room.' },
    }),
    '5002/192.168.2.101': record(5002, '192.168.2.101'),
  },
  [RED]: { '6001/192.168.1.101': record(6001, '192.168.1.101') },
};

function remote(id: string, state: object): ConnectionDocument {
  return {
    id,
    type: 'ikev2',
    sourceAddress: '203.0.113.10',
    ...(id !== 'depot' && { destinationAddress: '198.51.100.2' }),
    authentication: { method: 'psk' },
    routes: [{ destinationPrefix: '10.9.0.0/16', metric: 10 }],
    state: { configuration: 'synchronized', ...state },
  };
}

const domains = {
  [BLUE]: { id: BLUE, name: 'blue', providerAddress: '10.1.1.40' },
  [RED]: { id: RED },
};

const client: Partial<Client> = {
  routingDomains: {
    ...held(domains),
    get: (id) =>
      Promise.resolve({
        ...(id === BLUE ? domains[BLUE] : { id }),
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
      }),
  },
  providerAddresses: held({
    '10.1.1.40': { address: '10.1.1.40', prefixLength: 24, interface: 'underlay' },
  }),
  providerRoutes: held({
    '0.0.0.0/0/10.1.1.1': { destinationPrefix: '0.0.0.0/0', nextHop: '10.1.1.1', metric: 0 },
  }),
  routingDomain: (id) =>
    ({
      lookupRecords: held(id === BLUE ? records[BLUE] : records[RED]),
      connections: held(
        id === RED
          ? {}
          : {
              internet: {
                id: 'internet',
                type: 'nat' as const,
                externalAddress: '203.0.113.10',
                rules: [
                  {
                    name: 'web',
                    protocol: 'tcp' as const,
                    externalPort: 8080,
                    internalAddress: '192.168.1.101',
                    internalPort: 80,
                  },
                ],
                routes: [{ destinationPrefix: '0.0.0.0/0' }],
                state: { configuration: 'synchronized', connection: 'connected' },
              },
              office: remote('office', {
                connection: 'connected',
                since: '2026-01-02T01:01:01.000Z',
                peerAddress: '198.51.100.77',
                lastError: { cause: 'peerUnreachable', message: 'Was away.', at: '2026' },
              }),
              branch: remote('branch', {
                connection: 'failed',
                since: '2026-01-02T01:01:02.000Z',
                lastError: {
                  cause: 'authenticationFailed',
                  message: 'Another secret.',
                  at: '2026',
                },
              }),
              depot: remote('depot', { configuration: 'failed', reason: 'No room.' }),
            },
      ),
    }) as Partial<RoutingDomainClient> as RoutingDomainClient,
};

const get = (...words: string[]) => run(['get', ...words], { client });

describe('table', () => {
  it('of lookup records of all routing domains', async () => {
    const { exit, stdout } = await get('lookup-records');
    expect(exit).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'ROUTING DOMAIN                        VSID  CA             MAC                PA         RULE   TYPE    VM   STATE',
      'blue                                  5001  192.168.1.101  00-15-5D-01-14-04  10.1.1.20  encap  static  web  synchronized',
      'blue                                  5001  192.168.1.102  00-15-5D-01-14-04  10.1.1.20  encap  static  -    failed: No room.',
      'blue                                  5002  192.168.2.101  00-15-5D-01-14-04  10.1.1.20  encap  static  -    synchronized',
      `${RED}  6001  192.168.1.101  00-15-5D-01-14-04  10.1.1.20  encap  static  -    synchronized`,
      '',
    ]);
  });

  it('of provider addresses and routes', async () => {
    expect((await get('provider-addresses')).stdout).toContain('10.1.1.40/24  underlay');
    expect((await get('provider-route', '0.0.0.0/0/10.1.1.1')).stdout).toContain('0.0.0.0/0');
  });

  it('of connections', async () => {
    const lines = (await get('connections')).stdout.split('\n').map((line) => line.split(/  +/));
    const end = ['10.9.0.0/16', '-'];
    expect(lines).toEqual([
      [
        ...['ROUTING DOMAIN', 'ID', 'TYPE', 'INTERFACE', 'EXTERNAL ADDRESS', 'PEER'],
        ...['ROUTES', 'PORTS', 'STATE', 'SINCE', 'LAST ERROR'],
      ],
      [
        ...['blue', 'internet', 'nat', '-', '203.0.113.10', '-', '0.0.0.0/0', 'tcp/8080'],
        ...['connected', '-', '-'],
      ],
      [
        ...['blue', 'office', 'ikev2', '-', '203.0.113.10', '198.51.100.77', ...end],
        ...['connected', '2026-01-02T01:01:01.000Z', '-'],
      ],
      [
        ...['blue', 'branch', 'ikev2', '-', '203.0.113.10', '198.51.100.2', ...end],
        ...['failed', '2026-01-02T01:01:02.000Z', 'authenticationFailed: Another secret.'],
      ],
      [
        ...['blue', 'depot', 'ikev2', '-', '203.0.113.10', 'any', ...end],
        ...['failed: No room.', '-', '-'],
      ],
      [''],
    ]);
  });
});

describe('selection', () => {
  const found = async (...words: string[]) => {
    const { stdout } = await get('lookup-record', ...words, '-o', 'json');
    return [...stdout.matchAll(/"customerAddress": "(.*)"/g)].map(([, address]) => address);
  };

  it('by id, in whatever routing domain it is', async () => {
    expect(await found('6001/192.168.1.101')).toEqual(['192.168.1.101']);
  });

  it('by the first part of the id', async () => {
    expect(await found('5001')).toEqual(['192.168.1.101', '192.168.1.102']);
    expect(await found('500')).toEqual([]);
  });

  it('by routing domain, its name or its id in any form', async () => {
    for (const domain of ['blue', BLUE, `{${BLUE.toUpperCase()}}`])
      expect(await found('--routing-domain', domain)).toHaveLength(3);
  });

  it('of nothing fails', async () => {
    for (const words of [
      ['lookup-records', '5001/192.168.9.9'],
      ['lookup-records', '5009'],
      ['provider-addresses', '10.9.9.9'],
      ['routing-domains', 'green'],
      ['lookup-records', '--routing-domain', 'green'],
    ]) {
      const { exit, stdout, stderr } = await get(...words);
      expect([exit, stdout]).toEqual([1, '']);
      expect(stderr).toContain('(notFound)');
    }
  });

  it('by routing domain is for what routing domains hold', async () => {
    expect((await get('provider-addresses', '--routing-domain', 'blue')).exit).toBe(2);
  });
});

describe('-o yaml', () => {
  const devices = { underlay: ['underlay'], external: ['external'] };

  it.each([
    [['lookup-records']],
    [['lookup-records', '5001/192.168.1.101']],
    [['connections']],
    [['provider-addresses']],
    [['provider-routes']],
    [['routing-domains']],
    [['routing-domains', 'blue']],
  ])('of %j is a policy that apply can read', async (words) => {
    const { stdout } = await get(...words, '-o', 'yaml');
    expect(translatePolicy(parse(stdout), devices).problems).toEqual([]);
  });

  it('of a routing domain has all that it holds', async () => {
    const { stdout } = await get('routing-domains', 'blue', '-o', 'yaml');
    expect(parse(stdout)).toEqual({
      apiVersion: 'nvgate/v1',
      routingDomains: [
        {
          ...domains[BLUE],
          virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
        },
      ],
    });
  });

  it('of records keeps what their routing domain says of itself', async () => {
    const { stdout } = await get('lookup-records', '--routing-domain', 'blue', '-o', 'yaml');
    expect(parse(stdout)).toEqual({
      apiVersion: 'nvgate/v1',
      routingDomains: [{ ...domains[BLUE], lookupRecords: Object.values(records[BLUE]) }],
    });
  });
});
