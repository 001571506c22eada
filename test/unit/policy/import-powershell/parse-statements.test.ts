import { describe, expect, test } from 'vitest';
import { parseScript } from '../../../../src/policy/import-powershell/parse-statements.js';
import type { Expression, Statement } from '../../../../src/policy/import-powershell/syntax.js';

const RECORD = 'New-NetVirtualizationLookupRecord';

/** Statements as indented lines of text. */
function shown(statements: readonly Statement[]): string[] {
  return statements.flatMap((statement): string[] => {
    switch (statement.kind) {
      case 'pipeline':
        return [
          (statement.input === undefined ? '' : `${value(statement.input)} | `) +
            statement.commands
              .map(({ name, line, arguments: args }) =>
                [
                  `${line}:${name}`,
                  ...args.map((arg) =>
                    arg.splat === undefined
                      ? (arg.name === undefined ? '' : `-${arg.name} `) +
                        (arg.value === undefined ? '' : value(arg.value))
                      : `@${arg.splat}`,
                  ),
                ]
                  .join(' ')
                  .trim(),
              )
              .join(' | '),
        ];
      case 'assignment':
        return [
          `$${statement.variable}${statement.property === undefined ? '' : `.${statement.property}`} ${statement.append ? '+=' : '='} ${value(statement.value)}`,
        ];
      case 'foreach':
        return [
          `foreach ${statement.variable} in ${value(statement.items)}`,
          ...shown(statement.body).map((line) => `  ${line}`),
        ];
      case 'function':
        return [`function ${statement.name}`, ...shown(statement.body).map((line) => `  ${line}`)];
      case 'block':
        return ['block', ...shown(statement.body).map((line) => `  ${line}`)];
      case 'note':
        return [`${statement.line}: ${statement.message.replace(/^Skipped a line.*?: /, 'skip ')}`];
    }
  });
}

function value(expression: Expression): string {
  switch (expression.kind) {
    case 'string':
      return expression.text;
    case 'variable':
      return `$${expression.name}${expression.access}`;
    case 'list':
      return `(${expression.items.map(value).join(',')})`;
    case 'table':
      return `@{${expression.entries.map((entry) => `${entry.name}=${value(entry.value)}`).join(';')}}`;
    case 'range':
      return `${expression.from}..${expression.to}`;
    case 'sum':
      return expression.terms.map(value).join('+');
    case 'body':
      return `{${shown(expression.body).join('; ')}}`;
    case 'unknown':
      return '?';
  }
}

describe('parseScript', () => {
  test.each<[string, string, string[]]>([
    ['a command', 'New-Item "a" -Name b -Force', ['1:New-Item a -Name b -Force']],
    ['two on a line', 'New-Item a; Get-Item b', ['1:New-Item a', '1:Get-Item b']],
    ['a module name', 'NetWNV\\New-Item a', ['1:New-Item a']],
    [
      'a pipeline',
      'Get-Item a | where {$_.X -eq "y"} | Set-Item b',
      ['1:Get-Item a | 1:where {} | 1:Set-Item b'],
    ],
    ['a pipe on the next line', 'Get-Item a\n  | Set-Item b', ['1:Get-Item a | 2:Set-Item b']],
    ['a list as input', '"a","b" | % { New-Item $_ }', ['(a,b) | 1:% {1:New-Item $_}']],
    ['values in lists', 'New-Item a, "b", $c -D 1,2', ['1:New-Item (a,b,$c) -D (1,2)']],
    ['commands as values', 'New-Item -Path (Get-Item x)', ['1:New-Item -Path {1:Get-Item x}']],
    ['redirected output', 'New-Item a > $null', ['1:New-Item a']],
    ['a cast before parentheses', '[void](New-Item a)', ['block', '  1:New-Item a']],
    ['an assignment', '$a = "x" + $b.C', ['$a = x+$b.C']],
    ['a typed assignment', '[string[]] $a = @("x"\n"y")', ['$a = (x,y)']],
    ['an assigned table', '$a = @{ B = 1; "C" = $d\nE = 2 }', ['$a = @{B=1;C=$d;E=2}']],
    ['a changed entry', '$a.B = 1', ['$a.B = 1']],
    ['an appended value', '$a += "x"', ['$a += x']],
    ['an assigned command', '$a = Get-Item x -Y z', ['$a = {1:Get-Item x -Y z}']],
    ['an assigned program', '$a = hostname', ['$a = {1:hostname}']],
    ['an unknown operator', '$a = $b -join ","', ['$a = $b+?+,']],
    ['defaults of parameters', 'param([int] $a = 5, $b)\nGet-Item', ['$a = 5', '2:Get-Item']],
    [
      'a loop',
      'foreach ($h in "a", "b")\n{\n New-Item $h\n}\nGet-Item',
      ['foreach h in (a,b)', '  3:New-Item $h', '5:Get-Item'],
    ],
    ['a function', 'function Add-It ($x) { New-Item $x }', ['function Add-It', '  1:New-Item $x']],
    [
      'a condition',
      'if ($a -eq (1)) { New-Item a } else { New-Item b }',
      [
        '1: "if" is not evaluated; its block is read once, whatever its condition.',
        'block',
        '  1:New-Item a',
        '1: "else" is not evaluated; its block is read once, whatever its condition.',
        'block',
        '  1:New-Item b',
      ],
    ],
    [
      'a counted loop',
      'for ($i=0; $i -lt $h.length; $i++) {\nNew-Item $h[$i]\n}',
      [
        '1: "for" is not evaluated; its block is read once, whatever its condition.',
        'block',
        '  2:New-Item $h[$i]',
      ],
    ],
    [
      'try',
      'try { New-Item a } catch [X] { Get-Item b } finally { }',
      ['block', '  1:New-Item a', 'block', '  1:Get-Item b', 'block'],
    ],
    ['a block', '& { New-Item a }', ['block', '  1:New-Item a']],
    ['a missing brace', 'Invoke-Command {\nNew-Item a', ['1:Invoke-Command {2:New-Item a}']],
    ['a brace too many', 'New-Item a }\n}\nGet-Item b', ['1:New-Item a', '3:Get-Item b']],
    [
      'prose',
      "Virtual Switch\n(Software Router)\nNew-Item a\n148\nIt isn't\nGet-Item b",
      [
        '1: skip Virtual Switch',
        '2: skip (Software Router)',
        '3:New-Item a',
        '4: skip 148',
        "5: skip It isn't",
        '6:Get-Item b',
      ],
    ],
  ])('%s', (_what, text, expected) => {
    expect(shown(parseScript(text))).toEqual(expected);
  });
});

