import { figureText } from '../report-text.js';
import { coordinate, escapeText } from './markup.js';

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Lowest and highest of the rounds, drawn as a whisker. */
  readonly spread?: { readonly min: number; readonly max: number };
  /** A second value beyond the first, drawn lighter: p99 behind the median. */
  readonly beyond?: number;
  /** Ours; the others are what it is compared with. */
  readonly ours: boolean;
  /** Behind the figure. */
  readonly note?: string;
}

const WIDTH = 860;
const ROW = 30;
const BAR = 16;
const LABELS = 330;
const FIGURES = 200;
const SCALE = WIDTH - LABELS - FIGURES;

/** Horizontal bars on one scale from zero. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(
    ...bars.map(({ value, beyond = 0, spread }) => Math.max(value, beyond, spread?.max ?? 0)),
  );
  const height = bars.length * ROW + 6;
  const rows = bars.map((bar, index) =>
    row(bar, index * ROW + 4, longest > 0 ? SCALE / longest : 0),
  );
  return (
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(title)}">` +
    `<line class="axis" x1="${LABELS}" y1="0" x2="${LABELS}" y2="${height}"/>${rows.join('')}</svg>`
  );
}

function row(bar: Bar, top: number, pixelsPerUnit: number): string {
  const { label, value, beyond, spread, ours, note } = bar;
  const middle = top + BAR / 2;
  const width = (of: number): number => Math.max(0, of) * pixelsPerUnit;
  const kind = ours ? 'ours' : 'other';
  const end = Math.max(value, beyond ?? 0, spread?.max ?? 0);
  const figure = `${figureText(value)}${beyond === undefined ? '' : ` … ${figureText(beyond)}`}`;
  return [
    `<g><title>${escapeText(`${label}: ${figure}${note === undefined ? '' : ` (${note})`}`)}</title>`,
    `<text class="label ${kind}" x="${LABELS - 10}" y="${coordinate(middle + 4)}">${escapeText(label)}</text>`,
    beyond === undefined
      ? ''
      : `<rect class="${kind} beyond" x="${LABELS}" y="${top}" width="${coordinate(width(beyond))}" height="${BAR}" rx="2"/>`,
    `<rect class="${kind}" x="${LABELS}" y="${top}" width="${coordinate(width(value))}" height="${BAR}" rx="2"/>`,
    spread === undefined ? '' : whisker(middle, width(spread.min), width(spread.max)),
    `<text class="figure" x="${coordinate(LABELS + width(end) + 8)}" y="${coordinate(middle + 4)}">${escapeText(figure)}`,
    note === undefined ? '' : `<tspan class="note" dx="6">${escapeText(note)}</tspan>`,
    '</text></g>',
  ].join('');
}

function whisker(middle: number, from: number, to: number): string {
  const [left, right] = [coordinate(LABELS + from), coordinate(LABELS + to)];
  const [above, below] = [coordinate(middle - 4), coordinate(middle + 4)];
  return `<path class="whisker" d="M${left} ${above}V${below}M${left} ${coordinate(middle)}H${right}M${right} ${above}V${below}"/>`;
}
