import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { ChangeDocument } from '../../../provider/change-schemas.js';
import type { WriteOptions } from '../../../provider/client/collection.js';
import { ApiProblemError } from '../../../provider/client/problem-error.js';
import type { Pushed } from '../../../provider/client/responses.js';
import type { PolicyDocument } from '../../../provider/schemas.js';
import { translateChanges, translatePolicy } from '../../../provider/translate/index.js';
import { BLUE } from './canned.js';
import { run } from './terminal.js';

const EXAMPLE = 'config/examples/two-tenants.yaml';

const SMALL = [
  'apiVersion: nvgate/v1',
  'routingDomains:',
  `  - id: ${BLUE}`,
  '    virtualSubnets:',
  '      - {vsid: 5001, prefixes: [192.168.1.0/24]}',
  '    lookupRecords:',
  '      - {vsid: 5001, customerAddress: 192.168.1.9, macAddress: 001122334455, providerAddress: 10.1.1.20}',
  '      - {vsid: 5001, customerAddress: 192.168.1.8, macAddress: 00-15-5D-01-14-04, providerAddress: 10.1.1.20}',
].join('\n');

interface Call {
  readonly policy?: PolicyDocument;
  readonly changes?: ChangeDocument[];
  readonly options: WriteOptions | undefined;
}

async function apply(
  words: readonly string[],
  stdin = '',
  answer: () => Promise<Pushed> = () => Promise.resolve({ revision: 42, warnings: [] }),
) {
  const calls: Call[] = [];
  const ran = await run(['apply', ...words], {
    stdin,
    client: {
      replacePolicy(policy, options) {
        calls.push({ policy, options });
        return answer();
      },
      async changePolicy(changes, options) {
        const all: ChangeDocument[] = [];
        for await (const change of changes) all.push(change);
        calls.push({ changes: all, options });
        return answer();
      },
    },
  });
  return { ...ran, calls };
}

const refuse = (errors: ApiProblemError['errors']) => () =>
  Promise.reject(new ApiProblemError(422, 'policyRefused', 'Nothing was applied.', errors));

describe('--replace', () => {
  it('puts the whole file', async () => {
    const { exit, stdout, calls } = await apply([
      '-f',
      EXAMPLE,
      '--replace',
      '--wait',
      '--timeout',
      '900',
    ]);
    expect([exit, stdout]).toEqual([0, 'revision 42\n']);
    expect(calls).toEqual([
      { policy: parse(readFileSync(EXAMPLE, 'utf8')) as unknown, options: { waitSeconds: 600 } },
    ]);
  });

  it('places the errors of a refusal in the file', async () => {
    const path = '/routingDomains/0/lookupRecords/1/customerAddress';
    const errors = [{ path, code: 'gatewayAddressConflict' as const, message: 'Is taken.' }];
    const ran = await apply(['-f', '-', '--replace'], SMALL, refuse(errors));
    expect(ran).toMatchObject({ exit: 1, stdout: '' });
    expect(ran.stderr.split('\n')).toEqual([
      `<stdin>:8:22: ${path}: Is taken. (gatewayAddressConflict)`,
      'error: Nothing was applied. (policyRefused)',
      '',
    ]);
  });
});

describe('without --replace', () => {
  it('sends changes that make all of what the file holds', async () => {
    const { calls } = await apply(['-f', EXAMPLE]);
    const devices = { underlay: ['underlay'], external: ['external'] };
    const { changes, problems } = translateChanges({ changes: calls[0]?.changes }, devices);
    expect(problems).toEqual([]);
    const { policy } = translatePolicy(parse(readFileSync(EXAMPLE, 'utf8')), devices);
    const upserted = changes.map((change) => (change.op === 'upsert' ? change.value : undefined));
    const wanted = [
      ...policy.providerAddresses.values(),
      ...policy.providerRoutes.values(),
      ...[...policy.routingDomains.values()].flatMap((domain) => [
        domain.head,
        ...domain.virtualSubnets.values(),
        ...domain.lookupRecords.values(),
        ...domain.customerRoutes.values(),
        ...domain.connections.values(),
      ]),
    ];
    expect(upserted).toEqual(wanted);
  });

  it('never replaces what a routing domain holds', async () => {
    const { calls } = await apply(['-f', '-'], SMALL);
    expect(calls[0]?.changes?.[0]).toEqual({
      op: 'upsert',
      kind: 'routingDomain',
      value: { id: BLUE },
    });
  });

  it('places the errors of a refusal in the file', async () => {
    const errors = [
      { path: '/changes/3/value/vsid', code: 'invalidVsid' as const, message: 'Is reserved.' },
      { path: '/changes/0', code: 'limitExceeded' as const, message: 'Is too much.' },
      { path: '/v1/routing-domains/x', code: 'notFound' as const, message: 'Is elsewhere.' },
    ];
    const { exit, stderr } = await apply(['-f', '-'], SMALL, refuse(errors));
    expect(exit).toBe(1);
    expect(stderr).toContain('<stdin>:8:10: /routingDomains/0/lookupRecords/1/vsid: Is reserved.');
    expect(stderr).toContain('<stdin>:3:5: /routingDomains/0: Is too much.');
    expect(stderr).toMatch(/^\/v1\/routing-domains\/x: Is elsewhere\. \(notFound\)$/m);
  });

  it('places warnings, and keeps them off the answer', async () => {
    const warning = { path: '/changes/1', code: 'overlappingPrefix' as const, message: 'Hm.' };
    const { exit, stdout, stderr } = await apply(['-f', '-', '-o', 'json'], SMALL, () =>
      Promise.resolve({ revision: 7, warnings: [warning] }),
    );
    expect(exit).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ revision: 7 });
    expect(stderr).toBe(
      'warning: <stdin>:5:9: /routingDomains/0/virtualSubnets/0: Hm. (overlappingPrefix)\n',
    );
  });
});

it('sends nothing of a file with errors, and names all of them', async () => {
  const { exit, stderr, calls } = await apply(
    ['-f', '-'],
    SMALL.replace('vsid: 5001, prefixes', 'vsid: 5, prefixes').replace('10.1.1.20', '10.1.1'),
  );
  expect([exit, calls]).toEqual([1, []]);
  expect(stderr).toContain('<stdin>:5:10: /routingDomains/0/virtualSubnets/0/vsid');
  expect(stderr).toContain('/routingDomains/0/lookupRecords/0/providerAddress');
  expect(stderr).toContain('2 error(s); nothing was sent.');
});

it('reads digits as the MAC address that they are', async () => {
  const { calls } = await apply(['-f', '-', '--replace'], SMALL);
  expect(calls[0]?.policy?.routingDomains?.[0]?.lookupRecords?.[0]?.macAddress).toBe(
    '001122334455',
  );
});

it('names what the kernel lacks of a push that is stored', async () => {
  const path = `/v1/routing-domains/${BLUE}`;
  const errors = [{ path, code: 'kernelOperationFailed' as const, message: 'No room.' }];
  const detail = 'Revision 12 is stored, but the kernel does not have all of it.';
  const { exit, stderr } = await apply(['-f', '-', '--wait'], SMALL, () =>
    Promise.reject(new ApiProblemError(500, 'kernelOperationFailed', detail, errors, 12)),
  );
  expect(exit).toBe(1);
  expect(stderr.split('\n').slice(0, 2)).toEqual([
    `${path}: No room. (kernelOperationFailed)`,
    `error: ${detail} (kernelOperationFailed)`,
  ]);
});
