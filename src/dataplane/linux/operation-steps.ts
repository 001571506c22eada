import { unlink } from 'node:fs/promises';
import { formatIp } from '../../net/ip.js';
import type { Firewall, Link, Namespace, ProxyNeighbour } from '../kernel-object.js';
import type { Operation } from '../port.js';
import { addressSteps } from './address.js';
import { domainNamespace, linuxDevice, namespaceOf, type NetworkContext } from './context.js';
import { correctionLines, creationLines, deletionLines, replaceUnlessPair } from './link.js';
import { namespaceName, ROUTE_PROTOCOL } from './names.js';
import { isNamespace } from './netns.js';
import { routeSteps } from './route.js';
import { ruleStep } from './rule.js';
import { GONE, ip, NEVER, THERE, type Step } from './step.js';
import { sysctlPath } from './sysctl.js';
import { tunnelLinkSteps } from './tunnel-link.js';

/**
 * What an operation takes. `outside` steps are in the gateway's namespace: they come before the
 * others when a routing domain's things are made, and after them when they are removed.
 */
export interface OperationSteps {
  readonly outside: readonly Step[];
  readonly inside: readonly Step[];
}

type Action = Operation['action'];

/**
 * Nothing for the kinds that live in BPF maps.
 * @throws NvgateError `unknownInterface`
 */
export function operationSteps(context: NetworkContext, operation: Operation): OperationSteps {
  const { action, object } = operation;
  switch (object.kind) {
    case 'namespace':
      return namespaceSteps(context, action, object);
    case 'link':
      return linkSteps(context, action, object);
    case 'tunnelLink':
      return inside(tunnelLinkSteps(context, action, object));
    case 'sysctl':
      return inside(
        action === 'remove'
          ? []
          : [
              {
                tool: 'sysctl',
                namespace: namespaceOf(context, object.place),
                path: sysctlPath(context, object),
                value: object.value,
                done: NEVER,
              },
            ],
      );
    case 'address':
      return inside(addressSteps(context, action, object));
    case 'route':
      return inside(routeSteps(context, action, object));
    case 'rule':
      return inside([ruleStep(context, action, object)]);
    case 'proxyNeighbour':
      return inside([proxyStep(context, action, object)]);
    case 'firewall':
      return inside([firewallStep(context, action, object)]);
    case 'filter':
    case 'providerAddress':
    case 'virtualSubnet':
    case 'lookupRecord':
    case 'customerRoute':
    case 'providerPeer':
    case 'externalEnd':
    case 'rewrite':
    case 'providerGroup':
    case 'multicastRoute':
    case 'replication':
      return inside([]);
  }
}

function inside(steps: readonly Step[]): OperationSteps {
  return { outside: [], inside: steps };
}

function namespaceSteps(
  context: NetworkContext,
  action: Action,
  { domain }: Namespace,
): OperationSteps {
  const name = namespaceName(context.instance, domain);
  const path = domainNamespace(context, domain);
  if (action === 'remove')
    return { inside: [], outside: [ip(context.namespace, `netns del ${name}`, GONE)] };
  const removeStaleName: Step = {
    tool: 'own',
    act: async () => {
      if (!(await isNamespace(path))) await unlink(path);
    },
  };
  return {
    outside: [
      ...(action === 'change' ? [removeStaleName] : []),
      ip(context.namespace, `netns add ${name}`, THERE),
    ],
    inside: [ip(path, 'link set dev lo up')],
  };
}

function linkSteps(context: NetworkContext, action: Action, link: Link): OperationSteps {
  const path = domainNamespace(context, link.domain);
  switch (action) {
    case 'add': {
      const lines = creationLines(context, link);
      return {
        outside: lines.gateway.map((line) => ip(context.namespace, line, THERE)),
        inside: lines.domain.map((line) => ip(path, line)),
      };
    }
    case 'change': {
      const lines = correctionLines(context, link);
      return {
        outside: [
          { tool: 'own', act: () => replaceUnlessPair(context, link) },
          ...lines.gateway.map((line) => ip(context.namespace, line)),
        ],
        inside: lines.domain.map((line) => ip(path, line)),
      };
    }
    case 'remove': {
      const lines = deletionLines(context, link);
      return {
        outside: lines.gateway.map((line) => ip(context.namespace, line, GONE)),
        inside: lines.domain.map((line) => ip(path, line, GONE)),
      };
    }
  }
}

/** A proxy neighbour has our protocol number, as a route has. */
function proxyStep(context: NetworkContext, action: Action, proxy: ProxyNeighbour): Step {
  const text = `proxy ${formatIp(proxy.address)} dev ${linuxDevice(context, proxy.device)}`;
  return action === 'remove'
    ? ip(context.namespace, `neigh del ${text}`, GONE)
    : ip(context.namespace, `neigh replace ${text} protocol ${ROUTE_PROTOCOL}`);
}

/** Replaces the whole table in one transaction: no packet meets half of it. */
function firewallStep(context: NetworkContext, action: Action, { place, ruleset }: Firewall): Step {
  const table = `table inet ${context.instance}`;
  const script =
    action === 'remove' ? `delete ${table}\n` : `add ${table}\ndelete ${table}\n${ruleset}\n`;
  const namespace = namespaceOf(context, place);
  return { tool: 'nft', namespace, script, done: action === 'remove' ? GONE : NEVER };
}
