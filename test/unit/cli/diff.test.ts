import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument } from '../../../provider/schemas.js';
import { run } from './terminal.js';

const text = readFileSync('config/examples/two-tenants.yaml', 'utf8');

function diff(file: string, current: PolicyDocument, ...words: string[]) {
  return run(['diff', '-f', '-', ...words], {
    stdin: file,
    client: { policy: () => Promise.resolve({ revision: 1, policy: current }) },
  });
}

const parsed = () => parse(text) as PolicyDocument;
const EMPTY: PolicyDocument = { apiVersion: 'nvgate/v1' };

describe('diff', () => {
  it('is empty for the same policy, however it is written', async () => {
    const current = parsed();
    const [address] = current.providerAddresses ?? [];
    const [blue] = current.routingDomains ?? [];
    const record = blue?.lookupRecords?.[0];
    if (address === undefined || blue === undefined || record === undefined) throw new Error();
    // What the gateway fills in and what it says of the objects.
    address.state = { configuration: 'synchronized' };
    blue.id = `{${blue.id}}`;
    record.macAddress = '00155d011404';
    record.rule = 'encap';
    record.type = 'static';
    const unnamed = text.replace(', interface: underlay', '').replace('interface: external', '');
    for (const file of [text, unnamed])
      expect(await diff(file, current)).toMatchObject({ exit: 0, stdout: '', stderr: '' });
  });

  it('shows what is added, removed and changed', async () => {
    const file = text
      .replace('providerAddress: 10.1.1.21', 'providerAddress: 10.1.1.22')
      .replace('customerAddress: 192.168.2.101', 'customerAddress: 192.168.2.111')
      .replace('name: red', 'name: crimson');
    const { exit, stdout } = await diff(file, parsed());
    const blue = '11111111-2222-3333-4444-000000005001';
    expect(exit).toBe(0);
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      `+ lookup-records 5002/192.168.2.111 in ${blue}`,
      `- lookup-records 5002/192.168.2.101 in ${blue}`,
      `~ lookup-records 5001/192.168.1.102 in ${blue}: providerAddress 10.1.1.21 -> 10.1.1.22`,
      '~ routing-domains 11111111-2222-3333-4444-000000006001: name red -> crimson',
    ]);
  });

  it('shows a device that is named anew', async () => {
    const { stdout } = await diff(text.replace('interface: underlay', 'interface: dc2'), parsed());
    expect(stdout).toBe('~ provider-addresses 10.1.1.40: interface underlay -> dc2\n');
  });

  it('neither compares nor shows secrets', async () => {
    const domain = '11111111-2222-3333-4444-000000005001';
    const office = {
      id: 'office',
      type: 'ikev2',
      sourceAddress: '203.0.113.10',
      destinationAddress: '198.51.100.2',
      authentication: { method: 'psk', secret: 'hunter2' },
      routes: [],
    };
    const policy = (connection: object) =>
      ({
        apiVersion: 'nvgate/v1',
        routingDomains: [{ id: domain, connections: [connection] }],
      }) as PolicyDocument;
    const read = policy({ ...office, authentication: { method: 'psk' } });
    expect((await diff(stringify(policy(office)), read)).stdout).toBe('');
    const changed = { ...office, destinationAddress: '198.51.100.9' };
    for (const [file, current] of [
      [changed, read],
      [office, EMPTY],
    ] as const)
      for (const words of [[], ['-o', 'json']]) {
        const ran = await diff(stringify(policy(file)), current, ...words);
        expect(ran.stdout).toContain('office');
        expect(ran.stdout + ran.stderr).not.toContain('hunter2');
      }
    const { stdout } = await diff(stringify(policy(changed)), read);
    expect(stdout).toBe(
      `~ connections office in ${domain}: destinationAddress 198.51.100.2 -> 198.51.100.9\n`,
    );
  });

  it('is a list for programs', async () => {
    const { stdout } = await diff('apiVersion: nvgate/v1', parsed(), '-o', 'json');
    const list = JSON.parse(stdout) as { change: string; noun: string; before?: object }[];
    expect(new Set(list.map(({ change }) => change))).toEqual(new Set(['remove']));
    expect(list).toContainEqual({
      change: 'remove',
      noun: 'provider-routes',
      id: '10.1.0.0/16/10.1.1.1',
      before: expect.objectContaining({ nextHop: '10.1.1.1' }) as unknown,
    });
    expect(new Set(list.map(({ noun }) => noun)).size).toBe(7);
  });

  it('counts every object of a new policy once', async () => {
    const { stdout } = await diff(text, EMPTY);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.every((line) => line.startsWith('+ '))).toBe(true);
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines).toHaveLength(1 + 1 + (1 + 2 + 3 + 2 + 1) + (1 + 2 + 2 + 2 + 1));
  });
});
