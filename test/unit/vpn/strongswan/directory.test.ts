import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestKey, domainsOnDisk } from '../../../../src/vpn/strongswan/directory.js';
import { createDirectory } from '../../../support/namespace.js';

describe('digestKey', () => {
  it('is made once, and nobody else can read it', async () => {
    const directory = createDirectory('run');
    const key = await digestKey(directory);
    expect(key).toHaveLength(32);
    expect(await digestKey(directory)).toEqual(key);
    expect(statSync(join(directory, 'digest.key')).mode & 0o777).toBe(0o600);
  });

  it('is made anew where it was cut short', async () => {
    const directory = createDirectory('run');
    writeFileSync(join(directory, 'digest.key'), 'short');
    const key = await digestKey(directory);
    expect(readFileSync(join(directory, 'digest.key'))).toEqual(key);
    expect(key).toHaveLength(32);
  });
});

describe('domainsOnDisk', () => {
  it('finds directories of routing domains, and nothing else', async () => {
    const directory = createDirectory('run');
    const domain = '11111111-2222-3333-4444-000000005001';
    for (const name of [domain, 'probe-1234', domain.replace('5001', 'ABCD')])
      mkdirSync(join(directory, name));
    writeFileSync(join(directory, domain.replace('5001', '5002')), '');
    expect(await domainsOnDisk(directory)).toEqual([domain]);
  });
});
