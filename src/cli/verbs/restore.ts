import type { Command } from 'commander';
import { loadConfig } from '../../config/load.js';
import { restoreStore } from '../../policy/store-backup.js';
import type { GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';
import { printAnswer, renderDetails } from '../output.js';

interface RestoreVerbOptions extends GlobalOptions {
  readonly force?: boolean;
}

export function addRestore(program: Command, io: CliIo): void {
  program
    .command('restore')
    .description('bring back a backup while the gateway is stopped; packets go on meanwhile')
    .argument('<file>', 'what `nvgate backup` has written')
    .option('--force', 'replace a policy that is there; it is kept under another name')
    .addHelpText(
      'after',
      '\nRuns on the gateway, as its user: stop it, restore, start it. What is in the kernel goes on' +
        '\nforwarding; when the gateway starts, it changes only what differs from the backup.' +
        '\nThe file is checked first, and refused when it is damaged. The revision is that of the' +
        '\nbackup: a controller that pushes with If-Match has to read the policy again.',
    )
    .action(async (file: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<RestoreVerbOptions>();
      const { stateDirectory } = loadConfig(options.config);
      const force = options.force === true;
      const { snapshot, keptAs } = await restoreStore(stateDirectory, file, { force });
      const answer = {
        ...{ stateDirectory, revision: snapshot.revision },
        routingDomains: snapshot.policy.routingDomains.size,
        ...(keptAs !== undefined && { keptAs }),
      };
      await printAnswer(io, options.output, answer, () => renderDetails(Object.entries(answer)));
    });
}
