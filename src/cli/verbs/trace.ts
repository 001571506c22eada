import { InvalidArgumentError, Option, type Command } from 'commander';
import type { TraceAnswer, TraceQueryDocument } from '../../../provider/answer-schemas.js';
import { openClient, type GlobalOptions } from '../connect.js';
import { UsageError } from '../failure.js';
import type { CliIo } from '../io.js';
import { printable, printAnswer } from '../output.js';

interface TraceOptions extends GlobalOptions {
  readonly vsid: number;
  readonly from: string;
  readonly to: string;
  readonly protocol?: NonNullable<TraceQueryDocument['protocol']>;
  readonly port?: number;
}

export function addTrace(program: Command, io: CliIo): void {
  program
    .command('trace')
    .description('explain what would become of a packet; none is sent')
    .requiredOption('--vsid <vsid>', 'virtual subnet of the sender', wholeNumber)
    .requiredOption('--from <ca>', 'customer address of the sender')
    .requiredOption('--to <ca>', 'destination address')
    .addOption(
      new Option('--protocol <protocol>', 'what the packet carries').choices(['tcp', 'udp']),
    )
    .option('--port <port>', 'destination port', wholeNumber)
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<TraceOptions>();
      const { vsid, from, to, protocol, port } = options;
      if (port !== undefined && protocol === undefined)
        throw new UsageError('--port needs --protocol.');
      const client = await openClient(io, options);
      const trace = await client.trace({
        vsid,
        from,
        to,
        ...(protocol === undefined ? {} : { protocol }),
        ...(port === undefined ? {} : { port }),
      });
      await printAnswer(io, options.output, trace, () => lines(trace));
    });
}

/** One decision a line, the verdict last. */
function lines({ steps, outcome }: TraceAnswer): string[] {
  const width = Math.max(0, ...steps.map(({ name }) => name.length));
  const told = steps.map(({ name, sentence }, at) =>
    printable(`${at + 1}. ${name.padEnd(width)}  ${sentence}`),
  );
  const last = steps.at(-1)?.sentence === outcome.sentence ? '' : ` ${outcome.sentence}`;
  return [...told, printable(`=> ${outcome.kind} (${outcome.verdict})${last}`)];
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Must be a whole number.');
  return Number(text);
}
