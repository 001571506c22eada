import { once } from 'node:events';
import { loadObject } from '../../src/dataplane/bpf/object.js';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { Environment } from '../../src/dataplane/compile/environment.js';
import { objectKey } from '../../src/dataplane/kernel-object.js';
import { createKernelDataPlane } from '../../src/dataplane/kernel.js';
import { createLinuxNetwork } from '../../src/dataplane/linux/network.js';
import type { Policy } from '../../src/model/policy.js';
import { diffPolicies } from '../../src/policy/diff.js';
import { createPolicyService } from '../../src/policy/policy-service.js';
import { recoverPolicy } from '../../src/policy/recover-policy.js';
import { diff } from '../../src/reconcile/diff.js';
import { createReconciler } from '../../src/reconcile/loop.js';
import { NO_TUNNELS } from './no-tunnels.js';
import {
  addProviderAddress,
  addRecord,
  addRoute,
  addSubnet,
  addConnection,
  addDomain,
  BLUE,
  ENVIRONMENT,
  providerAddress,
  record,
  route,
  routed,
  subnet,
} from './policy-builder.js';
import { openPolicy } from '../../src/policy/open-policy.js';
import { EMPTY_POLICY } from '../../src/model/policy.js';

/*
 * The gateway's own parts from the store to the kernel, without what listens to others: pushes one
 * whole policy after another until it is killed. Each revision has a policy of its own.
 *
 *   push-writer STATE INSTANCE PINS
 *
 * It says `ready` and waits for a line. Then, a line each: `loaded N`, or `torn N …` where the stored
 * policy is not that of the revision; `kernel N`, or `differs N …` where the kernel could not be
 * brought to it; then `answered N` for each push that is durable.
 */

const [stateDirectory = '', instance = '', pinDirectory = ''] = process.argv.slice(2);

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const DEVICES = ['underlay', 'external'];

const KERNEL_ENVIRONMENT: Environment = {
  underlay: [{ name: 'underlay', device: 'underlay', mtu: 1500, present: true }],
  external: [{ name: 'external', device: 'external', mtu: 1500, present: true }],
  ...{ firewallTable: instance, externalGroup: 76, tunnels: new Map(), pathMtus: new Map() },
  multicastPacketsPerSecond: 0,
  shortWay: true,
};

/** Every revision moves every VM, renames it, and leads other prefixes to a router of its own. */
function policyAt(revision: number): Policy {
  if (revision === 0) return EMPTY_POLICY;
  const policy = openPolicy(EMPTY_POLICY);
  addProviderAddress(policy, providerAddress('10.1.1.40'));
  const domain = addDomain(policy, BLUE, `revision ${revision}`);
  addSubnet(domain, subnet(5001, ['192.168.1.0/24']));
  for (let vm = 0; vm < 40; vm++)
    addRecord(
      domain,
      record(5001, `192.168.1.${100 + vm}`, {
        ...{ pa: `10.1.1.${20 + ((revision + vm) % 10)}`, vmName: `revision ${revision}` },
      }),
    );
  addRoute(domain, route(5001, '192.168.1.0/24', '0.0.0.0'));
  addRoute(domain, route(5001, `10.${revision % 7}.0.0/16`, '192.168.1.100'));
  if (revision % 3 === 0) addSubnet(domain, subnet(5002, ['192.168.2.0/24']));
  if (revision % 2 === 0) addConnection(domain, routed('corp', ['192.168.101.0/24']));
  return policy;
}

async function run(): Promise<void> {
  const recovered = await recoverPolicy(stateDirectory);
  const service = await createPolicyService(recovered.store, ENVIRONMENT, recovered);
  const { revision: loaded, policy } = service.current();
  const torn = diffPolicies(policyAt(loaded), policy);
  if (recovered.lost !== undefined || torn.length > 0) {
    say(`torn ${loaded} ${JSON.stringify(torn)}`);
    return;
  }
  say(`loaded ${loaded}`);

  const dataPlane = createKernelDataPlane({
    network: createLinuxNetwork({
      ...{ instance, devices: new Map(DEVICES.map((name) => [name, name])) },
    }),
    object: loadObject({
      ...{ path: 'dist/bpf/nvgate.bpf.o', pinDirectory },
      maxEntries: { virtual_subnets: 64, lookup_records: 256, provider_peers: 256 },
    }),
    ...{ underlay: ['underlay'], external: ['external'] },
  });
  const reconciler = createReconciler({
    ...{ policy: service, dataPlane, vpn: NO_TUNNELS, intervalSeconds: 3600 },
    environment: () => Promise.resolve(KERNEL_ENVIRONMENT),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  reconciler.start();
  await reconciler.synchronized(loaded, AbortSignal.timeout(120_000));

  // A command that the process before has left running may still finish its work.
  let left: string[] = [];
  for (let look = 0; look < LOOKS; look++) {
    const observed = await dataPlane.observe('all');
    const operations = diff(compile(policy, KERNEL_ENVIRONMENT, 'all'), observed);
    left = operations.map(({ action, object }) => `${action} ${objectKey(object)}`);
    if (left.length === 0) break;
    await reconciler.reconcileNow('all');
  }
  say(left.length === 0 ? `kernel ${loaded}` : `differs ${loaded} ${left.join(', ')}`);

  for (let next = loaded + 1; ; next++) {
    const { revision } = await service.replace(policyAt(next));
    say(`answered ${revision}`);
    // The next push comes while the kernel follows, or after.
    if (next % 2 === 0) await reconciler.synchronized(next, AbortSignal.timeout(120_000));
  }
}

const LOOKS = 5;

say('ready');
process.stdin.resume();
await once(process.stdin, 'data');
await run();
process.exit(1);
