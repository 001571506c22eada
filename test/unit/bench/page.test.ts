import { describe, expect, test } from 'vitest';
import { barChart } from '../../bench/page/bars.js';
import { factor, goalChart } from '../../bench/page/goal-chart.js';
import { reportPage } from '../../bench/page/page.js';
import { EXAMPLE_REPORT } from './example-report.js';

const widthsIn = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="\w+" x="330"[^>]* width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );

describe('the page of a report', () => {
  const page = reportPage(EXAMPLE_REPORT);

  test('needs nothing from elsewhere and runs no program', () => {
    expect(page).not.toMatch(/<script|<link|<img|src=|href=|url\(|@import|https?:/);
  });

  test('is well-formed: every element that is opened is closed', () => {
    const open: string[] = [];
    const tags = page.matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*?)(\/?)>/g);
    for (const [, end, name = '', , alone] of tags) {
      if (alone === '/' || name === 'meta') continue;
      if (end === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  test('shows what the machine calls itself as text', () => {
    expect(page).toContain('A &lt;fast&gt; one');
    expect(page).not.toContain('<fast>');
    expect(page).toContain('live frames &amp; more');
  });

  test('leaves charts out that have no bars', () => {
    expect(page).toContain('<h2>Small packets per second</h2>');
    expect(page).not.toContain('<h2>Four TCP streams</h2>');
  });

  test('says what was not measured and where a measurement gave up', () => {
    expect(page).toContain('<dt>vxlan</dt><dd>no VXLAN device in this kernel');
    expect(page).toContain('gave up');
  });
});

describe('bars', () => {
  test('are as long as their values, the whisker of the longest included', () => {
    const svg = barChart('rates', [
      { label: 'a', value: 100, spread: { min: 50, max: 200 }, ours: true },
      { label: 'b', value: 200, ours: false },
      { label: 'c', value: 0, ours: false },
    ]);
    const [a = 0, b = 0, c = 0] = widthsIn(svg);
    expect(b).toBeCloseTo(2 * a, 0);
    expect(c).toBe(0);
    expect(svg.match(/class="whisker"/g)).toHaveLength(1);
  });

  test('without any value draw nothing that is not a number', () => {
    expect(barChart('nothing', [{ label: 'a', value: 0, ours: true }])).not.toContain('NaN');
  });
});

describe('goals as a chart', () => {
  const ratio = { unit: 'ratio', holds: true } as const;

  test('a goal with an upper bound is the better the smaller its value', () => {
    expect(factor({ ...ratio, value: 2, atLeast: 1 })).toBe(2);
    expect(factor({ ...ratio, value: 40, atMost: 20 })).toBe(0.5);
    expect(factor({ ...ratio, value: 0, atMost: 0 })).toBe(1);
    expect(factor({ ...ratio, value: 3, atMost: 0 })).toBe(0);
    expect(factor({ ...ratio, value: 0, atMost: 6 })).toBe(2);
  });

  test('what is far off stays on the scale', () => {
    const svg = goalChart({
      far: { ...ratio, value: 1e9, atLeast: 1 },
      lost: { unit: 'packets', value: 7, atMost: 0, holds: false },
      none: { ...ratio, value: Number.NaN, atLeast: 1, holds: false },
    });
    expect(svg).not.toMatch(/NaN"|Infinity/);
    for (const [, width] of svg.matchAll(/width="([\d.]+)" height/g))
      expect(Number(width)).toBeLessThanOrEqual(125);
  });
});
