import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Client } from '../../provider/client/client.js';
import type { WriteOptions } from '../../provider/client/collection.js';
import type { ApiConfig, Config } from '../config/config.js';
import { DEFAULT_CONFIG } from '../config/defaults.js';
import { messageOf, NvgateError } from '../errors.js';
import type { CliIo } from './io.js';
import { OUTPUT_FORMATS, type OutputFormat } from './output.js';

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly output: OutputFormat;
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly config?: string;
  /** Seconds */
  readonly timeout: number;
}

export function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option('-o, --output <format>', 'how the answer is printed')
        .choices(OUTPUT_FORMATS)
        .default('table'),
    )
    .option('--url <url>', 'provider API (env NVGATE_URL; default: the configuration’s)')
    .option(
      '--token <token>',
      'bearer token (env NVGATE_TOKEN; others can see it on the command line)',
    )
    .option(
      '--token-file <file>',
      'file that holds the token (env NVGATE_TOKEN_FILE; default: token in the state directory)',
    )
    .option(
      '--ca <file>',
      'PEM certificate to trust (default: tls/cert.pem in the state directory)',
    )
    .option('--config <file>', 'configuration of the gateway, to find all these')
    .option(
      '--timeout <seconds>',
      'how long to wait for a sign of the gateway',
      positiveNumber,
      30,
    );
}

/** What `--wait` asks of a write: to wait as long as for any other answer. */
export function writeOptions({ wait, timeout }: GlobalOptions & { wait?: boolean }): WriteOptions {
  if (wait !== true) return {};
  return { waitSeconds: Math.min(Math.max(Math.ceil(timeout), 1), LONGEST_WAIT_SECONDS) };
}

/** What the gateway accepts. */
const LONGEST_WAIT_SECONDS = 600;

/** A client for the gateway that options, environment and configuration name, in this order. */
export async function openClient(io: CliIo, options: GlobalOptions): Promise<Client> {
  const config = await readConfig(options.config);
  const url = options.url ?? io.env['NVGATE_URL'] ?? urlOf(config.api);
  const ca = readCa(options, config);
  return io.createClient({
    url,
    token: readToken(io, options, config),
    timeout: options.timeout * 1000,
    ...(ca === undefined ? {} : { ca }),
  });
}

/** Reading a configuration takes longer than everything else here, so only who asks for one waits. */
async function readConfig(path: string | undefined): Promise<Config> {
  if (path === undefined) return DEFAULT_CONFIG;
  const { loadConfig } = await import('../config/load.js');
  return loadConfig(path);
}

function urlOf(api: ApiConfig): string {
  const anywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  const host = anywhere[api.host] ?? api.host;
  return `${api.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${api.port}`;
}

function readToken(io: CliIo, options: GlobalOptions, config: Config): string {
  const given =
    options.token ?? (options.tokenFile === undefined ? io.env['NVGATE_TOKEN'] : undefined);
  if (given !== undefined) return given;
  const named = options.tokenFile ?? io.env['NVGATE_TOKEN_FILE'];
  const path = named ?? join(config.stateDirectory, 'token');
  const text = readFile(path, named !== undefined, 'Name the right file with --token-file.');
  // The gateway says itself that a token is missing; here it may just not be the right machine.
  return text?.trim() ?? '';
}

function readCa(options: GlobalOptions, config: Config): string | undefined {
  const path =
    options.ca ?? config.api.certificateFile ?? join(config.stateDirectory, 'tls', 'cert.pem');
  return readFile(path, options.ca !== undefined, 'Name the right file with --ca.');
}

/** The file's text; undefined where it is not there and nobody has asked for it by name. */
function readFile(path: string, required: boolean, advice: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (!required && code === 'ENOENT') return undefined;
    const hint = code === 'EACCES' ? 'Run as root, or name a file that you may read.' : advice;
    throw new NvgateError('invalidValue', `${path} cannot be read: ${messageOf(error)}. ${hint}`, {
      cause: error,
    });
  }
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Must be a number above 0.');
  return value;
}
