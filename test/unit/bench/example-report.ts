import type { Report } from '../../bench/report.js';

/** A report with something of everything. */
export const EXAMPLE_REPORT: Report = {
  machine: {
    cpus: 2,
    model: 'A <fast> one',
    memoryGigabytes: 8,
    kernel: '6.1.0',
    node: 'v20.19.0',
  },
  ...{ form: 'full', began: '2026-11-22T10:00:00.000Z', seconds: 61, rounds: 7 },
  generator: 'live frames & more',
  results: {
    routed: { pps: 1_100_000, networks15: 9, networks15Busiest: 0.52 },
    plain: { pps: 1_000_000, roundTripLowP50: 12, roundTripLowP99: 47 },
    recordsRandom: { pps: 500_000 },
  },
  spread: { routed: { pps: { min: 900_000, max: 1_200_000 } } },
  controlPlane: {
    records: {
      '0': {
        ...{ records: 0, routingDomains: 1_000, synchronizedSeconds: 8, gaveUp: false },
        ...{ residentMegabytes: 150, residentPeakMegabytes: 180 },
      },
      '1000000': {
        ...{ records: 1_000_000, routingDomains: 1_000, synchronizedSeconds: 240, gaveUp: true },
        ...{ residentMegabytes: 1_500, residentPeakMegabytes: 2_000 },
      },
    },
  },
  goals: {
    'routed.pps / plain.pps': { value: 1.1, unit: 'ratio', atLeast: 0.95, holds: true },
    'push of 10^6 records': { value: 248, unit: 'seconds', atMost: 20, holds: false },
  },
  unavailable: { vxlan: 'no VXLAN device in this kernel\nUsage: …' },
};
