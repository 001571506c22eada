import { onceIn, pick, type Choices } from '../../support/choices.js';
import { readFixture } from '../corpus.js';

/** The scripts and pages of test/fixtures/powershell. */
const FIXTURES = [
  'two-hosts.ps1',
  'software-router.ps1',
  'software-router-slides.txt',
  'software-router-scripted.ps1',
  'faults.ps1',
].map((name) => readFixture(`powershell/${name}`));

const VARIABLES = ['$a', '$b', '$host', '${a b}', '$env:X', '$_', '$a.x', '$b[1]', '$true'];
const WORDS = [
  '5001',
  '0',
  '10.80.1.11',
  '192.168.1.0/24',
  '1..3',
  '65000..1',
  '-1',
  'x',
  '00155D011404',
];
const CMDLETS = [
  'New-NetVirtualizationLookupRecord',
  'New-NetVirtualizationCustomerRoute',
  'New-NetVirtualizationProviderAddress',
  'New-NetVirtualizationProviderRoute',
  'Get-Item',
  'ForEach-Object',
  '%',
];
const PARAMETERS = [
  ...['-VirtualSubnetID', '-CustomerAddress', '-MACAddress', '-ProviderAddress', '-Rule', '-Type'],
  ...['-RoutingDomainID', '-DestinationPrefix', '-NextHop', '-Metric', '-PrefixLength', '-Nobody'],
];

/** A script as somebody wrote it, or one that goes to the limits of what the reader evaluates. */
export function generateScript(choices: Choices): string {
  if (onceIn(choices, 2)) return pick(choices, FIXTURES);
  return Array.from({ length: 1 + choices.below(8) }, () => statement(choices, 0)).join('\n');
}

function statement(choices: Choices, depth: number): string {
  switch (choices.below(depth > 5 ? 3 : 7)) {
    case 0:
      return `${pick(choices, VARIABLES)} ${pick(choices, ['=', '+=', '-='])} ${expression(choices, depth)}`;
    case 1:
    case 2:
      return command(choices, depth);
    case 3:
      return `foreach (${pick(choices, VARIABLES)} in ${expression(choices, depth)}) ${block(choices, depth)}`;
    case 4:
      return `${expression(choices, depth)} | % ${block(choices, depth)}`;
    case 5:
      return `function f { ${statement(choices, depth + 1)} }`;
    default:
      return `if (${expression(choices, depth)}) ${block(choices, depth)}`;
  }
}

function block(choices: Choices, depth: number): string {
  const lines = Array.from({ length: choices.below(4) }, () => statement(choices, depth + 1));
  return `{ ${lines.join(pick(choices, ['\n', '; ']))} }`;
}

function command(choices: Choices, depth: number): string {
  const words = [pick(choices, CMDLETS)];
  for (let count = choices.below(6); count > 0; count -= 1)
    words.push(pick(choices, PARAMETERS), expression(choices, depth));
  if (onceIn(choices, 6)) words.push('@a');
  return words.join(' ');
}

function expression(choices: Choices, depth: number): string {
  if (depth > 5) return pick(choices, WORDS);
  const inner = (): string => expression(choices, depth + 1);
  switch (choices.below(9)) {
    case 0:
    case 1:
      return pick(choices, VARIABLES);
    case 2:
      return pick(choices, WORDS);
    case 3:
      return `"${pick(choices, VARIABLES)}${pick(choices, VARIABLES)}$(${inner()})"`;
    case 4:
      return `(${inner()} + ${inner()})`;
    case 5:
      return `@(${inner()}, ${inner()})`;
    case 6:
      return `@{ x = ${inner()}; VirtualSubnetID = ${inner()} }`;
    case 7:
      // The long one ends at the limit of steps: rarely, for it takes long.
      return onceIn(choices, 200) ? '1..60000' : pick(choices, ['1..40', '1..3']);
    default:
      return `'${pick(choices, WORDS)}'`;
  }
}