describe('a command wrapped onto further lines', () => {
  const head = `${RECORD} -VirtualSubnetID 7001 -CustomerAddress 10.80.1.11 -ProviderAddress 172.20.5.11 -MACAddress 0015AA000111 -Rule`;
  const complete = `${head} TranslationMethodEncap`;

  test.each([
    ['a parameter and its value', `${complete}\n-VMName x`, `${complete} -VMName x`],
    ['several', `${complete} -VMName\n"x" -Type\nStatic`, `${complete} -VMName x -Type Static`],
    ['a value', `${head} \n"TranslationMethodEncap" -VMName x`, `${complete} -VMName x`],
    [
      'a value behind a page break',
      `${head}\n\n\n92\n\n導入例\n\n"TranslationMethodEncap"`,
      complete,
    ],
    ['with a switch', `${complete}\n-AsJob -VMName x`, `${complete} -AsJob -VMName x`],
    ['a dash', `${complete} -\nVMName x`, `${complete} -VMName x`],
    ['a variable', `${head}\n$rule`, `${head} $rule`],
  ])('takes %s', (_what, wrapped, whole) => {
    const [command] = shown(parseScript(wrapped));
    expect(command).toBe(shown(parseScript(whole))[0]);
  });

  test('needs what is missing even behind an empty line', () => {
    const text = `${RECORD} -VirtualSubnetID 7001\n\n-Rule TranslationMethodEncap`;
    expect(shown(parseScript(text))).toEqual([
      `1:${RECORD} -VirtualSubnetID 7001 -Rule TranslationMethodEncap`,
    ]);
  });

  test.each([
    ['a page number', '148'],
    ['a heading', '導入例（2）'],
    ['a value that nothing asks for', '"TranslationMethodNat"'],
    ['a parameter that is there already', '-Rule TranslationMethodNat'],
    ['a parameter of something else', '-Encryption none'],
    ['prose behind a parameter', '-VMName green-99 は任意'],
    ['an English sentence', '-VMName names the VM'],
    ['a value behind a switch', '-AsJob green'],
    ['a complete command, behind an empty line', '\n-VMName x'],
  ])('does not take %s', (_what, line) => {
    const [command, ...rest] = shown(parseScript(`${complete}\n${line}`));
    expect(command).toBe(`1:${complete}`);
    expect(rest).toEqual([expect.stringContaining('skip ') as string]);
  });

  test('does not take the lines behind a comment', () => {
    const statements = shown(parseScript(`${complete} # as on rack-a\n-VMName x`));
    expect(statements).toEqual([`1:${complete}`, '2: skip -VMName x']);
  });

  test('ends where the next command starts, in spite of a backtick or an open value', () => {
    for (const end of [' `', ' -VMName', ' -VMName "open', ' -CimSession a,'])
      expect(shown(parseScript(`${complete}${end}\nNew-Item b`)).at(-1)).toBe('2:New-Item b');
  });

  test('leaves a note on every line that it passes over', () => {
    const statements = shown(parseScript(`${head}\n\n92\n\n導入例\nTranslationMethodEncap`));
    expect(statements).toEqual([`1:${complete}`, '3: skip 92', '5: skip 導入例']);
  });
});
