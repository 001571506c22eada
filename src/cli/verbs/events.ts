import type { Command } from 'commander';
import type { GatewayEvent } from '../../../provider/client/responses.js';
import { openClient, type GlobalOptions } from '../connect.js';
import { printLine, type CliIo } from '../io.js';
import { printable, type OutputFormat } from '../output.js';

interface EventsOptions extends GlobalOptions {
  readonly follow?: boolean;
}

/** Where the gateway is, it says at once; so long a pause is the end of it. */
const QUIET_MILLISECONDS = 500;

export function addEvents(program: Command, io: CliIo): void {
  program
    .command('events')
    .description('show the revision the gateway is at, and what happens from then on')
    .option('--follow', 'go on until Ctrl-C')
    .addHelpText('after', '\n-o json prints one JSON object a line, -o yaml one document each.')
    .action(async (_: object, command: Command) => {
      const options = command.optsWithGlobals<EventsOptions>();
      const client = await openClient(io, options);
      const events = client.events(
        options.follow === true ? { signal: io.interruption() } : { quiet: QUIET_MILLISECONDS },
      );
      for await (const event of events) await print(io, options.output, event);
    });
}

async function print(io: CliIo, format: OutputFormat, event: GatewayEvent): Promise<void> {
  switch (format) {
    case 'table':
      printLine(io.stdout, printable(line(event)));
      return;
    case 'json':
      printLine(io.stdout, JSON.stringify(event));
      return;
    case 'yaml': {
      const { stringify } = await import('yaml');
      io.stdout.write(`---\n${stringify(event, { lineWidth: 0 })}`);
      return;
    }
  }
}

/** `time type key=value …` */
function line({ type, data }: GatewayEvent): string {
  if (typeof data !== 'object' || data === null) return `${type} ${String(data)}`;
  const { at, ...rest } = data as Partial<Record<string, unknown>>;
  const fields = Object.entries(rest)
    .filter(([name]) => name !== 'type')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [...(typeof at === 'string' ? [at] : []), type, ...fields].join(' ');
}
