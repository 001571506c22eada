import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { shapeCheck } from '../../../provider/translate/shape.js';
import type { Problem } from '../../../src/errors.js';

const Schema = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 3, examples: ['abc'] }),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    flag: Type.Optional(Type.Boolean()),
    kind: Type.Optional(Type.Enum(['a', 'b'])),
    list: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
    size: Type.Optional(
      Type.Union([Type.Literal('auto'), Type.Integer({ minimum: 1, maximum: 9 })]),
    ),
    open: Type.Optional(Type.Object({ x: Type.Integer() })),
    either: Type.Optional(
      Type.Union(
        [
          Type.Object(
            { type: Type.Literal('x'), a: Type.String() },
            { additionalProperties: false },
          ),
          Type.Object(
            { type: Type.Literal('y'), b: Type.String() },
            { additionalProperties: false },
          ),
        ],
        { discriminator: { propertyName: 'type' } },
      ),
    ),
  },
  { additionalProperties: false },
);
const hasShape = shapeCheck(Schema);

function problemsOf(value: unknown): Record<string, string> {
  const problems: Problem[] = [];
  expect(hasShape(value, problems)).toBe(problems.length === 0);
  return Object.fromEntries(
    problems.map(({ path, code, message }) => [path, `${code}: ${message}`]),
  );
}

describe('shapeCheck', () => {
  it('says nothing of a value that fits', () => {
    expect(
      problemsOf({
        text: 'abc',
        count: 1,
        flag: false,
        kind: 'b',
        list: ['x'],
        size: 'auto',
        open: { x: 1, more: 2 },
        either: { type: 'y', b: '' },
      }),
    ).toEqual({});
  });

  it('has one problem for one mistake, and all at once', () => {
    expect(
      problemsOf({
        count: 10,
        flag: 'yes',
        kind: 'c',
        list: [],
        size: 10,
        open: { x: 1.5 },
        either: { type: 'x', b: '' },
        'a/b~': 1,
      }),
    ).toEqual({
      '/text': 'missingField: "text" is missing. Add it, for example "abc".',
      '/count': 'invalidValue: Must be in 1..9.',
      '/flag': 'invalidValue: Must be true or false.',
      '/kind': 'invalidValue: Must be one of a, b.',
      '/list': 'invalidValue: Is empty; it needs an entry.',
      '/size': 'invalidValue: Must be "auto" or a whole number in 1..9.',
      '/open/x': 'invalidValue: Must be a whole number.',
      '/either/a': 'missingField: "a" is missing. Add it.',
      '/either/b': 'unknownField: There is no field "b" here. The fields are type, a.',
      '/a~1b~0':
        'unknownField: There is no field "a/b~" here. The fields are text, count, flag, kind, list, size, open, either.',
    });
  });

  it.each([
    [null, { '': 'invalidValue: Must be an object.' }],
    [[], { '': 'invalidValue: Must be an object.' }],
    [{ text: 7 }, { '/text': 'invalidValue: Must be a string, for example "abc".' }],
    [{ text: 'long' }, { '/text': 'invalidValue: Must have 1 to 3 characters.' }],
    [{ text: 'a', list: {} }, { '/list': 'invalidValue: Must be a list.' }],
    [
      { text: 'a', either: {} },
      { '/either/type': 'missingField: "type" is missing. Add one of x, y.' },
    ],
    [
      { text: 'a', either: { type: 'z' } },
      { '/either/type': 'invalidValue: Must be one of x, y.' },
    ],
    [{ text: 'a', either: 1 }, { '/either': 'invalidValue: Has none of the forms allowed here.' }],
  ])('explains %j', (value, wanted) => {
    expect(problemsOf(value)).toEqual(wanted);
  });
});
