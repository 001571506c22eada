import { describe, expect, test } from 'vitest';
import {
  createSource,
  nextToken,
  type Position,
  type Token,
} from '../../../../src/policy/import-powershell/token.js';

function tokens(text: string): Token[] {
  const source = createSource(text);
  const found: Token[] = [];
  let position: Position = { offset: 0, line: 1 };
  for (let count = 0; count <= text.length; count++) {
    const token = nextToken(source, position);
    if (token.kind === 'end') break;
    found.push(token);
    position = token.end;
  }
  return found;
}

/** Each token as a short text: what kind it is and what it says. */
function shown(text: string): string[] {
  return tokens(text).map((token) => {
    switch (token.kind) {
      case 'string':
        return `string ${token.text}`;
      case 'word':
      case 'punctuation':
        return token.text;
      case 'parameter':
        return `-${token.name}${token.colon ? ':' : ''}`;
      case 'variable':
        return `$${token.name}|${token.access}`;
      case 'splat':
        return `@${token.name}`;
      case 'newline':
        return token.comment ? 'end of comment' : 'newline';
      case 'cast':
      case 'redirection':
      case 'end':
        return token.kind;
    }
  });
}

describe('nextToken', () => {
  test.each<[string, string, string[]]>([
    ['words and strings', 'New-Item "a b" 10.0.0.0/8', ['New-Item', 'string a b', '10.0.0.0/8']],
    ['parameters', '-Rule x -Rule:x -5 -', ['-Rule', 'x', '-Rule:', 'x', '-5', '-']],
    [
      'variables',
      '$a $a.B.C() $a[0] ${a b} $using:a $_.X',
      ['$a|', '$a|.B.C()', '$a|[0]', '$a b|', '$a|', '$_|.X'],
    ],
    ['a number behind a variable', '$net.1', ['$net|', '.1']],
    ['a variable inside a word', '10.80.$n.1', ['10.80.$n.1']],
    ['splats and tables', '@p @{a=1;b=2}', ['@p', '@{', 'a', '=', '1', ';', 'b', '=', '2', '}']],
    ['types', '[string]$x [Parameter(Mandatory = $true)] [int[]]', ['cast', '$x|', 'cast', 'cast']],
    ['redirections', 'a > b 2>&1', ['a', 'redirection', 'b', 'redirection']],
    ['a comment', 'a # b\nc', ['a', 'end of comment', 'c']],
    ['a hash inside a word', 'a#b', ['a#b']],
    ['a block comment', 'a <# b\n# c #> d', ['a', 'd']],
    ['an open block comment', 'a <# b\nc', ['a', 'end of comment', 'c']],
    ['a backtick', 'a `\n  -b `  \n c', ['a', '-b', 'c']],
    ['an escaped blank', 'a` b', ['a b']],
    ['a wrapped word', 'rack-\n01 x', ['rack-01', 'x']],
    ['a wrapped prefix', '10.0.0.0/\n8', ['10.0.0.0/8']],
    ['a word that only ends in a dash', 'rack-\nNew-Item', ['rack-', 'newline', 'New-Item']],
    ['a wrapped parameter', 'x -\nVMName y', ['x', '-VMName', 'y']],
    ['a lone dash before a command', 'x -\nNew-Item', ['x', '-', 'newline', 'New-Item']],
  ])('%s', (_what, text, expected) => {
    expect(shown(text)).toEqual(expected);
  });

  test('knows its line behind comments, wraps and backticks', () => {
    const text = 'a <#\n\n#> b `\nc "x-\ny" d-\n1 e\nf';
    expect(tokens(text).flatMap((t) => (t.kind === 'newline' ? [] : [t.line]))).toEqual([
      1, 3, 4, 4, 5, 6, 7,
    ]);
  });
});
