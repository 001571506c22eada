import { readFileSync } from 'node:fs';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { messageOf, NvgateError, RefusedError, type Problem } from '../errors.js';
import { isLoopback, parseIp } from '../net/ip.js';
import type { Config, DeviceConfig } from './config.js';
import { DEFAULT_CONFIG } from './defaults.js';
import { parseTextDocument } from './document.js';
import { explainSchemaErrors } from './explain.js';
import { ConfigSchema } from './schema.js';

/**
 * Reads the configuration file; without one every key has its default.
 * @throws NvgateError `configInvalid`; RefusedError when the text was read, with every error
 */
export function loadConfig(path: string | undefined): Config {
  if (path === undefined) return DEFAULT_CONFIG;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new NvgateError(
      'configInvalid',
      `The configuration ${path} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return parseConfig(text, path);
}

/**
 * Reads a configuration from YAML or JSON and fills in the defaults.
 * @param source what messages call it, for example the file name
 * @throws RefusedError `configInvalid`, every error with its path and its place in the text
 */
export function parseConfig(text: string, source: string): Config {
  const document = parseTextDocument(text, source, { code: 'configInvalid' });
  // A file of nothing but comments says: all defaults.
  const value = Value.Default(ConfigSchema, document.value ?? {});
  const refuse = (problems: readonly Problem[]) =>
    new RefusedError(
      'configInvalid',
      `${source} has ${problems.length} error(s).`,
      document.locate(problems),
    );
  if (!Value.Check(ConfigSchema, value)) throw refuse(explainSchemaErrors(schemaErrors(value)));
  const conflicts = findConflicts(value);
  if (conflicts.length > 0) throw refuse(conflicts);
  return value;
}

/** TypeBox stops at eight errors unless told otherwise, and can be told only process-wide. */
function schemaErrors(value: unknown): ReturnType<typeof Value.Errors> {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: Number.MAX_SAFE_INTEGER });
  try {
    return Value.Errors(ConfigSchema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** What each key alone may be, but not together with another. */
function findConflicts(config: Config): Problem[] {
  const problems: Problem[] = [];
  const report = (path: string, message: string) =>
    problems.push({ path, code: 'configInvalid', message });

  const devices = [...placed(config, 'underlay'), ...placed(config, 'external')];
  for (const { path, name } of repeated(devices, 'name'))
    report(`${path}/name`, `"${name}" names two devices. Choose another name.`);
  for (const { path, device } of repeated(devices, 'device'))
    report(
      `${path}/device`,
      `Device ${device} is there twice. One device has one name, and leads either to the hosts or outside: tenants must not reach the provider network.`,
    );

  const { api } = config;
  if ((api.certificateFile === undefined) !== (api.keyFile === undefined)) {
    const given = api.certificateFile === undefined ? 'keyFile' : 'certificateFile';
    const missing = given === 'keyFile' ? 'certificateFile' : 'keyFile';
    report(`/api/${given}`, `${given} needs ${missing} beside it. Give both or neither.`);
  }
  if (!api.tls && api.certificateFile !== undefined)
    report('/api/tls', 'A certificate is given but TLS is off. Drop one of the two.');
  if (!api.tls && !isLoopbackHost(api.host))
    report(
      '/api/tls',
      `TLS can be off only on a loopback host, and ${api.host} is none. Leave TLS on or listen on 127.0.0.1.`,
    );
  return problems;
}

interface PlacedDevice extends DeviceConfig {
  readonly path: string;
}

function placed(config: Config, list: 'underlay' | 'external'): PlacedDevice[] {
  return config[list].map((device, index) => ({ ...device, path: `/${list}/${index}` }));
}

/** Those that have the same name, or the same device, as an earlier one. */
function repeated(devices: readonly PlacedDevice[], key: 'name' | 'device'): PlacedDevice[] {
  const values = devices.map((device) => device[key]);
  return devices.filter((device, index) => values.indexOf(device[key]) < index);
}

function isLoopbackHost(host: string): boolean {
  if (host === 'localhost') return true;
  try {
    return isLoopback(parseIp(host));
  } catch {
    return false;
  }
}
