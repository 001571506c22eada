import { describe, expect, test } from 'vitest';
import {
  scanHereString,
  scanString,
} from '../../../../src/policy/import-powershell/quoted-string.js';

describe('scanString', () => {
  test.each([
    ['plain', '"abc" x', 'abc', 5],
    ['single quoted', "'a$b' x", 'a$b', 5],
    ['empty', '"" x', '', 2],
    ['a doubled quote', '"a""b"', 'a"b', 6],
    ['an escaped quote, left to the expansion', '"a`"b"', 'a`"b', 6],
    ['wrapped behind a dash', '"rack-\n01" x', 'rack-01', 10],
    ['wrapped, next line indented', '"rack-\n   01"', 'rack-01', 13],
    ['wrapped inside a word', '"10.80.\n1.11"', '10.80.1.11', 13],
    ['wrapped between words', '"green \nvm"', 'green vm', 11],
    ['a blank that came with the wrap', '"rack- \n01"', 'rack-01', 11],
    ['wrapped with a backtick', '"rack-`\n01"', 'rack-01', 11],
    ['wrapped twice', '"a-\nb-\nc"', 'a-b-c', 9],
  ])('%s', (_what, text, value, length) => {
    const string = scanString(text, 0);
    expect(string).toMatchObject({ text: value, length, closed: true });
    expect(string.lines).toBe(text.slice(0, length).split('\n').length - 1);
  });

  test.each([
    ['an empty line', '"abc\n\n"'],
    ['another command', '"abc\nNew-Item "x"'],
    ['an assignment', '"abc\n$x = "x"'],
    ['a parameter', '"abc\n-Rule "x"'],
    ['too many lines', '"abc\na\nb\nc\nd"'],
    ['the end', '"abc'],
  ])('a missing closing quote before %s ends with its line', (_what, text) => {
    expect(scanString(text, 0)).toEqual({
      text: 'abc',
      expandable: true,
      closed: false,
      length: 4,
      lines: 0,
    });
  });
});

test('scanHereString', () => {
  expect(scanHereString('@"\nline 1\nline "2"\n"@ x', 0)).toEqual({
    text: 'line 1\nline "2"',
    expandable: true,
    closed: true,
    length: 21,
    lines: 3,
  });
  expect(scanHereString("@'\n'@", 0)).toMatchObject({ text: '', expandable: false, length: 5 });
  expect(scanHereString('@"\nopen', 0)).toBeUndefined();
  expect(scanHereString('@{', 0)).toBeUndefined();
});
