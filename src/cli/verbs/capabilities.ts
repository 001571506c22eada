import type { Command } from 'commander';
import type { Capabilities } from '../../../provider/answer-schemas.js';
import { openClient, type GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';
import { printAnswer, renderDetails, renderTable, type Column } from '../output.js';

export function addCapabilities(program: Command, io: CliIo): void {
  program
    .command('capabilities')
    .description('show what the gateway supports now, and why it does not support the rest')
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const client = await openClient(io, options);
      const capabilities = await client.capabilities();
      await printAnswer(io, options.output, capabilities, () => lines(capabilities));
    });
}

function lines({ unavailable, insecure, ...supported }: Capabilities): string[] {
  const details = Object.entries(supported).map(
    ([name, value]) => [name, valueText(value)] as const,
  );
  const { allowed, ...weak } = insecure;
  const weakColumns: readonly Column<[string, unknown]>[] = [
    { header: allowed ? 'INSECURE, ALLOWED' : 'INSECURE, REFUSED', cell: ([name]) => name },
    { header: 'VALUES', cell: ([, value]) => valueText(value) },
  ];
  const table = [...renderDetails(details), '', ...renderTable(weakColumns, Object.entries(weak))];
  if (unavailable.length === 0) return table;
  return [...table, '', ...renderTable(UNAVAILABLE_COLUMNS, unavailable)];
}

const UNAVAILABLE_COLUMNS: readonly Column<Capabilities['unavailable'][number]>[] = [
  { header: 'NOT AVAILABLE', cell: ({ feature }) => feature },
  { header: 'REASON', cell: ({ reason }) => reason },
];

/** A newer gateway may say more than this CLI knows of, so values are shown by their form. */
function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.map(valueText).join(' ');
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return JSON.stringify(value);
  if ('min' in value && 'max' in value) return `${valueText(value.min)}..${valueText(value.max)}`;
  return Object.entries(value)
    .map(([name, item]) => `${name}=${valueText(item)}`)
    .join(' ');
}
