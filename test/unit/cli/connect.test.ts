import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run, type Ran } from './terminal.js';

let state: string;
let config: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'nvgate-cli-'));
  config = join(state, 'nvgate.yaml');
  writeConfig('host: 127.0.0.1');
});

afterEach(() => rmSync(state, { recursive: true }));

function writeConfig(api: string): void {
  writeFileSync(config, `stateDirectory: ${state}\napi: {${api}}\n`);
}

const counters = () => Promise.resolve([]);

function open(words: readonly string[] = [], env: Record<string, string> = {}): Promise<Ran> {
  return run(['counters', '--config', config, ...words], { client: { counters }, env });
}

it('finds URL, token and certificate by the configuration', async () => {
  writeConfig('host: 10.0.0.5, port: 8443');
  writeFileSync(join(state, 'token'), 'abc\n');
  mkdirSync(join(state, 'tls'));
  writeFileSync(join(state, 'tls', 'cert.pem'), 'PEM');
  expect((await open()).opened).toEqual([
    { url: 'https://10.0.0.5:8443', token: 'abc', ca: 'PEM', timeout: 30_000 },
  ]);
});

it.each([
  ['host: 0.0.0.0', 'https://127.0.0.1:7637'],
  ['host: "::"', 'https://[::1]:7637'],
  ['host: "2001:db8::1"', 'https://[2001:db8::1]:7637'],
  ['tls: false', 'http://127.0.0.1:7637'],
])('reaches a listener with {%s} at %s', async (api, url) => {
  writeConfig(api);
  expect((await open()).opened).toMatchObject([{ url }]);
});

it('takes options before the environment before the configuration', async () => {
  writeFileSync(join(state, 'token'), 'from-config');
  writeFileSync(join(state, 'other'), 'from-file');
  const env = {
    NVGATE_URL: 'https://env:1',
    NVGATE_TOKEN_FILE: join(state, 'other'),
  };
  const opened = async (words: string[], more = {}) =>
    (await open(words, { ...env, ...more })).opened[0];
  expect(await opened([])).toMatchObject({ url: 'https://env:1', token: 'from-file' });
  expect(await opened([], { NVGATE_TOKEN: 'from-env' })).toMatchObject({ token: 'from-env' });
  expect(await opened(['--url', 'https://flag:2', '--token', 'from-flag'])).toMatchObject({
    url: 'https://flag:2',
    token: 'from-flag',
  });
  expect(
    await opened(['--token-file', join(state, 'token')], { NVGATE_TOKEN: 'from-env' }),
  ).toMatchObject({ token: 'from-config' });
});

it('lets the gateway say that a token is missing', async () => {
  const [options] = (await open()).opened;
  expect(options).toMatchObject({ token: '' });
  expect(options).not.toHaveProperty('ca');
});

it.each([['--token-file'], ['--ca']])('refuses a %s that is not there', async (option) => {
  const { exit, stderr, opened } = await open([option, join(state, 'nowhere')]);
  expect([exit, opened]).toEqual([1, []]);
  expect(stderr).toContain(option);
});

it('refuses a wrong configuration with every error', async () => {
  writeFileSync(config, 'instance: 7\nbogus: 1\n');
  const { exit, stderr } = await open();
  expect(exit).toBe(1);
  expect(stderr).toContain('1:1: /instance');
  expect(stderr).toContain('2:1: /bogus');
});
