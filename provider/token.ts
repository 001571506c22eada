import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NvgateError } from '../src/errors.js';

/**
 * The bearer token of the provider API: what the file `token` of the state directory holds. Made
 * at the first start, readable by its owner only.
 * @throws NvgateError `configInvalid` when the file holds no token; errors of the file system
 */
export async function loadToken(stateDirectory: string): Promise<string> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  const path = join(stateDirectory, 'token');
  // Read first: a full disk must not keep the gateway from starting.
  const token = (await readIfThere(path)) ?? (await makeOnce(path));
  if (!/^\S{16,}$/.test(token))
    throw new NvgateError(
      'configInvalid',
      `${path} holds no token: 16 or more characters without spaces. Delete the file to have one made.`,
    );
  return token;
}

/** The file comes into being with its content, so a crash leaves no empty one behind. */
async function makeOnce(path: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(`${token}\n`);
    await file.sync();
    // Fails where there is a token already, whoever made it in the meantime.
    await link(beside, path);
    return token;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return (await readFile(path, 'utf8')).trim();
  } finally {
    await file.close();
    await rm(beside, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
