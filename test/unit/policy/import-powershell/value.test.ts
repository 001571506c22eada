import { describe, expect, test } from 'vitest';
import {
  addValues,
  expandText,
  readVariable,
  textValue,
  type Scope,
} from '../../../../src/policy/import-powershell/value.js';

const scope: Scope = new Map([
  ['net', textValue('10.80')],
  ['list', { kind: 'list', items: [textValue('a'), textValue('b')] }],
  [
    'table',
    { kind: 'table', entries: new Map([['vsid', { name: 'Vsid', value: textValue('7001') }]]) },
  ],
  ['iface', { kind: 'unknown', why: 'comes from a command' }],
]);

describe('expandText', () => {
  test.each([
    ['$net.1.11', '10.80.1.11'],
    ['${NET}x', '10.80x'],
    ['$($net).1', '10.80.1'],
    ['$($table.VSID)', '7001'],
    ['$($list[1])', 'b'],
    ['`$net `"x`"', '$net "x"'],
    ['$script:net', '10.80'],
    ['{no variable}', '{no variable}'],
  ])('%s', (text, expected) => {
    expect(expandText(text, scope)).toEqual(textValue(expected));
  });

  test.each(['$iface', '$nothing', '$list', '$(Get-Item x)', '$($iface.Index)'])(
    'does not guess %s',
    (text) => {
      expect(expandText(text, scope).kind).toBe('unknown');
    },
  );
});

test('readVariable', () => {
  expect(readVariable(scope, 'Table', '.VSID')).toEqual(textValue('7001'));
  expect(readVariable(scope, 'list', '[0]')).toEqual(textValue('a'));
  expect(readVariable(scope, 'True', '')).toEqual(textValue('true'));
  expect(readVariable(scope, 'list', '[7]').kind).toBe('unknown');
  expect(readVariable(scope, 'iface', '.InterfaceIndex').kind).toBe('unknown');
});

test('addValues', () => {
  const unknown = readVariable(scope, 'nothing', '');
  expect(addValues(textValue('a'), textValue('1'))).toEqual(textValue('a1'));
  expect(addValues(textValue('7000'), textValue('1'))).toEqual(textValue('7001'));
  expect(addValues({ kind: 'list', items: [textValue('a')] }, textValue('b'))).toEqual(
    readVariable(scope, 'list', ''),
  );
  expect(addValues(unknown, textValue('1'))).toBe(unknown);
  expect(addValues(textValue('1'), unknown)).toBe(unknown);
});
