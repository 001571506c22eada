import { expect, test } from 'vitest';
import { commandLine, run, runSuccessfully } from '../../../../src/dataplane/linux/run.js';
import { describeWith, noRoot } from '../../../support/describe-with.js';

// Standard input goes through a file in /run, as that is never on a full disk.
describeWith(noRoot, 'standard input', () => {
  test('can be opened again by the command', async () => {
    const { stdout } = await run({ file: 'cat', args: ['/dev/stdin'], input: 'first\nsecond\n' });
    expect(stdout).toBe('first\nsecond\n');
  });
});

test('a failing command is told with its line and what it said', async () => {
  const command = { file: 'sh', args: ['-c', 'echo no such thing >&2; exit 3'] };
  expect(await run(command)).toEqual({ exitCode: 3, stdout: '', stderr: 'no such thing\n' });
  await expect(runSuccessfully(command)).rejects.toMatchObject({
    code: 'kernelOperationFailed',
    message: "sh -c 'echo no such thing >&2; exit 3' failed: no such thing",
  });
});

test('a tool that is not installed is named', async () => {
  await expect(run({ file: 'nvgate-no-such-tool', args: [] })).rejects.toMatchObject({
    code: 'kernelOperationFailed',
    message: expect.stringContaining('nvgate-no-such-tool') as string,
  });
});

test('a command that does not end is ended', async () => {
  await expect(run({ file: 'sleep', args: ['60'], timeout: 50 })).rejects.toMatchObject({
    code: 'timedOut',
  });
});

test('a command line can be pasted into a shell', () => {
  expect(commandLine({ file: 'ip', args: ['link', 'set', "it's", ''] })).toBe(
    "ip link set 'it'\\''s' ''",
  );
});
