import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionId } from '../../src/model/connection.js';
import { Secret } from '../../src/model/secret.js';
import type { TunnelSpec, TunnelState, Vpn } from '../../src/vpn/port.js';
import { startCharon } from '../../src/vpn/strongswan/charon.js';
import { createStrongswanVpn } from '../../src/vpn/strongswan/vpn.js';
import { createViciClient } from '../../src/vpn/vici/session.js';
import { createDirectory, createNamespace } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { isRunning } from '../support/process-owner.js';
import {
  createVpnLab,
  DOMAIN,
  officeConfiguration,
  pings,
  routeInto,
  tunnelTo,
  type VpnLab,
} from '../support/tunnel-lab.js';

const PATIENCE = { timeout: 40_000, interval: 50 };
const cleaning: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

interface Scene {
  readonly lab: VpnLab;
  readonly runDirectory: string;
  readonly directory: string;
  vpn: Vpn;
  namespacePath: string;
  open(): Promise<Vpn>;
  apply(...specs: TunnelSpec[]): ReturnType<Vpn['apply']>;
  state(connection?: string): TunnelState | undefined;
  comesTo(phase: TunnelState['phase'], connection?: string): Promise<void>;
  charonPid(): number;
  office(number: number): Promise<Office>;
}

async function createScene(): Promise<Scene> {
  const lab = await createVpnLab();
  cleaning.push(() => lab.remove());
  const runDirectory = createDirectory('vpn');
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const directory = join(runDirectory, DOMAIN);
  const open = (): Promise<Vpn> =>
    createStrongswanVpn({
      runDirectory,
      namespacePath: () => scene.namespacePath,
      deviceOf: () => 'tunnel0',
      dataPath: lab.dataPath,
      allowInsecure: false,
      log: silent,
    });
  const scene: Scene = {
    ...{ lab, runDirectory, directory, open },
    namespacePath: lab.domain.path,
    vpn: undefined as unknown as Vpn,
    apply: (...specs) =>
      scene.vpn.apply(
        new Map([[DOMAIN, new Map(specs.map((spec) => [spec.connection.id, spec]))]]),
      ),
    state: (connection = 'office') =>
      scene.vpn
        .states()
        .get(DOMAIN)
        ?.get(connection as ConnectionId),
    comesTo: (phase, connection) =>
      expect.poll(() => scene.state(connection)?.phase, PATIENCE).toBe(phase),
    charonPid: () => Number(readFileSync(join(directory, 'charon.pid'), 'utf8').split(' ')[0]),
    async office(number) {
      const office = await lab.office(number);
      await office.charon.load({ swanctl: officeConfiguration(office) });
      cleaning.push(() => office.charon.stop());
      return office;
    },
  };
  scene.vpn = await open();
  cleaning.push(async () => {
    await scene.apply();
    await scene.vpn.close();
  });
  return scene;
}

async function connectedScene(): Promise<[Scene, Office]> {
  const scene = await createScene();
  const office = await scene.office(1);
  await office.charon.start();
  await scene.apply(tunnelTo(office.address));
  await scene.comesTo('connected');
  return [scene, office];
}

async function ikeIds(scene: Scene): Promise<string[]> {
  const vici = createViciClient(join(scene.directory, 'charon.vici'));
  const messages = await vici.stream('list-sas', 'list-sa');
  vici.close();
  return messages.flatMap((message) =>
    Object.values(message).map((sa) => String((sa as { uniqueid?: unknown }).uniqueid)),
  );
}

