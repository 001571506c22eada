import type { Command } from 'commander';
import { openClient, writeOptions, type GlobalOptions } from '../connect.js';
import { selectDomain } from '../domains.js';
import { UsageError } from '../failure.js';
import type { CliIo } from '../io.js';
import { findNoun, NOUNS, ROUTING_DOMAINS } from '../nouns.js';
import { printPush } from '../push-answer.js';
import { idForms } from './get.js';

interface DeleteOptions extends GlobalOptions {
  readonly routingDomain?: string;
  readonly wait?: boolean;
}

export function addDelete(program: Command, io: CliIo): void {
  program
    .command('delete')
    .description('take one object out of the policy; a routing domain with all it holds')
    .argument('<noun>', NOUNS.map((noun) => noun.name).join(', '))
    .argument('<id>', 'the whole id')
    .option('--routing-domain <id|name>', 'the routing domain that holds the object')
    .option('--wait', 'until the kernel has it')
    .addHelpText('after', idForms())
    .action(async (name: string, id: string, _: object, command: Command) => {
      const options = command.optsWithGlobals<DeleteOptions>();
      const noun = findNoun(name);
      if (id.split('/').length !== noun.idParts)
        throw new UsageError(`"${id}" is not a whole id of ${noun.name}, like ${noun.idForm}.`);
      const write = writeOptions(options);
      if (noun.scope === 'domain') {
        if (options.routingDomain === undefined)
          throw new UsageError(`name the routing domain of the ${noun.name} (--routing-domain).`);
        const client = await openClient(io, options);
        const domain = await selectDomain(client, options.routingDomain);
        const objects = noun.collection(client, domain.id);
        await printPush(io, options.output, await objects.delete(id, write));
      } else {
        const client = await openClient(io, options);
        const whole = noun.name === ROUTING_DOMAINS.name ? (await selectDomain(client, id)).id : id;
        await printPush(io, options.output, await noun.collection(client).delete(whole, write));
      }
    });
}
