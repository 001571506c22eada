import fc from 'fast-check';
import { expect, test } from 'vitest';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';
import { GATEWAY, readFixture } from './fixture.js';

fc.configureGlobal({ seed: 7637 });

interface WrittenCommand {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
}

/** The commands of a fixture that says nothing but them, one a line. */
function commandsOf(script: string): WrittenCommand[] {
  return script
    .split('\n')
    .filter((line) => line.startsWith('New-'))
    .map((line) => ({
      name: line.slice(0, line.indexOf(' ')),
      parameters: [...line.matchAll(/ -(\w+) "?([^" ]+)"?/g)].map(([, name = '', value = '']) => ({
        name,
        value,
      })),
    }));
}

const COMMANDS = commandsOf(readFixture('software-router.ps1'));
const EXPECTED = importPowerShell(readFixture('software-router.ps1'), {
  gatewayProviderAddress: GATEWAY,
}).policy;

const SHORT: Readonly<Record<string, string>> = {
  VirtualSubnetID: 'Virtual',
  CustomerAddress: 'CustomerA',
  MACAddress: 'mac',
  DestinationPrefix: 'dest',
  NextHop: 'NEXTHOP',
  CimSession: 'Session',
};
const BREAKS = [' ', '  ', '\n', ' \n', ' `\n', '\r\n    ', '\u00a0'] as const;
const PAGE_BREAK = '\n\n\n92\n\n導入例（2）\n\n';
const PROSE: readonly [string, ...string[]] = [
  '',
  '\n',
  '148\n',
  '導入例（1）\n',
  '\f 概要：PA\n',
  "It isn't -Rule.\n",
  '# -Rule x\n',
];
const QUOTES = ['""', "''", '“”', '““', '‘’', '”"'] as const;

function pick<T>(gen: fc.GeneratorValue, ...choices: readonly [T, ...T[]]): T {
  return choices[gen(fc.nat, { max: choices.length - 1 })] ?? choices[0];
}

/** One parameter, written in one of the many ways. */
function parameterText(
  { name, value }: { readonly name: string; readonly value: string },
  gen: fc.GeneratorValue,
): string {
  const shown = pick(gen, name, name.toUpperCase(), SHORT[name] ?? name);
  const dash = pick(gen, '-', '–', '—');
  const between = pick(gen, ...BREAKS, ':', PAGE_BREAK);
  const quotes = pick(gen, ...QUOTES, '');
  if (quotes === '') return `${dash}${shown}${between}${value}`;
  const wraps = [...value.matchAll(/[-./]/g)].map(({ index }) => index + 1);
  const wrap = pick(gen, undefined, ...wraps);
  const content =
    wrap === undefined
      ? value
      : value.slice(0, wrap) + pick(gen, '\n', '\n  ', ' \n') + value.slice(wrap);
  return `${dash}${shown}${between}${quotes.charAt(0)}${content}${quotes.charAt(1)}`;
}

function commandText(command: WrittenCommand, host: string, gen: fc.GeneratorValue): string {
  const parameters = command.parameters.map((parameter) =>
    parameterText(parameter.name === 'CimSession' ? { ...parameter, value: host } : parameter, gen),
  );
  const name = pick(gen, command.name, command.name.toLowerCase());
  return [name, ...parameters].reduce((text, parameter) => text + pick(gen, ...BREAKS) + parameter);
}

test(
  'however a script is wrapped, quoted and repeated per host, its policy is the same',
  { timeout: 30_000 },
  () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const hosts = gen(fc.subarray, ['rack-a-01', 'rack-a-02', 'rack-b-01'], { minLength: 1 });
        const script = hosts
          .flatMap((host) => COMMANDS.map((command) => commandText(command, host, gen)))
          .map((text) => `${text}${pick(gen, '\n', '\r\n', ';\n', '\n\n')}`)
          .map((text) => pick(gen, ...PROSE) + text)
          .join('');
        const { policy, problems } = importPowerShell(script, { gatewayProviderAddress: GATEWAY });
        expect(problems).toEqual([]);
        expect(policy).toEqual(EXPECTED);
      }),
      { numRuns: 150 },
    );
  },
);
