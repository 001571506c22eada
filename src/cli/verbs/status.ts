import type { Command } from 'commander';
import type { GatewayAnswer } from '../../../provider/answer-schemas.js';
import { openClient, type GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';
import { printAnswer, renderDetails, renderTable, type Column } from '../output.js';

export function addStatus(program: Command, io: CliIo): void {
  program
    .command('status')
    .description('show how the gateway is and how far the kernel is with the policy')
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const client = await openClient(io, options);
      const gateway = await client.gateway();
      await printAnswer(io, options.output, gateway, () => lines(gateway));
    });
}

function lines(gateway: GatewayAnswer): string[] {
  const { reconcile, counts } = gateway;
  const details: [string, string | number | undefined][] = [
    ['gateway', `${gateway.name} (nvgate ${gateway.version})`],
    ['health', gateway.health],
    ['uptime', durationText(gateway.uptimeSeconds)],
    ['revision', gateway.revision],
    ['in kernel', `revision ${reconcile.revision}`],
    ['last comparison', reconcile.lastRunAt],
    ['repairs', reconcile.repairs],
    ...Object.entries(counts),
    ['tunnels', tunnelsText(gateway.tunnels)],
  ];
  const { failures } = reconcile;
  return [
    ...renderDetails(details),
    ...section(FAILURE_COLUMNS, failures),
    ...section(PATH_MTU_COLUMNS, gateway.pathMtus),
    ...section(PEER_PROBLEM_COLUMNS, gateway.peerProblems.slice(0, SHOWN_PROBLEMS)),
    ...(gateway.peerProblems.length > SHOWN_PROBLEMS
      ? [`… and more: -o json and the metric nvgate_peer_malformed_total have them all`]
      : []),
  ];
}

/** Those heard of last. */
const SHOWN_PROBLEMS = 10;

/** Nothing where there are no rows. */
function section<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] {
  return rows.length === 0 ? [] : ['', ...renderTable(columns, rows)];
}

type Failure = GatewayAnswer['reconcile']['failures'][number];

const FAILURE_COLUMNS: readonly Column<Failure>[] = [
  { header: 'FAILED', cell: ({ ref }) => ref ?? 'gateway' },
  { header: 'REASON', cell: ({ reason }) => reason },
];

type PathMtu = GatewayAnswer['pathMtus'][number];

const PATH_MTU_COLUMNS: readonly Column<PathMtu>[] = [
  { header: 'PATH TO', cell: ({ providerAddress }) => providerAddress },
  { header: 'MTU', cell: ({ mtu }) => mtu, align: 'right' },
  { header: 'INNER MTU', cell: ({ innerMtu }) => innerMtu, align: 'right' },
  { header: 'SAID BY', cell: ({ router }) => router },
  { header: 'AT', cell: ({ learnedAt }) => learnedAt },
];

type PeerProblem = GatewayAnswer['peerProblems'][number];

const PEER_PROBLEM_COLUMNS: readonly Column<PeerProblem>[] = [
  { header: 'BROKEN PEER', cell: ({ providerAddress }) => providerAddress },
  { header: 'PACKETS', cell: ({ packets }) => packets, align: 'right' },
  { header: 'LAST AT', cell: ({ lastSeenAt }) => lastSeenAt },
  {
    header: 'WHAT IT DOES, AND WHAT TO DO',
    cell: ({ description, advice }) => `${description}. ${advice}`,
  },
];

/** `98 up, 2 down (1 connecting, 1 failed)` */
function tunnelsText({ connected, ...others }: GatewayAnswer['tunnels']): string {
  const down = Object.entries(others).filter(([, count]) => count > 0);
  const total = down.reduce((sum, [, count]) => sum + count, 0);
  const states = down.map(([state, count]) => `${count} ${state}`).join(', ');
  return `${connected} up, ${total} down${states === '' ? '' : ` (${states})`}`;
}

function durationText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3_600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  // Two units say enough.
  return (first < 0 ? parts.slice(-1) : parts.slice(first, first + 2))
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
