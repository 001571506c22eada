import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { CHARON, pidsOf } from '../support/gateway-charon.js';
import { gatewayNamespaces } from '../support/gateway-instance.js';
import { foreignNamespace } from '../support/namespace.js';
import { expectAnswers } from '../support/ping.js';
import { eventually, sleep } from '../support/process.js';
import { reaches } from '../support/vpn-lab.js';
import { VICTIMS, WITNESSES, type Scene } from './scene.js';

/** What was struck again and again is contested: up to five minutes pass before it is mended. */
const SETTLED_WITHIN = 420_000;
/** Of which the first may have begun too early. */
const LOOKS = 4;
/** A tunnel is called again with a growing pause. */
const UP_WITHIN = 120_000;

/** What a gateway with its final policy has: nothing of it may be more or less than at first. */
export interface Belongings {
  readonly namespaces: readonly string[];
  /** Programs that run for the gateway, each as often as it runs. */
  readonly processes: readonly string[];
  readonly pins: readonly string[];
  /** Below the state directory and the run directory. */
  readonly files: readonly string[];
}

/**
 * Resolves when the gateway has found nothing to mend for some looks, and everybody has traffic.
 * Nothing is pushed: that would mend things.
 */
export async function settle(scene: Scene): Promise<void> {
  const { lab, office, vm } = scene;
  await isSettled(scene);
  for (const name of [...VICTIMS, ...WITNESSES]) {
    await reaches(vm(name), lab.external.address, 30_000);
    await expectAnswers(vm(name), lab.external.address);
  }
  await reaches(vm('red'), office.hostAddress, UP_WITHIN);
  await hasNothingToMend(scene);
}

async function hasNothingToMend({ controller }: Scene): Promise<void> {
  const looks = new Set<string | undefined>();
  let repairsBefore: number | undefined;
  await eventually(
    'the gateway finds nothing to mend',
    async () => {
      const { health, reconcile } = await controller.client.gateway();
      if (health !== 'ok' || reconcile.repairs !== repairsBefore) looks.clear();
      repairsBefore = reconcile.repairs;
      looks.add(reconcile.lastRunAt);
      return looks.size > LOOKS || undefined;
    },
    SETTLED_WITHIN,
  );
}

async function isSettled({ controller }: Scene): Promise<void> {
  let last = '';
  await eventually(
    'the gateway is well',
    async () => {
      const { health, revision, reconcile } = await controller.client.gateway();
      last = `${health}, revision ${revision}: ${JSON.stringify(reconcile)}`;
      return (health === 'ok' && reconcile.revision === revision) || undefined;
    },
    SETTLED_WITHIN,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)} It says: ${last.slice(0, 2_000)}`);
  });
}

/** The daemon starts once more: whatever it does to the kernel then was not as the policy says. */
export async function comparedAnew(scene: Scene): Promise<string[]> {
  const { gateway } = scene.lab;
  await gateway.stop();
  const logged = gateway.log().length;
  await gateway.start();
  await isSettled(scene);
  return gateway
    .log()
    .slice(logged)
    .split('\n')
    .filter((line) => line.includes('brought in line'));
}

/** Taken when it does not change any more: daemons that end take a moment for it. */
export async function belongings(scene: Scene): Promise<Belongings> {
  for (;;) {
    const before = await look(scene);
    await sleep(500);
    const after = await look(scene);
    if (JSON.stringify(before) === JSON.stringify(after)) return after;
  }
}

async function look({ lab }: Scene): Promise<Belongings> {
  const { gateway } = lab;
  const namespaces = gatewayNamespaces(gateway.instance).sort();
  const charons: string[] = [];
  for (const name of namespaces) {
    const { length } = await pidsOf(foreignNamespace(name), CHARON);
    charons.push(`${length} ${basename(CHARON)} in ${name}`);
  }
  const { bpfDirectory } = parse(readFileSync(gateway.configFile, 'utf8')) as {
    bpfDirectory: string;
  };
  return {
    namespaces,
    processes: [...charons, ...programs(dirname(gateway.configFile))].sort(),
    pins: entries(join(bpfDirectory, gateway.instance)),
    files: [
      ...entries(gateway.stateDirectory),
      ...entries(join(dirname(gateway.configFile), 'run')),
    ],
  };
}

/**
 * Programs whose arguments or environment name the gateway's directory: the daemon, and whatever it
 * has started with settings of its own, in whatever namespace that lives now.
 */
function programs(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const said = ['cmdline', 'environ'].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, 'utf8'),
        );
        return said.some((text) => text.includes(directory))
          ? [basename(readlinkSync(`/proc/${pid}/exe`))]
          : [];
      } catch {
        return []; // It has ended.
      }
    });
}

/** Names of whatever there is below a directory. */
function entries(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name), { throwIfNoEntry: false }) !== undefined)
    .sort();
}

/** What is there now and was not, or the other way round, as sentences. */
export function differences(before: Belongings, after: Belongings): string[] {
  return (['namespaces', 'processes', 'pins', 'files'] as const).flatMap((kind) => {
    const [was, is] = [before[kind], after[kind]];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [`${kind}: ${is.join(', ')}; at first ${was.join(', ')}`];
  });
}
