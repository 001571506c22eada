import { readFileSync } from 'node:fs';
import { peerName } from '../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { pick, type Choices } from '../support/choices.js';
import { CHARON, pidsOf } from '../support/gateway-charon.js';
import { deleteMapEntry, mapEntries } from '../support/kernel-snapshot.js';
import { sleep, tryRun } from '../support/process.js';
import { RED_ADDRESSES, VICTIMS, type Scene, type Victim } from './scene.js';

/**
 * Something bad that happens to the gateway. What it is aimed at may not be there: another strike
 * may have been faster.
 */
export interface Strike {
  readonly name: string;
  readonly make: (scene: Scene, choices: Choices) => Promise<void>;
}

const DEVICES = ['vnet', 'ext'] as const;

/** A strike at one of the victims, by a line for `ip` in its namespace. */
function inside(name: string, line: (choices: Choices) => string): Strike {
  return {
    name,
    async make({ domain }, choices) {
      const { path } = domain(pick(choices, VICTIMS));
      await quietly('nsenter', [`--net=${path}`, 'ip', ...line(choices).split(' ')]);
    },
  };
}

/** A strike in the gateway's namespace, at what only one of the victims uses. */
function outside(
  name: string,
  command: (context: OutsideContext) => readonly [string, ...string[]],
): Strike {
  return {
    name,
    async make({ lab }, choices) {
      const victim = pick(choices, VICTIMS);
      const domain = RoutingDomainId(lab.tenant(victim).routingDomain);
      const { instance } = lab.gateway;
      const peer = peerName(instance, domain, pick(choices, DEVICES));
      const address = pick(choices, RED_ADDRESSES);
      const [program, ...args] = command({ instance, peer, address });
      await quietly(program, args, lab.namespace.path);
    },
  };
}

interface OutsideContext {
  readonly instance: string;
  readonly peer: string;
  readonly address: string;
}

async function quietly(
  program: string,
  args: readonly string[],
  namespace?: string,
): Promise<void> {
  if (namespace === undefined) await tryRun(program, args);
  else await tryRun('nsenter', [`--net=${namespace}`, program, ...args]);
}

function netfilter(verb: 'delete' | 'flush'): Strike {
  return {
    name: `${verb} the nft table of a VM network`,
    async make({ domain, lab }, choices) {
      const { path } = domain(pick(choices, VICTIMS));
      await quietly('nft', [`${verb} table inet ${lab.gateway.instance}`], path);
    },
  };
}

/** The first four bytes of a key in which a map names a routing domain, or a VSID. */
const KEY_OFFSET = { virtual_subnets: 0, lookup_records: 0, provider_peers: 0, customer_routes: 4 };

const loseMapEntry: Strike = {
  name: 'delete an entry of a BPF map',
  async make(scene, choices) {
    const { gateway } = scene.lab;
    const map = pick(choices, [
      'virtual_subnets',
      'lookup_records',
      'provider_peers',
      'customer_routes',
    ] as const);
    const victim = pick(choices, VICTIMS);
    const number =
      map === 'virtual_subnets' ? scene.lab.tenant(victim).vsid : await vnetIndex(scene, victim);
    const entries = (await mapEntries(gateway, map)).filter(({ key }) => {
      const bytes = Buffer.from(key.map((byte) => Number(byte)));
      // The family is a flag beside the routing domain (DOMAIN_IPV4 in maps.h).
      return (bytes.readUInt32LE(KEY_OFFSET[map]) & 0x7fffffff) === number;
    });
    if (entries.length === 0) return;
    // Somebody, perhaps the gateway, may have deleted it meanwhile.
    await deleteMapEntry(gateway, map, pick(choices, entries)).catch(() => undefined);
  },
};

async function vnetIndex({ lab }: Scene, victim: Victim): Promise<number | undefined> {
  const domain = RoutingDomainId(lab.tenant(victim).routingDomain);
  const name = peerName(lab.gateway.instance, domain, 'vnet');
  const { stdout } = await tryRun('nsenter', [
    ...[`--net=${lab.namespace.path}`, 'ip', '-j', 'link', 'show', 'dev', name],
  ]);
  return stdout.trim() === ''
    ? undefined
    : (JSON.parse(stdout) as { ifindex: number }[])[0]?.ifindex;
}

