import { once } from 'node:events';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.js';
import type { GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';

export function addRun(program: Command, io: CliIo): void {
  program
    .command('run')
    .description('run the gateway until SIGTERM or SIGINT; packets go on after it ends')
    .addHelpText(
      'after',
      '\nReads the configuration named by --config; without one every key has its default.' +
        '\nLogs go to standard error.',
    )
    .action(async (_options: object, command: Command) => {
      const config = loadConfig(command.optsWithGlobals<GlobalOptions>().config);
      const stop = io.interruption();
      // Only this verb loads what the daemon is made of.
      const { startDaemon } = await import('../../daemon.js');
      const daemon = await startDaemon(config);
      if (!stop.aborted) await once(stop, 'abort');
      await daemon.stop();
    });
}
