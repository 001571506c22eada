import type { Command } from 'commander';
import type { Client } from '../../../provider/client/client.js';
import type { Collection } from '../../../provider/client/collection.js';
import type { RoutingDomainDocument } from '../../../provider/schemas.js';
import { NvgateError } from '../../errors.js';
import { openClient, type GlobalOptions } from '../connect.js';
import { listDomains, selectDomain } from '../domains.js';
import { UsageError } from '../failure.js';
import type { CliIo } from '../io.js';
import {
  findNoun,
  NOUNS,
  ROUTING_DOMAINS,
  type AnyDomainNoun,
  type AnyGatewayNoun,
} from '../nouns.js';
import { printAnswer, renderTable, type Column } from '../output.js';

interface GetOptions extends GlobalOptions {
  readonly routingDomain?: string;
}

export function addGet(program: Command, io: CliIo): void {
  program
    .command('get')
    .description('show objects of the policy and their state')
    .argument('<noun>', NOUNS.map((noun) => noun.name).join(', '))
    .argument('[id]', 'one object, or the first parts of its id: 5001 is all of VSID 5001')
    .option('--routing-domain <id|name>', 'only what this routing domain holds')
    .addHelpText('after', idForms() + '\n-o yaml and -o json print a policy that `apply` can read.')
    .action(async (name: string, id: string | undefined, _: object, command: Command) => {
      const options = command.optsWithGlobals<GetOptions>();
      const noun = findNoun(name);
      const client = await openClient(io, options);
      if (noun.scope === 'domain') await getFromDomains(io, options, client, noun, id);
      else await getFromGateway(io, options, client, noun, id);
    });
}

export function idForms(): string {
  const width = Math.max(...NOUNS.map((noun) => noun.name.length));
  const lines = NOUNS.map((noun) => `  ${noun.name.padEnd(width)}  ${noun.idForm}`);
  return `\nIds:\n${lines.join('\n')}`;
}

async function getFromGateway(
  io: CliIo,
  options: GetOptions,
  client: Client,
  noun: AnyGatewayNoun,
  id: string | undefined,
): Promise<void> {
  const domains = noun.name === ROUTING_DOMAINS.name;
  if (!domains && options.routingDomain !== undefined)
    throw new UsageError(`${noun.name} belong to no routing domain. Leave --routing-domain out.`);
  const items: object[] = [];
  const wanted = id ?? options.routingDomain;
  if (domains && wanted !== undefined) items.push(await selectDomain(client, wanted));
  else for await (const item of find(noun, noun.collection(client), id)) items.push(item);
  if (items.length === 0 && id !== undefined) throw notFound(noun, id);

  // A list shows what domains say of themselves; a document is to hold all of them.
  const whole = domains && options.output !== 'table';
  const listed = whole ? await Promise.all(items.map((item) => wholeDomain(client, item))) : items;
  const document = { apiVersion: 'nvgate/v1', [noun.list]: listed };
  await printAnswer(io, options.output, document, () => renderTable(noun.columns, items));
}

function wholeDomain(client: Client, item: object): Promise<object> {
  return client.routingDomains.get((item as RoutingDomainDocument).id);
}

interface Row {
  readonly domain: RoutingDomainDocument;
  readonly item: object;
}

async function getFromDomains(
  io: CliIo,
  options: GetOptions,
  client: Client,
  noun: AnyDomainNoun,
  id: string | undefined,
): Promise<void> {
  const rows: Row[] = [];
  const domains =
    options.routingDomain === undefined
      ? await listDomains(client)
      : [await selectDomain(client, options.routingDomain)];
  for (const domain of domains)
    for await (const item of find(noun, noun.collection(client, domain.id), id))
      rows.push({ domain, item });
  if (rows.length === 0 && id !== undefined) throw notFound(noun, id);

  const columns: Column<Row>[] = [
    { header: 'ROUTING DOMAIN', cell: ({ domain }) => domain.name ?? domain.id },
    ...noun.columns.map((column) => ({
      ...column,
      cell: ({ item }: Row) => column.cell(item),
    })),
  ];
  await printAnswer(io, options.output, policyDocument(noun, rows), () =>
    renderTable(columns, rows),
  );
}

function policyDocument(noun: AnyDomainNoun, rows: readonly Row[]): object {
  const held = new Map<RoutingDomainDocument, object[]>();
  for (const { domain, item } of rows) {
    const items = held.get(domain);
    if (items === undefined) held.set(domain, [item]);
    else items.push(item);
  }
  return {
    apiVersion: 'nvgate/v1',
    routingDomains: Array.from(held, ([{ id, name, providerAddress }, items]) => ({
      id,
      ...(name === undefined ? {} : { name }),
      ...(providerAddress === undefined ? {} : { providerAddress }),
      [noun.list]: items,
    })),
  };
}

/** The object that the id names, or all objects whose id begins with its parts. */
async function* find(
  noun: AnyGatewayNoun | AnyDomainNoun,
  objects: Collection<object>,
  id: string | undefined,
): AsyncGenerator<object, void, undefined> {
  if (id === undefined) {
    yield* objects.all();
  } else if (id.split('/').length >= noun.idParts) {
    const item = await objects.get(id).catch(absent);
    if (item !== undefined) yield item;
  } else
    for await (const item of objects.all()) if (noun.idOf(item).startsWith(`${id}/`)) yield item;
}

function absent(error: unknown): undefined {
  if (error instanceof NvgateError && error.code === 'notFound') return undefined;
  throw error;
}

function notFound(noun: AnyGatewayNoun | AnyDomainNoun, id: string): NvgateError {
  return new NvgateError(
    'notFound',
    `There are no ${noun.name} ${id}. \`nvgate get ${noun.name}\` lists those there are.`,
  );
}