describe('the charon of a routing domain', () => {
  it('is started again when it dies, and its tunnels with it', async () => {
    const [scene] = await connectedScene();
    const phases: string[] = [];
    scene.vpn.onChange(({ state }) => phases.push(state.phase));
    const before = scene.charonPid();
    process.kill(before, 'SIGKILL');
    await expect.poll(() => phases, PATIENCE).toEqual(['disconnected', 'connected']);
    expect(scene.charonPid()).not.toBe(before);
  });

  it('is ended and started again when it hangs', async () => {
    const [scene] = await connectedScene();
    const phases: string[] = [];
    scene.vpn.onChange(({ state }) => phases.push(state.phase));
    const before = scene.charonPid();
    process.kill(before, 'SIGSTOP');
    await expect.poll(() => isRunning(before), PATIENCE).toBe(false);
    await expect.poll(() => phases, PATIENCE).toEqual(['disconnected', 'connected']);
    expect(scene.charonPid()).not.toBe(before);
  });

  it('keeps its files to itself', async () => {
    const [scene] = await connectedScene();
    expect(statSync(scene.directory).mode & 0o777).toBe(0o700);
    for (const file of ['strongswan.conf', 'charon.pid', 'charon.output'])
      expect(statSync(join(scene.directory, file)).mode & 0o777).toBe(0o600);
    expect(statSync(join(scene.runDirectory, 'digest.key')).mode & 0o777).toBe(0o600);
  });

  it('ends with its last tunnel, and nothing is left', async () => {
    const [scene] = await connectedScene();
    const pid = scene.charonPid();
    await scene.apply();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(scene.directory)).toBe(false);
  });

  it('is adopted with its SAs as they are', async () => {
    const [scene, office] = await connectedScene();
    const [pid, ids] = [scene.charonPid(), await ikeIds(scene)];
    await scene.vpn.close();
    scene.vpn = await scene.open();
    await scene.vpn.adopt();
    await scene.apply(tunnelTo(office.address));
    expect(scene.charonPid()).toBe(pid);
    expect(await ikeIds(scene)).toEqual(ids);
  });

  it('moves to the namespace of the domain when that was made anew', async () => {
    const [scene, office] = await connectedScene();
    const pid = scene.charonPid();
    const other = await createNamespace('other');
    cleaning.push(() => other.remove());
    scene.namespacePath = other.path;
    await scene.vpn.close();
    scene.vpn = await scene.open();
    await scene.vpn.adopt();
    await scene.apply(tunnelTo(office.address));
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(scene.charonPid())).toBe(true);
    expect(scene.state()?.phase).not.toBe('connected');
  });

  it('leaves directories that are cleaned up after it has died with everything', async () => {
    const scene = await createScene();
    mkdirSync(scene.directory);
    await scene.vpn.adopt();
    expect(scene.vpn.domains()).toEqual(new Set([DOMAIN]));
    expect(scene.vpn.states()).toEqual(new Map());
    await scene.apply();
    expect(existsSync(scene.directory)).toBe(false);
    expect(scene.vpn.domains()).toEqual(new Set());
  });
});

