import { describe, expect, test } from 'vitest';
import type { ControlPlane } from '../../bench/control/figures.js';
import { FLOORS } from '../../bench/floors.js';
import { GOALS, judge } from '../../bench/goals.js';
import { createMeasurements } from '../../bench/measurements.js';

const NOTHING: ControlPlane = { records: {} };

function pushed(records: number, synchronizedSeconds: number, routingDomains = 1_000) {
  return {
    ...{ records, routingDomains, synchronizedSeconds, gaveUp: false },
    ...{ residentMegabytes: 900, residentPeakMegabytes: 1_600 },
  };
}

describe('goals of the benchmark', () => {
  test('what was not measured is not judged', () => {
    expect(judge({ measurements: createMeasurements(), controlPlane: NOTHING })).toEqual({});
  });

  test('a ratio is compared with what it is to be at least', () => {
    const measurements = createMeasurements();
    measurements.record('plain', 'pps', 100);
    measurements.record('routed', 'pps', 95);
    measurements.record('routedIn', 'pps', 94);
    expect(judge({ measurements, controlPlane: NOTHING })).toEqual({
      'routed.pps / plain.pps': { value: 0.95, unit: 'ratio', atLeast: 0.95, holds: true },
      'routedIn.pps / plain.pps': { value: 0.94, unit: 'ratio', atLeast: 0.95, holds: false },
    });
  });

  test('an initial push is the routing domains and the records; memory counts at its highest', () => {
    const records = {
      '0': pushed(0, 0.9),
      '100000': pushed(100_000, 1),
      '1000000': pushed(1e6, 21),
    };
    const judged = judge({ measurements: createMeasurements(), controlPlane: { records } });
    expect(judged).toMatchObject({
      'push of 10^5 records': { value: 1.9, holds: true },
      'push of 10^6 records': { value: 21.9, holds: false },
      'resident memory at 10^6 records': { value: 1_600, atMost: 1_536, holds: false },
    });
  });

  test('the short form’s sizes do not pass for those of the goals', () => {
    const controlPlane: ControlPlane = {
      records: { '0': pushed(0, 0.1, 10), '100000': pushed(100_000, 0.1, 10) },
      oneRecordChange: {
        ...{ records: 10_000, changes: 200, p50Milliseconds: 1, p99Milliseconds: 1 },
        ...{ pipelinedPerSecond: 9_999, eventLoopStallMilliseconds: 0 },
      },
      natNetworks: {
        ...{ networks: 20, allCarrySeconds: 1, carrying: 20, gaveUp: false },
        residentPeakMegabytes: 100,
      },
    };
    expect(judge({ measurements: createMeasurements(), controlPlane })).toEqual({});
  });

  test('keys are different, and every floor is the floor of a goal', () => {
    const keys = GOALS.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    const floors = [FLOORS.full, FLOORS.short].flatMap((form) => Object.keys(form));
    expect(floors.filter((key) => !keys.includes(key))).toEqual([]);
  });
});
