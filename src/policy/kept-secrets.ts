import { isRemote, type Connection } from '../model/connection.js';
import type { Policy } from '../model/policy.js';
import type {
  IpsecAuthentication,
  IpsecConnection,
  L2tpConnection,
  PointToPoint,
  RemoteConnection,
} from '../model/remote-connection.js';
import type { RoutingDomain } from '../model/routing-domain.js';
import { isKept, type Secret } from '../model/secret.js';
import type { Finding } from './finding.js';
import { secretsOf } from './secrets.js';

/** Puts stored secrets where a push has left them out, and remembers what it could not fill. */
export interface SecretKeeper {
  /**
   * The connection with the secrets of the stored one of its id where it has none of its own; the
   * very same object when nothing was left out. Secrets stay with their connection type and
   * authentication method: one that was chosen for another is not used.
   */
  fill(pushed: Connection, stored: Connection | undefined): Connection;
  /** One `missingSecret` for each secret left out that nothing is stored for. */
  readonly missing: readonly Finding[];
  /** Object with secrets filled in -> the object that was pushed, which findings have to name. */
  readonly origins: ReadonlyMap<object, object>;
}

export function createSecretKeeper(): SecretKeeper {
  const missing: Finding[] = [];
  const origins = new Map<object, object>();
  return {
    missing,
    origins,
    fill(pushed, stored) {
      if (!isRemote(pushed) || !secretsOf(pushed).some(({ secret }) => isKept(secret)))
        return pushed;
      const filled = fillRemote(pushed, stored);
      for (const { field, secret } of secretsOf(filled))
        if (isKept(secret))
          missing.push({
            subject: pushed,
            field,
            code: 'missingSecret',
            message: `Connection ${pushed.id} comes without this secret, and none of its type and method is stored under that name; push it with the secret.`,
          });
      origins.set(filled, pushed);
      return filled;
    },
  };
}

/** The policy with its secrets filled in from the one before; its other objects are shared. */
export function fillPolicy(pushed: Policy, before: Policy, keeper: SecretKeeper): Policy {
  const routingDomains = new Map<RoutingDomain['head']['id'], RoutingDomain>();
  let same = true;
  for (const [id, domain] of pushed.routingDomains) {
    const filled = fillDomain(domain, before.routingDomains.get(id), keeper);
    routingDomains.set(id, filled);
    same &&= filled === domain;
  }
  return same ? pushed : { ...pushed, routingDomains };
}

function fillDomain(
  pushed: RoutingDomain,
  before: RoutingDomain | undefined,
  keeper: SecretKeeper,
): RoutingDomain {
  const connections = new Map<Connection['id'], Connection>();
  let same = true;
  for (const [id, connection] of pushed.connections) {
    const filled = keeper.fill(connection, before?.connections.get(id));
    connections.set(id, filled);
    same &&= filled === connection;
  }
  return same ? pushed : { ...pushed, connections };
}

function fillRemote(pushed: RemoteConnection, stored: Connection | undefined): RemoteConnection {
  switch (pushed.type) {
    case 'ikev2':
      return stored?.type === 'ikev2' ? fillIpsec(pushed, stored) : pushed;
    case 'l2tp':
      return stored?.type === 'l2tp' ? fillLink(fillIpsec(pushed, stored), stored) : pushed;
    case 'pptp':
      return stored?.type === 'pptp' ? fillLink(pushed, stored) : pushed;
  }
}

function fillIpsec<Kind extends IpsecConnection>(pushed: Kind, stored: IpsecConnection): Kind {
  return {
    ...pushed,
    authentication: fillAuthentication(pushed.authentication, stored.authentication),
  };
}

function fillAuthentication(
  pushed: IpsecAuthentication,
  stored: IpsecAuthentication,
): IpsecAuthentication {
  if (pushed.method === 'psk')
    return stored.method === 'psk'
      ? { ...pushed, secret: either(pushed.secret, stored.secret) }
      : pushed;
  if (stored.method !== 'certificate') return pushed;
  const { credential } = pushed;
  if (!('privateKey' in credential) || !('privateKey' in stored.credential)) return pushed;
  const privateKey = either(credential.privateKey, stored.credential.privateKey);
  return { ...pushed, credential: { ...credential, privateKey } };
}

function fillLink<Kind extends Exclude<RemoteConnection, { type: 'ikev2' }>>(
  pushed: Kind,
  stored: { readonly pointToPoint: L2tpConnection['pointToPoint'] },
): Kind {
  const link: PointToPoint = pushed.pointToPoint;
  if (link.method !== stored.pointToPoint.method) return pushed;
  return {
    ...pushed,
    pointToPoint: { ...link, secret: either(link.secret, stored.pointToPoint.secret) },
  };
}

function either(pushed: Secret, stored: Secret): Secret {
  return isKept(pushed) ? stored : pushed;
}
