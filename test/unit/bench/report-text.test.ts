import { describe, expect, test } from 'vitest';
import { boundText, figureText, reportText } from '../../bench/report-text.js';
import { EXAMPLE_REPORT } from './example-report.js';

describe('the report for a terminal', () => {
  const lines = reportText(EXAMPLE_REPORT).split('\n');

  test('shows a figure with its spread under what is measured', () => {
    const at = lines.indexOf('small packets per second');
    expect(lines[at + 1]).toMatch(/^ {2}nvgate, routed +1,100,000 {2}\(900,000 to 1,200,000\)$/);
  });

  test('shows each goal, and says plainly which does not hold', () => {
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}holds routed\.pps .* at least 0\.95$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}NOT {3}push of 10\^6 .* at most 20$/));
  });

  test('names what was not measured, in one line', () => {
    expect(lines).toContain('not measured: vxlan: no VXLAN device in this kernel');
  });
});

test('figures as a person reads them', () => {
  expect([1_234_567, 123.4, 12.345, 0.98765, 2_000, 0].map(figureText)).toEqual([
    ...['1,234,567', '123', '12.3', '0.988', '2,000', '0'],
  ]);
  expect(figureText(Number.NaN)).toBe('none');
  expect(boundText({ atMost: 0 })).toBe('at most 0');
});
