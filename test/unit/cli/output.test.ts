import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printable, renderDetails, renderTable } from '../../../src/cli/output.js';

const columns = [
  { header: 'NAME', cell: ({ name }: { name: string; n: number | undefined }) => name },
  {
    header: 'N',
    cell: ({ n }: { name: string; n: number | undefined }) => n,
    align: 'right' as const,
  },
];

it('aligns columns', () => {
  const rows = [
    { name: 'a', n: 1 },
    { name: 'longer', n: 1000 },
    { name: '', n: undefined },
  ];
  expect(renderTable(columns, rows)).toEqual([
    'NAME       N',
    'a          1',
    'longer  1000',
    '-          -',
  ]);
});

it('is only headers without rows', () => {
  expect(renderTable(columns, [])).toEqual(['NAME  N']);
});

it('counts wide characters twice', () => {
  expect(
    renderTable(columns, [
      { name: '仮想', n: 1 },
      { name: 'abcde', n: 2 },
    ]),
  ).toEqual(['NAME   N', '仮想   1', 'abcde  2']);
});

it('shows details under each other', () => {
  expect(
    renderDetails([
      ['a', 1],
      ['long label', undefined],
    ]),
  ).toEqual(['a           1', 'long label  -']);
});

it('lets nothing through that moves the cursor', () => {
  expect(printable('evil\u001b[2Jvm\r\n\u202e')).toBe('evil\ufffd[2Jvm\ufffd\ufffd\ufffd');
  fc.assert(
    fc.property(fc.array(fc.nat(0x2ff)), (codes) => {
      const text = String.fromCharCode(...codes);
      expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});

it('gives every row the same number of columns', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ name: fc.string(), n: fc.nat() })), (rows) => {
      const lines = renderTable(columns, rows);
      expect(lines).toHaveLength(rows.length + 1);
      for (const [at, line] of lines.slice(1).entries())
        expect(line.endsWith(` ${rows[at]?.n}`)).toBe(true);
    }),
  );
});