const loseNamespace: Strike = {
  name: 'delete the namespace of a VM network',
  async make({ domain }, choices) {
    await quietly('ip', ['netns', 'del', domain(pick(choices, VICTIMS)).name]);
  },
};

const killDaemon: Strike = {
  name: 'kill the daemon, and start it again after a while',
  async make({ lab }, choices) {
    const away = choices.below(1_500);
    await lab.gateway.stop('SIGKILL');
    await sleep(away);
    await lab.gateway.start();
  },
};

const killCharon: Strike = {
  name: 'kill a charon',
  async make({ domain }) {
    for (const pid of await pidsOf(domain('red'), CHARON)) kill(pid);
  },
};

/** So long one of the daemon's commands is waited for; most of the time there is none. */
const COMMAND_TRIES = 200;

const killCommand: Strike = {
  name: 'kill a command that the daemon runs',
  async make({ lab }) {
    for (let tries = 0; tries < COMMAND_TRIES; tries++) {
      const [pid] = childrenOf(lab.gateway.pid()).filter((child) => !isCharon(child));
      if (pid !== undefined) {
        kill(pid);
        return;
      }
      await sleep(5);
    }
  },
};

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return []; // It has ended.
  }
}

function isCharon(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('charon');
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

const push: Strike = {
  name: 'push another policy',
  async make({ controller, others }, choices) {
    // It may be dead. Then nothing was pushed, or it was before the answer.
    await controller.client.replacePolicy(pick(choices, others)).catch(() => undefined);
  },
};

const stopForwarding: Strike = {
  name: 'turn forwarding off in a VM network',
  async make({ domain }, choices) {
    const { path } = domain(pick(choices, VICTIMS));
    await quietly('sh', ['-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward'], path);
  },
};

/** What only a gateway notices that looks by itself: nobody pushes, and it is not started again. */
export const DAMAGES: readonly Strike[] = [
  ...[killCharon, killCommand, loseNamespace, loseMapEntry, loseMapEntry],
  ...[netfilter('delete'), netfilter('flush')],
  inside('delete the routes of a VM network', () => 'route flush proto 76'),
  inside(
    'replace a route of a VM network',
    () => 'route replace 192.168.1.0/24 dev vnet proto 186',
  ),
  inside('delete the rules of a VM network', () => 'rule flush protocol 76'),
  inside(
    'delete the addresses of a device',
    (choices) => `addr flush dev ${pick(choices, DEVICES)}`,
  ),
  inside('set a device down', (choices) => `link set ${pick(choices, DEVICES)} down`),
  inside('change an MTU', (choices) => `link set ${pick(choices, DEVICES)} mtu 1300`),
  inside('delete a link from inside', (choices) => `link del ${pick(choices, DEVICES)}`),
  outside('delete a link from outside', ({ peer }) => ['ip', 'link', 'del', peer]),
  outside('delete a TC filter', ({ peer }) => [
    ...(['tc', 'filter', 'del', 'dev', peer, 'ingress', 'prio', '7637'] as const),
  ]),
  outside('delete all filters of a device', ({ peer }) => [
    ...(['tc', 'qdisc', 'del', 'dev', peer, 'clsact'] as const),
  ]),
  outside('delete a route to an external address', ({ address }) => [
    'ip',
    'route',
    'del',
    address,
  ]),
  outside('delete a proxy neighbour', ({ address }) => [
    ...(['ip', 'neigh', 'del', 'proxy', address, 'dev', 'external'] as const),
  ]),
  outside('delete the gateway’s nft table', ({ instance }) => [
    ...(['nft', `delete table inet ${instance}`] as const),
  ]),
  stopForwarding,
];

/** Each as likely as the others; what is there more than once, more often. */
export const STRIKES: readonly Strike[] = [push, push, push, killDaemon, ...DAMAGES];
