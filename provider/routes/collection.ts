import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { NvgateError, type Problem } from '../../src/errors.js';
import type { Policy } from '../../src/model/policy.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { OBJECT_BODY_LIMIT } from '../body.js';
import { policyLost } from '../../src/policy/lost-policy.js';
import type { ProviderContext } from '../context.js';
import { DEFAULT_LIMIT, PageQuerySchema, pageSchema, takePage, type PageQuery } from '../paging.js';
import { refusedDocument, refusedPath } from '../problem.js';
import { answerPush, etag, PushHeadersSchema, PushQuerySchema, type PushQuery } from '../push.js';
import { answers, pushAnswers } from '../route-schemas.js';
import { inDomain, translateDeletion, translateUpsert } from '../translate/change.js';
import { locator, type Reading } from '../translate/reading.js';
import type { Noun, Params, Scope } from './noun.js';

type ObjectRequest = FastifyRequest<{ Params: Params; Querystring: PushQuery }>;

/** Registers list, GET, PUT and DELETE of a noun. */
export function registerNoun<
  Owner,
  Domain extends RoutingDomainId | undefined,
  Identity extends object,
  Item extends Identity,
>(
  app: FastifyInstance,
  context: ProviderContext,
  scope: Scope<Owner, Domain>,
  noun: Noun<Owner, Domain, Identity, Item>,
): void {
  const listPath = `${scope.path}/${noun.path}`;
  const Name = noun.kind.charAt(0).toUpperCase() + noun.kind.slice(1);
  const tags = [noun.path];
  const params = Type.Object({ ...scope.params, ...noun.params });
  const { status } = context;

  const stateOf = (item: Item, domain: Domain): object =>
    noun.state?.(context, item, domain) ?? status.stateOf(noun.ref(item, domain));
  const withState = (item: Item, state: object): object => ({ ...noun.format(item), state });
  const identityOf = (params: Params): Identity => {
    const problems: Problem[] = [];
    const identity = noun.readIdentity(noun.keyFields(params), problems);
    if (identity === undefined) throw refusedPath(noun.title, problems);
    return identity;
  };
  const findIn = (policy: Policy, params: Params): Item => {
    const owner = scope.owner(policy, params);
    const identity = identityOf(params);
    const item = noun.find(owner, identity);
    if (item !== undefined) return item;
    const ref = noun.ref(identity, scope.domainOf(params));
    throw new NvgateError(
      'notFound',
      `There is no ${noun.title} /v1/${ref}. List them to see which there are.`,
    );
  };

  app.get<{ Params: Params; Querystring: PageQuery }>(
    listPath,
    {
      schema: {
        operationId: `list${Name}${Name.endsWith('s') ? 'es' : 's'}`,
        summary: `Lists objects: ${noun.title}`,
        tags,
        params: Type.Object(scope.params),
        querystring: PageQuerySchema,
        response: answers(pageSchema(noun.schema), [400, 401, 404]),
      },
    },
    (request, reply) => {
      const { revision, policy } = context.policy.current();
      const owner = scope.owner(policy, request.params);
      const domain = scope.domainOf(request.params);
      const { limit = DEFAULT_LIMIT, after } = request.query;
      const start = after === undefined ? undefined : identityOf(cursorParams(after));
      const page = takePage(noun.objects(owner), (a, b) => noun.compare(a, b), limit, start);
      const last = page.more ? page.items.at(-1) : undefined;
      void reply.header('etag', etag(revision));
      return {
        items: page.items.map((item) => withState(item, stateOf(item, domain))),
        ...(last !== undefined && { next: cursorOf(last, domain) }),
      };
    },
  );

  /** What follows the list's path in the object's. */
  const cursorOf = (item: Item, domain: Domain): string => {
    const list = domain === undefined ? noun.path : `routing-domains/${domain}/${noun.path}`;
    return noun.ref(item, domain).slice(list.length + 1);
  };
  const cursorParams = (cursor: string): Params => {
    const parts = cursor.split('/');
    return Object.fromEntries(Object.keys(noun.params).map((name, at) => [name, parts[at] ?? '']));
  };

  const read = async (
    request: FastifyRequest<{ Params: Params }>,
    reply: FastifyReply,
  ): Promise<object> => {
    const { revision, policy } = context.policy.current();
    const item = findIn(policy, request.params);
    void reply.header('etag', etag(revision));
    if (noun.send !== undefined) return noun.send(context, item, reply);
    const domain = scope.domainOf(request.params);
    const state = await noun.wholeState?.(context, item, domain);
    return withState(item, state ?? stateOf(item, domain));
  };

  const write = async (request: ObjectRequest, reply: FastifyReply): Promise<object> => {
    scope.owner(changeable(context.policy), request.params);
    const identity = identityOf(request.params);
    const reading: Reading = { problems: [], lists: [] };
    const part = translateUpsert(reading, '', noun.kind, request.body, context.environment);
    const named = noun.readIdentity(request.body, []);
    if (named !== undefined && noun.compare(named, identity) !== 0)
      reading.problems.push({
        path: '',
        code: 'invalidValue',
        message: `The body names another ${noun.title} than the path. Make them the same.`,
      });
    if (part === undefined || reading.problems.length > 0) throw refusedDocument(reading.problems);
    const change = inDomain(part, scope.domainOf(request.params));
    const below = locator(reading.lists);
    const whole = wholeBody(change, part.value);
    return answerPush(context, request, reply, {
      run: (options) => context.policy.change([change], options),
      locate: (subject) => (whole.has(subject) ? '' : below(subject)),
    });
  };

  const remove = async (request: ObjectRequest, reply: FastifyReply): Promise<object> => {
    findIn(changeable(context.policy), request.params);
    const part = translateDeletion(noun.kind, noun.keyFields(request.params), []);
    if (part === undefined) throw refusedPath(noun.title, []);
    const change = inDomain(part, scope.domainOf(request.params));
    return answerPush(context, request, reply, {
      run: (options) => context.policy.change([change], options),
      locate: () => undefined,
    });
  };

  const paths = [Object.keys(noun.params), ...(noun.otherParams ? [noun.otherParams] : [])];
  for (const [form, names] of paths.entries()) {
    const path = `${listPath}/${names.map((name) => `:${name}`).join('/')}`;
    const common = { tags, hide: form > 0, ...(form === 0 && { params }) };
    app.get(
      path,
      {
        schema: {
          ...common,
          operationId: `get${Name}`,
          summary: `Reads one object: ${noun.title}`,
          response: answers(noun.schema, [400, 401, 404]),
        },
      },
      read,
    );
    app.put(
      path,
      {
        bodyLimit: noun.bodyLimit ?? OBJECT_BODY_LIMIT,
        schema: {
          ...common,
          operationId: `put${Name}`,
          summary: `Makes or replaces one object: ${noun.title}`,
          headers: PushHeadersSchema,
          querystring: PushQuerySchema,
          body: noun.schema,
          response: pushAnswers(404),
        },
      },
      write,
    );
    app.delete(
      path,
      {
        schema: {
          ...common,
          operationId: `delete${Name}`,
          summary: `Deletes one object: ${noun.title}`,
          headers: PushHeadersSchema,
          querystring: PushQuerySchema,
          response: pushAnswers(404),
        },
      },
      remove,
    );
  }
}

/** @throws NvgateError `policyLost`, before anybody hears that an object is not there */
function changeable(policy: ProviderContext['policy']): Policy {
  const lost = policy.lost();
  if (lost !== undefined) throw policyLost(lost);
  return policy.current().policy;
}

/** The objects of a change that stand for the whole body. */
function wholeBody(change: object, value: object | undefined): ReadonlySet<object> {
  const whole = new Set<object>([change]);
  if (value === undefined) return whole;
  whole.add(value);
  const { head } = value as { head?: object };
  if (head !== undefined) whole.add(head);
  return whole;
}
