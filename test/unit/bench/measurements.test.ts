import { expect, test } from 'vitest';
import { createMeasurements } from '../../bench/measurements.js';

test('values are kept by subject, metric and round', () => {
  const measurements = createMeasurements();
  for (const value of [110, 90, 100]) measurements.record('routed', 'pps', value);
  for (const value of [100, 100, 50]) measurements.record('plain', 'pps', value);
  measurements.record('plain', 'tcp4', 12.345678);

  expect(measurements.samples('routed', 'pps')).toEqual([110, 90, 100]);
  expect(measurements.medians()).toEqual({
    routed: { pps: 100 },
    plain: { pps: 100, tcp4: 12.35 },
  });
  expect(measurements.spreads().routed).toEqual({ pps: { min: 90, max: 110 } });
  expect(measurements.ratio('routed', 'plain', 'pps')).toBe(1.1);
});

test('there is no ratio to what was not measured', () => {
  const measurements = createMeasurements();
  measurements.record('routed', 'pps', 1);
  expect(measurements.ratio('routed', 'plain', 'pps')).toBeUndefined();
  expect(measurements.ratio('routed', 'plain', 'tcp4')).toBeUndefined();
});
