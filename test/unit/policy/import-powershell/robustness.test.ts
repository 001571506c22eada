import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importPowerShell } from '../../../../src/policy/import-powershell/index.js';
import { GATEWAY, readFixture } from './fixture.js';

fc.configureGlobal({ seed: 7637 });

const FIXTURES = [
  'two-hosts.ps1',
  'software-router.ps1',
  'software-router-slides.txt',
  'software-router-scripted.ps1',
  'faults.ps1',
].map(readFixture);

/** Pieces of scripts and of pages, to be put together in any order. */
const PIECES = [
  ...['New-NetVirtualizationLookupRecord', 'New-NetVirtualizationCustomerRoute', 'Get-Item'],
  ...[' -VirtualSubnetID', ' -Rule', ' -', ':', ' 7001', ' "10.80.1.11"', ' {', '}', '(', ')'],
  ...['@(', '@{', '$(', '[', ']', '"', "'", '“', '`', '`\n', '\n', '\r\n', '\n\n', ';', ',', '|'],
  ...['#', '<#', '#>', '@"\n', '\n"@', '$x', '$x = ', '=', '+=', '..', '1..3', 'foreach ($x in '],
  ...[
    'if (',
    'function f {',
    'param(',
    'else',
    '導入例（1）',
    '148',
    ' > ',
    '&',
    '\f',
    '\u2028',
    '\0',
  ],
];

function checkImport(text: string): void {
  const { notes, problems } = importPowerShell(text, { gatewayProviderAddress: GATEWAY });
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { line, message } of [...notes, ...problems]) {
    expect(Number.isInteger(line)).toBe(true);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines);
    expect(message).not.toBe('');
  }
}

describe('any text', { timeout: 30_000 }, () => {
  test('of any characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), checkImport));
  });

  test('of pieces of scripts', () => {
    const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }).map((all) => all.join(''));
    fc.assert(fc.property(text, checkImport), { numRuns: 1000 });
  });

  test('a script that was cut, pasted over and typed into', () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat(80),
      insert: fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 5 })),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...FIXTURES),
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        (script, edits) => {
          const edited = edits.reduce((text, { at, remove, insert }) => {
            const offset = Math.floor(at * text.length);
            return text.slice(0, offset) + insert + text.slice(offset + remove);
          }, script);
          checkImport(edited);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    '(',
    '{',
    '@(',
    '@{',
    '$(',
    '"',
    "'",
    '<#',
    '#>',
    '@"\n',
    '`\n',
    '-',
    '[',
    '$x=',
    '&{',
  ])('of nothing but %j', (piece) => {
    checkImport(piece.repeat(2_000));
    checkImport(`Get-Item -Name ${piece.repeat(2_000)}`);
    checkImport(`${piece}\n`.repeat(2_000));
    checkImport(`New-NetVirtualizationLookupRecord -Rule ${piece}\n`.repeat(300));
  });
});
