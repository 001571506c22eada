import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NvgateError } from '../../../src/errors.js';
import { run } from './terminal.js';

describe('exit status', () => {
  it.each([
    [[]],
    [['frobnicate']],
    [['get', 'get']],
    [['get']],
    [['get', 'nouns']],
    [['get', 'connections', '--bogus']],
    [['status', '-o', 'xml']],
    [['status', '--timeout', 'soon']],
    [['apply']],
    [['trace', '--vsid', '5001', '--from', '1.1.1.1']],
    [['trace', '--vsid', 'x', '--from', '1.1.1.1', '--to', '2.2.2.2']],
    [['trace', '--vsid', '5001', '--from', '1.1.1.1', '--to', '2.2.2.2', '--protocol', 'gre']],
    [['trace', '--vsid', '5001', '--from', '1.1.1.1', '--to', '2.2.2.2', '--port', '80']],
    [['delete', 'lookup-records', '5001/192.168.1.101']],
    [['delete', 'lookup-records', '5001', '--routing-domain', 'blue']],
    [['convert', '-', '--gateway-pa', 'gateway']],
  ])('is 2 for wrong usage: %j', async (words) => {
    const { exit, stdout, stderr } = await run(words);
    expect(exit).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  it('is 0 for --help, which names the contract', async () => {
    const { exit, stdout, stderr } = await run(['--help']);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toContain('3 gateway not reachable');
    for (const verb of ['run', 'validate', 'convert', 'apply', 'diff', 'get', 'delete', 'trace'])
      expect(stdout).toContain(`${verb} `);
  });

  it('is 3 where the gateway does not answer', async () => {
    const gateway = () =>
      Promise.reject(new NvgateError('gatewayUnreachable', 'The gateway cannot be reached.'));
    expect(await run(['status'], { client: { gateway } })).toMatchObject({
      exit: 3,
      stdout: '',
      stderr: 'error: The gateway cannot be reached. (gatewayUnreachable)\n',
    });
  });

  it('is 1 for what nobody expected, with the stack', async () => {
    const gateway = () => Promise.reject(new TypeError('a bug'));
    const { exit, stderr } = await run(['status'], { client: { gateway } });
    expect(exit).toBe(1);
    expect(stderr).toContain('a bug');
    expect(stderr).toContain('program.test.ts');
  });
});

it('tells its version', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await run(['--version'])).toMatchObject({ exit: 0, stdout: `${version}\n` });
});

it('every verb explains itself', async () => {
  for (const verb of ['run', 'get', 'apply', 'events', 'counters', 'capabilities']) {
    const { exit, stdout } = await run([verb, '--help']);
    expect(exit).toBe(0);
    expect(stdout).toContain('--token-file');
  }
});
