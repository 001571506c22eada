import { printLine, type CliIo } from './io.js';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/**
 * Prints a verb's answer: for people by `table`, for programs as the value itself.
 * @param table lines without line ends
 */
export async function printAnswer(
  io: CliIo,
  format: OutputFormat,
  value: unknown,
  table: () => readonly string[],
): Promise<void> {
  switch (format) {
    case 'table':
      for (const line of table()) printLine(io.stdout, line);
      return;
    case 'json':
      printLine(io.stdout, JSON.stringify(value, null, 2));
      return;
    case 'yaml': {
      const { stringify } = await import('yaml');
      // No folding and no anchors: a line is a line, and programs read it with any YAML reader.
      io.stdout.write(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }));
      return;
    }
  }
}

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => string | number | undefined;
  /** Numbers stand under each other. */
  readonly align?: 'right';
}

/** Columns two spaces apart, as wide as their widest cell; `-` where there is no value. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => cellText(column.cell(row))));
  const widths = columns.map((column, at) =>
    cells.reduce((width, row) => Math.max(width, textWidth(row[at] ?? '')), column.header.length),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, at) => pad(text, widths[at] ?? 0, columns[at]?.align))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.header)), ...cells.map(line)];
}

/** `label  value` lines for one object. */
export function renderDetails(
  details: readonly (readonly [label: string, value: string | number | undefined])[],
): readonly string[] {
  const width = Math.max(...details.map(([label]) => label.length));
  return details.map(([label, value]) => `${label.padEnd(width)}  ${cellText(value)}`);
}

/**
 * Text as a terminal may show it: a VM's name is the tenant's, and could hold escape sequences
 * that rewrite the operator's screen.
 */
export function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}/gu, '\u{fffd}');
}

function cellText(value: string | number | undefined): string {
  return value === undefined || value === '' ? '-' : printable(String(value));
}

function pad(text: string, width: number, align: 'right' | undefined): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? fill + text : text + fill;
}

/** East Asian wide characters take two columns of a terminal. */
function textWidth(text: string): number {
  const wide = text.match(
    /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/gu,
  );
  return Array.from(text).length + (wide?.length ?? 0);
}
