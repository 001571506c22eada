import type { Client } from '../../provider/client/client.js';
import type { RoutingDomainDocument } from '../../provider/schemas.js';
import { NvgateError } from '../errors.js';
import { UsageError } from './failure.js';

/**
 * The routing domain that a person means: by its id, {braces} and capitals as they come, or by
 * its name.
 * @throws NvgateError `notFound`; UsageError where several domains have the name
 */
export async function selectDomain(client: Client, wanted: string): Promise<RoutingDomainDocument> {
  const domains = await listDomains(client);
  const id = wanted.replace(/^\{(.*)\}$/, '$1').toLowerCase();
  const byId = domains.filter((domain) => domain.id === id);
  const found = byId.length > 0 ? byId : domains.filter((domain) => domain.name === wanted);
  const [only] = found;
  if (only === undefined)
    throw new NvgateError(
      'notFound',
      `There is no routing domain "${wanted}". \`nvgate get routing-domains\` lists them.`,
    );
  if (found.length > 1)
    throw new UsageError(
      `${found.length} routing domains are called "${wanted}". Give the id: ${found.map((domain) => domain.id).join(', ')}.`,
    );
  return only;
}

export async function listDomains(client: Client): Promise<readonly RoutingDomainDocument[]> {
  const domains: RoutingDomainDocument[] = [];
  for await (const domain of client.routingDomains.all()) domains.push(domain);
  return domains;
}
