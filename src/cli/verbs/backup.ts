import type { Command } from 'commander';
import { loadConfig } from '../../config/load.js';
import { backUpStore } from '../../policy/store-backup.js';
import type { GlobalOptions } from '../connect.js';
import type { CliIo } from '../io.js';
import { printAnswer, renderDetails } from '../output.js';

interface BackupVerbOptions extends GlobalOptions {
  readonly force?: boolean;
}

export function addBackup(program: Command, io: CliIo): void {
  program
    .command('backup')
    .description('write the whole policy, secrets included, to a file that restore can read')
    .argument('<file>', 'the backup, for its owner only (mode 0600)')
    .option('--force', 'replace a file that is there')
    .addHelpText(
      'after',
      '\nRuns on the gateway, as its user; reads the store in the state directory of the configuration.' +
        '\nThe gateway may be running: the backup holds the newest revision at that moment, whole.' +
        '\nWhat `nvgate get` and GET /v1/policy answer is no backup: secrets are left out of it.',
    )
    .action(async (file: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<BackupVerbOptions>();
      const { stateDirectory } = loadConfig(options.config);
      const force = options.force === true;
      const { revision, policy } = await backUpStore(stateDirectory, file, { force });
      const answer = { file, revision, routingDomains: policy.routingDomains.size };
      await printAnswer(io, options.output, answer, () => renderDetails(Object.entries(answer)));
    });
}
