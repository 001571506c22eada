import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hasForeignCharacters,
  normaliseCharacters,
} from '../../../../src/policy/import-powershell/characters.js';

fc.configureGlobal({ seed: 7637 });

describe('normaliseCharacters', () => {
  test.each([
    ['smart double quotes', '“a” „b‟', '"a" "b"'],
    ['smart single quotes', '‘a’', "'a'"],
    ['dashes', '–Rule —Rule −Rule －Rule', '-Rule -Rule -Rule -Rule'],
    ['blanks', 'a\u00a0b\u3000c\fd\te', 'a b c d e'],
    ['a yen sign', 'lab¥admin', 'lab\\admin'],
    ['nothing visible', '\ufeffa\u200bb\u00adc', 'abc'],
    ['line ends', 'a\r\nb\rc\nd', 'a\nb\nc\nd'],
    ['a bullet', ' • New-Item', 'New-Item'],
    ['a prompt', 'PS C:\\Users\\op> New-Item\nPS>Get-Item', 'New-Item\nGet-Item'],
    ['a continued prompt', 'New-Item `\n>> -Name x', 'New-Item `\n-Name x'],
  ])('%s', (_what, from, to) => {
    expect(normaliseCharacters(from)).toBe(to);
  });

  test('keeps Japanese text, full width punctuation of prose included', () => {
    expect(normaliseCharacters('導入例（1）：概要')).toBe('導入例（1）：概要');
  });

  test('keeps the number of lines', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const lines = text.split(/\r\n|\r|\n/).length;
        expect(normaliseCharacters(text).split('\n')).toHaveLength(lines);
      }),
    );
  });
});

test('hasForeignCharacters', () => {
  expect(hasForeignCharacters('-Rule "x" ~')).toBe(false);
  expect(hasForeignCharacters('-Rule ⇒')).toBe(true);
});
