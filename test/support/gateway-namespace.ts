import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import type { NetworkContext } from '../../src/dataplane/linux/context.js';
import { namespaceName } from '../../src/dataplane/linux/names.js';
import type { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { createNamespace, foreignNamespace, ip, type Namespace } from './namespace.js';
import { atExit, OWNER_TAG } from './process-owner.js';
import { connect } from './topology.js';

/** A namespace that plays the gateway's, one external device in it, and a host on that one's wire. */
export interface GatewayNamespace {
  readonly namespace: Namespace;
  readonly context: NetworkContext;
  /** 203.0.113.100 and 2001:db8::100 */
  readonly outside: Namespace;
  domainNamespace(domain: RoutingDomainId): Namespace;
  /** Removes all of it, the routing domains' namespaces included. */
  remove(): void;
}

let serial = 0;

/** The external device is configured as `external` and has 203.0.113.1/24 and 2001:db8::1/64. */
export async function createGatewayNamespace(): Promise<GatewayNamespace> {
  const instance = `${OWNER_TAG}-gw${(serial += 1)}`;
  const namespace = await createNamespace(`${serial}gateway`);
  const outside = await createNamespace(`${serial}outside`);
  await connect(
    { namespace, device: 'wan0', addresses: ['203.0.113.1/24', '2001:db8::1/64'] },
    { namespace: outside, device: 'eth0', addresses: ['203.0.113.100/24', '2001:db8::100/64'] },
  );
  await ip(outside, 'route add 192.168.9.0/24 via 203.0.113.1');
  const removeDomains = (): void => {
    for (const name of readdirSync('/run/netns').filter((each) => each.startsWith(`${instance}-`)))
      spawnSync('ip', ['netns', 'delete', name]);
  };
  const forget = atExit(removeDomains);
  return {
    namespace,
    outside,
    context: { instance, namespace: namespace.path, devices: new Map([['external', 'wan0']]) },
    domainNamespace: (domain) => foreignNamespace(namespaceName(instance, domain)),
    remove: () => {
      removeDomains();
      forget();
      namespace.remove();
      outside.remove();
    },
  };
}