describe('what is supported', () => {
  it('is found out without leaving anything, also of a probe that was cut short', async () => {
    const scene = await createScene();
    const cut = join(scene.runDirectory, 'probe-cut');
    const { daemon } = await startCharon({ directory: cut, dataPath: scene.lab.dataPath });
    const support = await scene.vpn.support();
    expect(support.dataPath).toBe(scene.lab.dataPath);
    expect(support.unavailable.ikev2).toBeUndefined();
    expect(support.authenticationMethods).toEqual(['psk', 'certificate']);
    if (scene.lab.dataPath === 'userSpace')
      expect(support.unavailable.l2tp).toContain('transport mode');
    expect(isRunning(daemon.pid)).toBe(false);
    expect(readdirSync(scene.runDirectory)).toEqual(['digest.key']);
  });

  it('is nothing by IPsec where there is no data path, with the reason', async () => {
    const vpn = await createStrongswanVpn({
      runDirectory: createDirectory('vpn'),
      namespacePath: () => '/nowhere',
      deviceOf: () => 'tunnel0',
      dataPath: { unavailable: 'The kernel has neither ESP nor TUN.' },
      allowInsecure: true,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    const support = await vpn.support();
    expect(support.unavailable).toMatchObject({
      ikev2: 'The kernel has neither ESP nor TUN.',
      l2tp: 'The kernel has neither ESP nor TUN.',
    });
    expect(support.authenticationMethods).toEqual([]);
    expect(support.allowInsecure).toBe(true);
    const spec = tunnelTo('198.51.100.2');
    expect(
      await vpn.apply(new Map([[DOMAIN, new Map([[spec.connection.id, spec]])]])),
    ).toMatchObject([{ code: 'unsupportedConnection', connection: spec.connection.id }]);
    expect(vpn.domains()).toEqual(new Set());
  });
});

describe('a tunnel', () => {
  it('carries packets', async () => {
    const [scene, office] = await connectedScene();
    if (scene.lab.dataPath === 'userSpace') await routeInto(scene.lab);
    expect(await pings(scene.lab, office.hostAddress)).toBe(3);
  });

  it('stays as it is when a change of it is refused', async () => {
    const [scene, office] = await connectedScene();
    const ids = await ikeIds(scene);
    const spec = tunnelTo(office.address, 'office', {
      changes: {
        authentication: {
          method: 'certificate',
          credential: { certificateFile: '/nowhere/gateway.pem', privateKeyFile: '/nowhere/key' },
          certificateAuthorities: [{ certificate: 'none' }],
          revocationLists: [],
          revocation: 'relaxed',
        },
      },
    });
    const changes: unknown[] = [];
    scene.vpn.onChange((change) => changes.push(change));
    expect(await scene.apply(spec)).toMatchObject([{ code: 'invalidCertificate' }]);
    expect(changes).toEqual([]);
    expect(scene.state()?.phase).toBe('connected');
    expect(await ikeIds(scene)).toEqual(ids);
  });

  it('fails while the peer is not there, and comes up with it', async () => {
    const scene = await createScene();
    const office = await scene.office(1);
    await scene.apply(tunnelTo(office.address));
    await scene.comesTo('failed');
    expect(scene.state()?.lastError).toMatchObject({ cause: 'peerUnreachable' });
    await office.charon.start();
    await scene.comesTo('connected');
    expect(scene.state()?.lastError?.cause).toBe('peerUnreachable');
  });

  it('that waits says why a peer was turned away', async () => {
    const scene = await createScene();
    const office = await scene.office(1);
    await office.charon.load({ swanctl: officeConfiguration(office, 'another secret') });
    await office.charon.start();
    await scene.apply(tunnelTo(office.address, 'office', { changes: { initiate: false } }));
    expect(scene.state()?.phase).toBe('connecting');
    await office.charon.initiate('net').catch(() => undefined);
    await scene.comesTo('failed');
    expect(scene.state()?.lastError?.cause).toBe('authenticationFailed');
    await office.charon.load({ swanctl: officeConfiguration(office) });
    await office.charon.initiate('net');
    await scene.comesTo('connected');
  });

  it('with a secret that has changed is made anew', async () => {
    const [scene, office] = await connectedScene();
    const ids = await ikeIds(scene);
    const authentication = { method: 'psk' as const, secret: new Secret('the next secret') };
    await office.charon.load({ swanctl: officeConfiguration(office, 'the next secret') });
    await scene.apply(tunnelTo(office.address, 'office', { changes: { authentication } }));
    await scene.comesTo('connected');
    expect(await ikeIds(scene)).not.toEqual(ids);
  });
});

describe('two tunnels to one place', () => {
  it('take the packets by their metric, and stand in for each other', async () => {
    const scene = await createScene();
    const [one, two] = [await scene.office(1), await scene.office(2)];
    await one.charon.start();
    await two.charon.start();
    await scene.apply(
      tunnelTo(one.address, 'one', { metric: 10 }),
      tunnelTo(two.address, 'two', { metric: 100 }),
    );
    await scene.comesTo('connected', 'one');
    await scene.comesTo('connected', 'two');
    if (scene.lab.dataPath === 'kernel') return; // There each has a device, and routes choose.
    await routeInto(scene.lab);
    await settledOn(scene.lab, one, two);

    await two.charon.terminate('gateway'); // It comes again, and is installed last.
    await expect.poll(() => isInstalled(two), PATIENCE).toBe(true);
    await settledOn(scene.lab, one, two);
    await two.charon.rekeyChild('net');
    await settledOn(scene.lab, one, two);

    await one.charon.stop();
    await scene.comesTo('disconnected', 'one');
    await settledOn(scene.lab, two, undefined);
    await one.charon.start();
    await scene.comesTo('connected', 'one');
    await settledOn(scene.lab, one, two);
    expect(scene.state('two')?.phase).toBe('connected');
  }, 90_000);
});

/** All packets go to the one, none to the other, sooner or later. */
async function settledOn(lab: VpnLab, taken: Office, other: Office | undefined): Promise<void> {
  await expect
    .poll(async () => {
      const before = other === undefined ? 0 : await packetsInto(other);
      const answered = await pings(lab, taken.hostAddress);
      const strayed = other === undefined ? 0 : (await packetsInto(other)) - before;
      return [answered, strayed];
    }, PATIENCE)
    .toEqual([3, 0]);
}

async function isInstalled(office: Office): Promise<boolean> {
  const sas = await office.charon.sas();
  return sas.some(({ children }) => children.some(({ state }) => state === 'INSTALLED'));
}

async function packetsInto(office: Office): Promise<number> {
  const sas = await office.charon.sas();
  return sas.flatMap(({ children }) => children).reduce((sum, { packetsIn }) => sum + packetsIn, 0);
}
