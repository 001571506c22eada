import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadToken } from '../../../provider/token.js';

let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'nvgate-token-')), 'state');
});

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

describe('loadToken', () => {
  it('makes a token that its owner alone can read, and gives the same one from then on', async () => {
    const token = await loadToken(directory);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect((await stat(join(directory, 'token'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(directory, 'token'), 'utf8')).toBe(`${token}\n`);
    expect(await readdir(directory)).toEqual(['token']);
    expect(await loadToken(directory)).toBe(token);
  });

  it('gives one token to all that start at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => loadToken(directory)));
    expect(new Set(tokens).size).toBe(1);
    expect(await readdir(directory)).toEqual(['token']);
  });

  it.each(['', 'short', 'has a space in it, and is long'])(
    'refuses a file with %j',
    async (text) => {
      await loadToken(directory);
      await writeFile(join(directory, 'token'), text);
      await expect(loadToken(directory)).rejects.toMatchObject({ code: 'configInvalid' });
    },
  );
});
