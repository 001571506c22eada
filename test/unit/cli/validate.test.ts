import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './terminal.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'nvgate-cli-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('tells policies from configurations', async () => {
  const { exit, stdout, stderr } = await run([
    'validate',
    'config/nvgate.yaml',
    'config/examples/two-tenants.yaml',
  ]);
  expect([exit, stderr]).toEqual([0, '']);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['FILE', 'KIND', 'RESULT'],
    ['config/nvgate.yaml', 'configuration', 'valid'],
    ['config/examples/two-tenants.yaml', 'policy', 'valid'],
  ]);
});

describe('errors', () => {
  const BAD_POLICY = [
    'apiVersion: nvgate/v1',
    'routingDomains:',
    '  - id: nonsense',
    '    virtualSubnets:',
    '      - {vsid: 16777215, prefixes: [192.168.1.0/24]}',
    '      - {vsid: 5002, prefixes: [192.168.1.1/24], gatewoy: 1}',
  ].join('\n');

  it('of all files come at once, each with file, line, column and path', async () => {
    const bad = file('bad.yaml', BAD_POLICY);
    const config = file('config.yaml', 'api: {port: 0}\n');
    const { exit, stdout, stderr } = await run(['validate', bad, config]);
    expect(exit).toBe(1);
    expect(stdout).toContain('4 errors');
    expect(stdout).toContain('1 error');
    const lines = stderr.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(`${folder}/`, '').split(': ', 2)).sort()).toEqual([
      ['bad.yaml:3:5', '/routingDomains/0/id'],
      ['bad.yaml:5:10', '/routingDomains/0/virtualSubnets/0/vsid'],
      ['bad.yaml:6:33', '/routingDomains/0/virtualSubnets/1/prefixes/0'],
      ['bad.yaml:6:50', '/routingDomains/0/virtualSubnets/1/gatewoy'],
      ['config.yaml:1:7', '/api/port'],
    ]);
  });

  it('of the policy as a whole are found too', async () => {
    const bad = file(
      'clash.yaml',
      [
        'apiVersion: nvgate/v1',
        'providerAddresses: [{address: 10.1.1.40, prefixLength: 24}]',
        'routingDomains:',
        '  - id: 11111111-2222-3333-4444-000000005001',
        '    virtualSubnets: [{vsid: 5001, prefixes: [192.168.1.0/24]}]',
        '  - id: 11111111-2222-3333-4444-000000006001',
        '    virtualSubnets:',
        '      - {vsid: 5001, prefixes: [192.168.1.0/24]}',
      ].join('\n'),
    );
    const { exit, stderr } = await run(['validate', bad]);
    expect(exit).toBe(1);
    expect(stderr).toContain('clash.yaml:8:');
    expect(stderr).toContain('(vsidInUse)');
  });

  it('are in the answer of -o json', async () => {
    const bad = file('bad.yaml', BAD_POLICY);
    const { stdout } = await run(['validate', bad, '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        kind: 'policy',
        valid: false,
        errors: expect.arrayContaining([
          expect.objectContaining({ code: 'invalidVsid', position: { line: 5, column: 10 } }),
        ]) as unknown,
      },
    ]);
  });

  it('of syntax', async () => {
    const { exit, stderr } = await run(['validate', file('x.yaml', 'apiVersion: nvgate/v1\na: [')]);
    expect(exit).toBe(1);
    expect(stderr).toMatch(/x\.yaml:2:\d+: /);
  });
});

describe('devices', () => {
  const POLICY =
    'apiVersion: nvgate/v1\nproviderAddresses: [{address: 10.1.1.40, prefixLength: 24, interface: dc1}]';

  it('are those of the configuration', async () => {
    const policy = file('policy.yaml', POLICY);
    const config = file('config.yaml', 'underlay: [{name: dc2, device: eth0}]');
    const { exit, stderr } = await run(['validate', policy, '--config', config]);
    expect(exit).toBe(1);
    expect(stderr).toContain('(unknownInterface)');
  });

  it('are not known without one', async () => {
    expect((await run(['validate', '-'], { stdin: POLICY })).exit).toBe(0);
  });
});

it('refuses what it cannot read', async () => {
  const { exit, stderr } = await run(['validate', join(folder, 'nowhere.yaml')]);
  expect(exit).toBe(1);
  expect(stderr).toContain('nowhere.yaml');
});

describe('remote connections', () => {
  const policy = (...fields: string[]): string =>
    [
      'apiVersion: nvgate/v1',
      'routingDomains:',
      '  - id: 11111111-2222-3333-4444-000000005001',
      '    virtualSubnets: [{vsid: 5001, prefixes: [192.168.1.0/24]}]',
      '    connections:',
      '      - id: office',
      '        type: ikev2',
      '        sourceAddress: 203.0.113.10',
      '        destinationAddress: 198.51.100.2',
      '        routes: [{destinationPrefix: 192.168.101.0/24}]',
      ...fields.map((field) => `        ${field}`),
    ].join('\n');
  const WEAK = 'mainMode: {encryptionAlgorithm: DES3}';

  it('may leave their secrets to the gateway, and write them in digits', async () => {
    for (const authentication of [
      '{method: psk}',
      '{method: psk, secret: 00123456789012345678901234567890}',
    ]) {
      const stdin = policy(`authentication: ${authentication}`);
      const { exit, stderr } = await run(['validate', '-'], { stdin });
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    }
  });

  it('of every algorithm that has a name are right without a gateway to ask', async () => {
    const stdin = policy('authentication: {method: psk}', WEAK);
    const { exit, stderr } = await run(['validate', '-'], { stdin });
    expect(exit).toBe(0);
    expect(stderr).toMatch(/^warning: .*DES3/);
    const unknown = stdin.replace('DES3', 'DES4');
    expect((await run(['validate', '-'], { stdin: unknown })).stderr).toContain(
      'DES, DES3, AES128, AES192, AES256, GCMAES128, GCMAES256',
    );
  });

  it('that are weak are right where the configuration allows them', async () => {
    const stdin = policy('authentication: {method: psk}', WEAK);
    const config = (allowed: boolean): string =>
      file('config.yaml', `allowInsecureVpn: ${allowed}\n`);
    const refused = await run(['validate', '-', '--config', config(false)], { stdin });
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain('(insecureConnection)');
    const allowed = await run(['validate', '-', '--config', config(true)], { stdin });
    expect(allowed.exit).toBe(0);
  });

  it('do not show their secrets in errors', async () => {
    const stdin = policy(
      'authentication: {method: psk, secret: hunter2, key: hunter2}',
      'localIdentity: [hunter3]',
    );
    const { exit, stdout, stderr } = await run(['validate', '-', '-o', 'json'], { stdin });
    expect(exit).toBe(1);
    expect(stderr).toContain('/authentication/key');
    expect(stdout + stderr).not.toMatch(/hunter/);
  });

  it('do not show secrets that YAML takes for something else', async () => {
    for (const secret of ['*hunter2', '|hunter2', '>hunter2 x', '"a"hunter2', '@hunter2']) {
      const stdin = policy(`authentication: {method: psk, secret: ${secret}}`).replace(
        /authentication: \{method: psk, (.*)\}/,
        'authentication:\n          method: psk\n          $1',
      );
      const { exit, stdout, stderr } = await run(['validate', '-'], { stdin });
      expect(exit).toBe(1);
      expect(stdout + stderr).not.toContain('hunter');
    }
  });
});
