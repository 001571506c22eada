import type { FastifyReply } from 'fastify';
import { Type, type TSchema } from 'typebox';
import { NvgateError } from '../../src/errors.js';
import type { Policy } from '../../src/model/policy.js';
import type { PolicyRef } from '../../src/model/policy-ref.js';
import type { RoutingDomain } from '../../src/model/routing-domain.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import type { ChangeKind } from '../change-schemas.js';
import type { ProviderContext } from '../context.js';
import type { NounReader } from '../translate/reading.js';

/** Path parameters, decoded. */
export type Params = Readonly<Record<string, string>>;

/** What holds a noun's objects: the policy itself or a routing domain. */
export interface Scope<Owner, Domain extends RoutingDomainId | undefined> {
  /** Path of the holder, for example `/v1/routing-domains/:rdid`. */
  readonly path: string;
  readonly params: Readonly<Record<string, TSchema>>;
  /** @throws NvgateError `notFound` */
  owner(policy: Policy, params: Params): Owner;
  domainOf(params: Params): Domain;
}

export const GATEWAY_SCOPE: Scope<Policy, undefined> = {
  path: '/v1',
  params: {},
  owner: (policy) => policy,
  domainOf: () => undefined,
};

export const DOMAIN_SCOPE: Scope<RoutingDomain, RoutingDomainId> = {
  path: '/v1/routing-domains/:rdid',
  params: { rdid: Type.String({ description: 'RDID of the routing domain' }) },
  owner(policy, params) {
    const id = RoutingDomainId(params['rdid'] ?? '');
    const domain = policy.routingDomains.get(id);
    if (domain === undefined)
      throw new NvgateError(
        'notFound',
        `There is no routing domain ${id}. PUT /v1/routing-domains/${id} makes it.`,
      );
    return domain;
  },
  domainOf: (params) => RoutingDomainId(params['rdid'] ?? ''),
};

/** A noun as the API lists, reads, writes and deletes it. */
export interface Noun<Owner, Domain, Identity extends object, Item extends Identity> {
  readonly kind: ChangeKind;
  /** For people: `lookup record`. */
  readonly title: string;
  /** Path of the list below its holder. */
  readonly path: string;
  readonly schema: TSchema;
  /** Path parameters that name one object, in their order. */
  readonly params: Readonly<Record<string, TSchema>>;
  /** Another way to write them, with the prefix as one encoded part. */
  readonly otherParams?: readonly string[];
  /** The fields of a document that name the object. */
  keyFields(params: Params): object;
  readonly readIdentity: NounReader<Identity>;
  compare(a: Identity, b: Identity): number;
  objects(owner: Owner): Iterable<Item>;
  find(owner: Owner, identity: Identity): Item | undefined;
  ref(item: Identity, domain: Domain): PolicyRef;
  format(item: Item): object;
  /** The state of an object, where there is more to it than whether the kernel has it. */
  readonly state?: (context: ProviderContext, item: Item, domain: Domain) => object;
  /** As `state`, for the read of one object. */
  readonly wholeState?: (context: ProviderContext, item: Item, domain: Domain) => Promise<object>;
  /** Answers the read of one object, where that is more than `format` and the state. */
  readonly send?: (context: ProviderContext, item: Item, reply: FastifyReply) => FastifyReply;
  readonly bodyLimit?: number;
}
