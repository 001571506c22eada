import type { GoalResult } from './goals.js';
import { METRICS, type Metric } from './measurements.js';
import type { Report } from './report.js';
import { subjectTitle, type SubjectKey } from './subjects.js';

/** The report for a terminal. */
export function reportText(report: Report): string {
  return [
    ...Object.keys(METRICS).flatMap((metric) => metricLines(report, metric as Metric)),
    ...controlPlaneLines(report),
    ...goalLines(report.goals),
    ...Object.entries(report.unavailable).map(
      ([what, reason]) => `not measured: ${what}: ${firstLine(reason)}`,
    ),
    '',
  ].join('\n');
}

function metricLines(report: Report, metric: Metric): string[] {
  const rows = (Object.keys(report.results) as SubjectKey[]).flatMap((subject) => {
    const value = report.results[subject]?.[metric];
    if (value === undefined) return [];
    const spread = report.spread[subject]?.[metric];
    const between =
      spread === undefined ? '' : `  (${figureText(spread.min)} to ${figureText(spread.max)})`;
    return [`  ${subjectTitle(subject).padEnd(52)} ${figureText(value).padStart(11)}${between}`];
  });
  return rows.length === 0 ? [] : [METRICS[metric], ...rows, ''];
}

function controlPlaneLines({ controlPlane }: Report): string[] {
  const { records, oneRecordChange, restart, natNetworks, virtualSubnets } = controlPlane;
  const lines = [
    ...Object.values(records).map(
      (each) =>
        `  ${figureText(each.records)} records over ${figureText(each.routingDomains)} routing domains: ${each.synchronizedSeconds} s, at most ${each.residentPeakMegabytes} MB`,
    ),
    ...(oneRecordChange === undefined
      ? []
      : [
          `  one record changes: p50 ${oneRecordChange.p50Milliseconds} ms, p99 ${oneRecordChange.p99Milliseconds} ms to the packet; ${oneRecordChange.pipelinedPerSecond} changes/s`,
        ]),
    ...(restart === undefined
      ? []
      : [
          `  restart: ready after ${restart.readySeconds} s, ${restart.packetsLost} of ${figureText(restart.packetsSent)} packets lost`,
        ]),
    ...(natNetworks === undefined
      ? []
      : [
          `  ${natNetworks.carrying} of ${natNetworks.networks} VM networks with NAT carry packets after ${natNetworks.allCarrySeconds} s`,
        ]),
    ...(virtualSubnets === undefined
      ? []
      : [
          `  ${figureText(virtualSubnets.virtualSubnets)} virtual subnets: ${virtualSubnets.synchronizedSeconds} s`,
        ]),
  ];
  return lines.length === 0 ? [] : ['control plane', ...lines, ''];
}

function goalLines(goals: Report['goals']): string[] {
  const rows = Object.entries(goals).map(
    ([key, goal]) =>
      `  ${goal.holds ? 'holds' : 'NOT  '} ${key.padEnd(52)} ${figureText(goal.value).padStart(9)}  ${boundText(goal)}`,
  );
  return rows.length === 0 ? [] : ['goals', ...rows, ''];
}

/** What a goal asks for. */
export function boundText({ atLeast, atMost }: Pick<GoalResult, 'atLeast' | 'atMost'>): string {
  return atLeast === undefined
    ? `at most ${figureText(atMost ?? 0)}`
    : `at least ${figureText(atLeast)}`;
}

/** A figure as a person reads it: thousands apart, three significant digits below 100. */
export function figureText(value: number): string {
  if (!Number.isFinite(value)) return 'none';
  if (Math.abs(value) >= 100 || Number.isInteger(value))
    return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
