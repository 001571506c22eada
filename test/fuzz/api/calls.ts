import { onceIn, pick, type Choices } from '../../support/choices.js';
import { BLUE, RED, type Method } from '../../unit/provider/harness.js';
import { damageJson, type Json } from './json-damage.js';

/** One call of the API. */
export interface Call {
  readonly method: Method;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** As sent. */
  readonly body?: string;
}

type Fields = Record<string, Json>;

const LISTS = ['virtualSubnets', 'lookupRecords', 'customerRoutes', 'connections'] as const;
const PATH_OF = {
  virtualSubnets: 'virtual-subnets',
  lookupRecords: 'lookup-records',
  customerRoutes: 'customer-routes',
  connections: 'connections',
} as const;
const KIND_OF = {
  virtualSubnets: 'virtualSubnet',
  lookupRecords: 'lookupRecord',
  customerRoutes: 'customerRoute',
  connections: 'connection',
} as const;
/** The fields that follow each other in an object's path. */
const NAMED_BY = {
  virtualSubnets: ['vsid'],
  lookupRecords: ['vsid', 'customerAddress'],
  customerRoutes: ['vsid', 'destinationPrefix', 'nextHop'],
  connections: ['id'],
} as const;
const QUERIES = [
  ...['', '', '', '?wait=synchronized', '?wait=x', '?timeout=0', '?limit=1', '?limit=-1&after=x'],
  ...['?after=%00', '?after=5001/192.168.1.101', '?x=1', '?limit=1&limit=2', '?__proto__=1'],
];
const IF_MATCH = ['', '', '', '', '"1"', '"0"', '*', '1', '"x"', '"99999999999999999999"', 'W/"1"'];
const CONTENT_TYPES = [
  'application/json',
  'application/x-ndjson',
  'text/plain',
  'application/json; charset=x',
];

/** A call that pushes, reads or deletes; most of what it brings is wrong somewhere. */
export function generateCall(choices: Choices, document: Json): Call {
  switch (choices.below(10)) {
    case 0:
      return pathCall(choices, pick(choices, ['GET', 'DELETE'] as const), undefined);
    case 1:
    case 2:
    case 3:
      return objectCall(choices, document);
    case 4:
    case 5:
      return changesCall(choices, document);
    default:
      return withBody(choices, 'PUT', '/v1/policy', damageJson(choices, document));
  }
}

/** PUT of one object of the document to its path. */
function objectCall(choices: Choices, document: Json): Call {
  const { path, object } = pick(choices, objectsOf(document));
  const url = onceIn(choices, 5) ? damagePath(choices, path) : path;
  return withBody(choices, 'PUT', url, damageJson(choices, object));
}

/** PATCH of several changes, as JSON or line by line. */
function changesCall(choices: Choices, document: Json): Call {
  const objects = objectsOf(document);
  const changes = Array.from({ length: 1 + choices.below(4) }, (): Json => {
    const { kind, domain, object } = pick(choices, objects);
    const change: Fields = {
      op: pick(choices, ['upsert', 'delete']),
      kind,
      ...(domain !== undefined && { routingDomainId: domain }),
      value: object,
    };
    return onceIn(choices, 3) ? change : damageJson(choices, change);
  });
  if (onceIn(choices, 2)) return withBody(choices, 'PATCH', '/v1/policy', { changes });
  const lines = changes.map((change) => damageText(choices, JSON.stringify(change)));
  return {
    method: 'PATCH',
    url: '/v1/policy',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  };
}

interface Located {
  readonly path: string;
  readonly kind: string;
  readonly domain?: string;
  readonly object: Json;
}

/** The objects of a right document, with the paths they have in the API. */
function objectsOf(document: Json): Located[] {
  const { providerAddresses, routingDomains } = document as Record<string, Fields[]>;
  const part = (value: Json | undefined): string =>
    encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value ?? ''));
  const inDomains = (routingDomains ?? []).flatMap((domain): Located[] => {
    const base = `/v1/routing-domains/${part(domain['id'])}`;
    const inLists = LISTS.flatMap((list) =>
      ((domain[list] ?? []) as Fields[]).map((object): Located => {
        const name = NAMED_BY[list].map((field) => part(object[field])).join('/');
        const path = `${base}/${PATH_OF[list]}/${name}`;
        return { path, kind: KIND_OF[list], domain: domain['id'] as string, object };
      }),
    );
    return [{ path: base, kind: 'routingDomain', object: domain }, ...inLists];
  });
  const addresses = (providerAddresses ?? []).map((object) => ({
    path: `/v1/provider-addresses/${part(object['address'])}`,
    kind: 'providerAddress',
    object,
  }));
  return [...inDomains, ...addresses];
}

const PATHS = [
  ...['policy', 'gateway', 'capabilities', 'counters', 'routing-domains', 'provider-addresses'],
  ...['provider-routes', 'provider-routes/0.0.0.0%2F0', `routing-domains/${BLUE}/virtual-subnets`],
  ...[`routing-domains/${RED}/lookup-records`, `routing-domains/${BLUE}/customer-routes/5001`],
  ...[`routing-domains/${BLUE}/connections/corp`, `routing-domains/${RED}`, 'trace', 'nowhere'],
];

function pathCall(choices: Choices, method: Method, body: Json | undefined): Call {
  const path = `/v1/${pick(choices, PATHS)}`;
  const url = (onceIn(choices, 2) ? damagePath(choices, path) : path) + pick(choices, QUERIES);
  return body === undefined ? { method, url, headers: {} } : withBody(choices, method, url, body);
}

function damagePath(choices: Choices, path: string): string {
  const at = 4 + choices.below(path.length - 3);
  const piece = pick(choices, [
    '%00',
    '%',
    '/',
    '//',
    '..',
    '%2F',
    'x',
    '0',
    '-',
    '%F0%9F',
    '~',
    '"',
  ]);
  return path.slice(0, at) + piece + path.slice(at + choices.below(3));
}

function withBody(choices: Choices, method: Method, url: string, body: Json): Call {
  const ifMatch = pick(choices, IF_MATCH);
  const text = JSON.stringify(body);
  return {
    method,
    url: onceIn(choices, 8) ? url + pick(choices, QUERIES) : url,
    headers: {
      'content-type': onceIn(choices, 20) ? pick(choices, CONTENT_TYPES) : 'application/json',
      ...(ifMatch !== '' && { 'if-match': ifMatch }),
    },
    body: onceIn(choices, 10) ? damageText(choices, text) : text,
  };
}

/** JSON with a piece of its text gone, doubled or another. */
function damageText(choices: Choices, text: string): string {
  if (!onceIn(choices, 2)) return text;
  const at = choices.below(text.length + 1);
  const piece = pick(choices, [
    '',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '\\',
    '\\u0000',
    '1e999',
    '\n',
    '\0',
  ]);
  return text.slice(0, at) + piece + text.slice(at + choices.below(4));
}
