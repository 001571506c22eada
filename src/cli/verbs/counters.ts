import type { Command } from 'commander';
import type { CountersAnswer } from '../../../provider/answer-schemas.js';
import { openClient, type GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';
import { printAnswer, renderTable, type Column } from '../output.js';
import { wholeNumber } from './trace.js';

interface CountersOptions extends GlobalOptions {
  readonly vsid?: number;
  readonly dropped?: boolean;
}

export function addCounters(program: Command, io: CliIo): void {
  program
    .command('counters')
    .description('show what became of the packets, by virtual subnet and verdict')
    .option('--vsid <vsid>', 'only this virtual subnet; 0 is packets that named none', wholeNumber)
    .option('--dropped', 'only packets that were dropped')
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<CountersOptions>();
      const client = await openClient(io, options);
      const counters = (await client.counters()).filter(
        ({ vsid, kind }) =>
          (options.vsid === undefined || vsid === options.vsid) &&
          (options.dropped !== true || kind === 'dropped'),
      );
      await printAnswer(io, options.output, { counters }, () => renderTable(COLUMNS, counters));
    });
}

const COLUMNS: readonly Column<CountersAnswer['counters'][number]>[] = [
  { header: 'VSID', cell: ({ vsid }) => (vsid === 0 ? undefined : vsid), align: 'right' },
  { header: 'KIND', cell: ({ kind }) => kind },
  { header: 'VERDICT', cell: ({ verdict }) => verdict },
  { header: 'PACKETS', cell: ({ packets }) => packets, align: 'right' },
  { header: 'BYTES', cell: ({ bytes }) => bytes, align: 'right' },
  { header: 'DESCRIPTION', cell: ({ description }) => description },
];
