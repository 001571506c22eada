import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RefusedError } from '../../../src/errors.js';
import { loadConfig, parseConfig } from '../../../src/config/load.js';
import type { LocatedProblem } from '../../../src/config/document.js';

function problemsOf(text: string): LocatedProblem[] {
  try {
    parseConfig(text, 'test.yaml');
  } catch (error) {
    if (error instanceof RefusedError) return [...error.problems];
    throw error;
  }
  return [];
}

const paths = (text: string) => problemsOf(text).map((problem) => problem.path);

const DEFAULTS = {
  instance: 'nvgate',
  underlay: [{ name: 'underlay', device: 'underlay' }],
  external: [{ name: 'external', device: 'external' }],
  api: { host: '127.0.0.1', port: 7637, tls: true },
  stateDirectory: '/var/lib/nvgate',
  runDirectory: '/run/nvgate',
  logLevel: 'info',
  allowInsecureVpn: false,
  limits: {
    virtualSubnets: 16_384,
    lookupRecords: 1_048_576,
    customerRoutes: 262_144,
    providerPeers: 1_048_576,
  },
  reconcileIntervalSeconds: 10,
  pathMtuSeconds: 600,
  multicastPacketsPerSecond: 1000,
  receiveSteering: 'auto',
  bpfDirectory: '/sys/fs/bpf',
};

describe('defaults', () => {
  it('has one for every key', () => {
    expect(loadConfig(undefined)).toEqual(DEFAULTS);
    expect(parseConfig('# nothing but a comment\n', 'empty.yaml')).toEqual(DEFAULTS);
  });

  it('fills in what a given section leaves out', () => {
    const config = parseConfig('api: {port: 8443}\nlimits: {lookupRecords: 10}', 'part.yaml');
    expect(config.api).toEqual({ host: '127.0.0.1', port: 8443, tls: true });
    expect(config.limits).toEqual({ ...DEFAULTS.limits, lookupRecords: 10 });
  });

  it('is what config/nvgate.yaml shows', () => {
    expect(loadConfig('config/nvgate.yaml')).toEqual(DEFAULTS);
    for (const key of ['certificateFile', 'keyFile'])
      expect(readFileSync('config/nvgate.yaml', 'utf8')).toContain(key);
  });
});

describe('errors', () => {
  it('come all at once, with path, code and place', () => {
    const problems = problemsOf(
      [
        'instance: Nvgate',
        'underlay: []',
        'external: [{name: wan}]',
        'api: {port: 70000, hots: localhost}',
        'stateDirectory: var/lib',
        'logLevel: loud',
        'allowInsecureVpn: "no"',
        'limits: {lookupRecords: many, customerRoutes: 0}',
        'reconcileIntervalSeconds: 1.5',
        'bogus: 1',
        'bpfDirectory: bpf',
      ].join('\n'),
    );
    expect(problems.map((p) => [p.path, p.position?.line]).sort()).toEqual([
      ['/allowInsecureVpn', 7],
      ['/api/hots', 4],
      ['/api/port', 4],
      ['/bogus', 10],
      ['/bpfDirectory', 11],
      ['/external/0/device', 3],
      ['/instance', 1],
      ['/limits/customerRoutes', 8],
      ['/limits/lookupRecords', 8],
      ['/logLevel', 6],
      ['/reconcileIntervalSeconds', 9],
      ['/stateDirectory', 5],
      ['/underlay', 2],
    ]);
    expect(new Set(problems.map((p) => p.code))).toEqual(new Set(['configInvalid']));
    for (const { message } of problems) expect(message).toMatch(/\.$/);
  });

  it('name the keys there are', () => {
    const [problem] = problemsOf('api: {hots: x}');
    expect(problem?.message).toContain('host, port');
    expect(problem?.position).toEqual({ line: 1, column: 7 });
  });

  it('name the range', () => {
    expect(problemsOf('api: {port: 0}')[0]?.message).toContain('1..65535');
  });

  it.each(['- a', 'text', '42', 'null: x: y', 'a: 1\na: 2', 'a: *nowhere', '{"api": }'])(
    'refuse what is no configuration: %j',
    (text) => {
      expect(problemsOf(text).length).toBeGreaterThan(0);
    },
  );

  it('point at a syntax error', () => {
    const [problem] = problemsOf('instance: nvgate\napi: {port: 1');
    expect(problem?.position?.line).toBe(2);
  });

  it('say when the file is not there', () => {
    expect(() => loadConfig('/nonexistent/nvgate.yaml')).toThrow(/cannot be read/);
  });
});

describe('keys that depend on each other', () => {
  it.each([
    ['127.0.0.1', []],
    ['127.8.8.8', []],
    ['::1', []],
    ['localhost', []],
    ['0.0.0.0', ['/api/tls']],
    ['10.0.0.1', ['/api/tls']],
    ['gateway.example', ['/api/tls']],
  ])('tls off on %s', (host, expected) => {
    expect(paths(`api: {host: "${host}", tls: false}`)).toEqual(expected);
  });

  it('certificate and key come together', () => {
    expect(paths('api: {certificateFile: /a}')).toEqual(['/api/certificateFile']);
    expect(paths('api: {keyFile: /a}')).toEqual(['/api/keyFile']);
    expect(paths('api: {certificateFile: /a, keyFile: /b}')).toEqual([]);
  });

  it('two devices have two names', () => {
    expect(
      paths('external: [{name: a, device: e0}, {name: b, device: e1}, {name: a, device: e2}]'),
    ).toEqual(['/external/2/name']);
  });
});

it.each(['n', 'nvgate-2', 'a23456789012345'])('takes the instance %s', (instance) => {
  expect(parseConfig(`instance: ${instance}`, 'test').instance).toBe(instance);
});

it.each(['2gate', '-a', 'a_b', 'a234567890123456', '""'])('refuses the instance %s', (instance) => {
  expect(paths(`instance: ${instance}`)).toEqual(['/instance']);
});

it('reads JSON as well', () => {
  expect(parseConfig('{"instance": "edge", "api": {"port": 1}}', 'c.json')).toMatchObject({
    instance: 'edge',
    api: { port: 1 },
  });
  expect(problemsOf('{\n  "instance": "edge",\n  "apo": 1\n}')).toMatchObject([
    { path: '/apo', position: { line: 3, column: 3 } },
  ]);
});

it('refuses a device or a name that is there twice, in one list or over both', () => {
  const text = `
underlay: [{name: a, device: eth1}, {name: b, device: eth1}]
external: [{name: a, device: eth2}, {name: c, device: eth1}]
`;
  expect(paths(text)).toEqual(['/external/0/name', '/underlay/1/device', '/external/1/device']);
});
