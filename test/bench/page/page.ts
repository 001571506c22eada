import type { Report } from '../report.js';
import { figureText } from '../report-text.js';
import { barChart } from './bars.js';
import { chartsOf, type Chart } from './charts.js';
import { goalChart } from './goal-chart.js';
import { escapeText } from './markup.js';
import { STYLE } from './style.js';

/** The report as one HTML page that needs nothing else: charts first, the figures at its end. */
export function reportPage(report: Report): string {
  const { machine, goals, unavailable } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>nvgate benchmark</title><style>${STYLE}</style></head><body>
<h1>nvgate, measured</h1>
<p class="soft">${escapeText(report.began.slice(0, 16).replace('T', ' '))} UTC, ${report.seconds} s, ${report.form} form; ${machine.cpus} processors ${escapeText(machine.model)}, Linux ${escapeText(machine.kernel)}, Node ${escapeText(machine.node)}. All of one run on one machine: ratios count, not absolute figures.</p>
${cards(report)}
${Object.keys(goals).length === 0 ? '' : section('Goals', 'Right of the line: holds. One step to the edge is twice, or half, of what is asked for.', goalChart(goals))}
${chartsOf(report).map(chartSection).join('\n')}
${list('Not measured', unavailable)}
<h2>How</h2>
<p>Generator: ${escapeText(report.generator)}. Everything runs in network namespaces of one machine; ${report.rounds} rounds in which all subjects take turns; medians. Ratios are taken within each round. The file test/bench/README.md says what each figure means.</p>
<details><summary>All figures</summary><pre>${escapeText(JSON.stringify(report, null, 2))}</pre></details>
</body></html>
`;
}

/** The figures that a reader asks for first. */
const HEADLINES: Readonly<Record<string, string>> = {
  'routed.pps / plainSameHops.pps': 'of plain routing’s packets, same hops',
  'routed.pps / plain.pps': 'of plain routing’s packets, fewest hops',
  'routed.pps / vxlan.pps': 'of kernel VXLAN’s packets',
  'routed.tcp4 / plain.tcp4': 'of plain routing’s TCP, four streams',
};

function cards({ goals }: Report): string {
  const found = Object.entries(HEADLINES).flatMap(([key, text]) => {
    const goal = goals[key];
    return goal === undefined
      ? []
      : [`<div class="card"><b>${figureText(goal.value)} ×</b>${escapeText(text)}</div>`];
  });
  return found.length === 0 ? '' : `<div class="cards">${found.join('')}</div>`;
}

function chartSection({ heading, about, bars }: Chart): string {
  return section(heading, about, barChart(heading, bars));
}

function section(heading: string, about: string, figure: string): string {
  return `<h2>${escapeText(heading)}</h2><figure><figcaption>${escapeText(about)}</figcaption>${figure}</figure>`;
}

function list(heading: string, entries: Readonly<Record<string, string>>): string {
  const rows = Object.entries(entries).map(
    ([term, text]) => `<dt>${escapeText(term)}</dt><dd>${escapeText(text)}</dd>`,
  );
  return rows.length === 0 ? '' : `<h2>${escapeText(heading)}</h2><dl>${rows.join('')}</dl>`;
}
