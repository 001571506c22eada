import type { GoalResult } from '../goals.js';
import { boundText, figureText } from '../report-text.js';
import { coordinate, escapeText } from './markup.js';

const WIDTH = 860;
const ROW = 34;
const BAR = 14;
const LABELS = 350;
const SCALE = 250;
/** The goal itself stands here; what is twice as good, or half, at the ends. */
const GOAL_AT = LABELS + SCALE / 2;

/**
 * How far each goal is, on a scale of factors: right of the line it holds, left of it does not; the
 * ends are twice and half of what is asked for.
 */
export function goalChart(goals: Readonly<Record<string, GoalResult>>): string {
  const entries = Object.entries(goals);
  const height = entries.length * ROW + 6;
  return (
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Goals, and how far they are">` +
    entries.map(([key, goal], index) => row(key, goal, index * ROW + 8)).join('') +
    `<line class="goal" x1="${GOAL_AT}" y1="0" x2="${GOAL_AT}" y2="${height}"/></svg>`
  );
}

function row(key: string, goal: GoalResult, top: number): string {
  const end = GOAL_AT + clamp(Math.log2(factor(goal))) * (SCALE / 2);
  const [left, right] = [Math.min(GOAL_AT, end), Math.max(GOAL_AT, end)];
  const base = coordinate(top + BAR / 2 + 4);
  const text = `${figureText(goal.value)}${unitText(goal.unit)}`;
  return (
    `<g><title>${escapeText(`${key}: ${text}, ${boundText(goal)}`)}</title>` +
    `<text class="label" x="${LABELS - 10}" y="${base}">${escapeText(key)}</text>` +
    `<rect class="${goal.holds ? 'holds' : 'fails'}" x="${coordinate(left)}" y="${top}" width="${coordinate(Math.max(2, right - left))}" height="${BAR}" rx="2"/>` +
    `<text class="figure" x="${LABELS + SCALE + 12}" y="${base}">${goal.holds ? '✓' : '✗'} ${escapeText(text)}` +
    `<tspan class="note" dx="6">${escapeText(boundText(goal))}</tspan></text></g>`
  );
}

/** 2: twice as good as asked for. */
export function factor({ value, atLeast, atMost }: GoalResult): number {
  if (atLeast !== undefined) return atLeast === 0 ? 1 : value / atLeast;
  if (value === atMost) return 1;
  return value === 0 ? 2 : (atMost ?? 0) / value;
}

/** What cannot be told apart from nothing stands at the end of the scale. */
function clamp(power: number): number {
  return Number.isNaN(power) ? -1 : Math.max(-1, Math.min(1, power));
}

function unitText(unit: GoalResult['unit']): string {
  switch (unit) {
    case 'ratio':
      return '';
    case 'seconds':
      return ' s';
    case 'milliseconds':
      return ' ms';
    case 'megabytes':
      return ' MB';
    case 'packets':
      return ' packets';
    case 'per second':
      return '/s';
  }
}
