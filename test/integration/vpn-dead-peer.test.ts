import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ikev2ConnectionDocument } from '../../provider/remote-connection-schemas.js';
import { capture, type Capture } from '../support/capture.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { ipJson } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { ping } from '../support/ping.js';
import { eventually, sleep } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const PSK = { method: 'psk', secret: 'here again' } as const;
/** External address of each VM network. */
const SOURCES = {
  pulled: '203.0.113.10',
  calling: '203.0.113.11',
  waiting: '203.0.113.12',
  paired: '203.0.113.13',
} as const;
type Name = keyof typeof SOURCES;
const OFFICES = { ...SOURCES, spare: SOURCES.paired } as const;
/** Which of the offices of the pair is it that answers? */
const PORTS = { paired: 7001, spare: 7002 } as const;

/** Until the gateway gives a silent peer up: dead peer detection, then its retransmissions. */
const GIVEN_UP = 60_000;
const AWAY = 60_000;
const BACK_WITHIN = 15_000;

/**
 * Four VM networks lose their office at the same moment: the line of `pulled` is cut for a minute,
 * the strongSwan of the others is killed. `waiting` does not call; `paired` has a spare office.
 */
describe('dead peers (G9)', () => {
  let lab: VpnLab;
  let offices: Record<keyof typeof OFFICES, Office>;
  let cutAt: number;
  /** What comes out of the gateway as it came out of a VM. */
  let leaks: Capture;

  beforeAll(async () => {
    const names = Object.keys(SOURCES);
    lab = await createVpnLab(Object.fromEntries(names.map((name) => [name, '192.168.1'])));
    const made = Object.entries(OFFICES).map(async ([name, source]) => {
      const office = await lab.addOffice({ label: `o-${name}`, lan: '192.168.101' });
      await expectGateway(office, PSK, { remoteAddress: source });
      await office.charon.start();
      return [name, office] as const;
    });
    offices = Object.fromEntries(await Promise.all(made)) as typeof offices;
    for (const [name, port] of Object.entries(PORTS)) {
      const { host, hostAddress } = offices[name as keyof typeof PORTS];
      await startEcho(host, hostAddress, port);
    }
    await lab.push({
      pulled: [connection('pulled')],
      calling: [connection('calling')],
      waiting: [connection('waiting', { initiate: false })],
      paired: [
        connection('paired'),
        connection('spare', {
          ...{ id: 'spare', sourceAddress: SOURCES.paired },
          routes: [{ destinationPrefix: '192.168.101.0/24', metric: 20 }],
        }),
      ],
    });
    await offices.waiting.charon.initiate('net');
    for (const name of Object.keys(SOURCES) as Name[]) {
      await lab.tunnel(name).connected();
      await reaches(vm(name), '192.168.101.10');
    }
    await eventually('the first of the pair answers', () => answers('paired'), 20_000);

    leaks = await capture(lab.internet, 'eth0', 'src net 192.168.0.0/16', { direction: 'in' });
    cutAt = Date.now();
    await offices.pulled.cutLine();
    for (const name of ['calling', 'waiting', 'paired'] as const) await offices[name].charon.kill();
  }, 120_000);

  afterAll(cleanUp);

  const vm = (name: Name) => lab.tenants.tenant(name).vm;
  const connection = (
    name: keyof typeof OFFICES,
    others: Partial<Ikev2ConnectionDocument> = {},
  ): Ikev2ConnectionDocument =>
    ikev2(offices[name], PSK, {
      ...{ sourceAddress: OFFICES[name], deadPeerDetectionSeconds: 1 },
      ...others,
    });
  const answers = async (name: keyof typeof PORTS): Promise<true | undefined> => {
    const call = { transport: 'tcp', address: '192.168.101.10', timeout: 500 } as const;
    return exchange(vm('paired'), { ...call, port: PORTS[name] }).then(
      () => true as const,
      () => undefined,
    );
  };
  /** Those into a tunnel; what is left in its place refuses packets. */
  const routes = async (name: Name): Promise<unknown[]> => {
    const namespace = lab.tenants.domainNamespace(name);
    const rows = await ipJson(namespace, 'route', 'show', '192.168.101.0/24');
    return (rows as { type?: string }[]).filter(({ type }) => type !== 'unreachable');
  };
  const gone = (name: Name) =>
    lab.tunnel(name).until('given up', ({ connection: is }) => is !== 'connected', GIVEN_UP);

  test('the spare office takes over', async () => {
    await eventually('the spare office answers', () => answers('spare'), GIVEN_UP);
  }, 90_000);

  test('a dead tunnel has no route, and the state says why', async () => {
    for (const name of ['pulled', 'calling', 'waiting'] as const) {
      const { connection: is } = await gone(name);
      expect(is).toMatch(
        name === 'waiting' ? /connecting|disconnected|failed/ : /connecting|failed/,
      );
      await eventually('the route is gone', async () =>
        (await routes(name)).length === 0 ? true : undefined,
      );
      expect(await ping(vm(name), '192.168.101.10', { count: 1 })).toMatchObject({ received: 0 });
    }
    expect((await lab.tunnel('calling').state()).lastError?.cause).toBe('peerUnreachable');
  }, 90_000);

  test('an office that is started again is called again', async () => {
    await offices.calling.charon.start();
    await lab.tunnel('calling').connected(BACK_WITHIN);
    await reaches(vm('calling'), '192.168.101.10');
  });

  test('where the gateway only waits, the office calls again', async () => {
    await offices.waiting.charon.start();
    await offices.waiting.charon.initiate('net');
    await lab.tunnel('waiting').connected();
    await reaches(vm('waiting'), '192.168.101.10');
  });

  test('the better one of the pair takes over when it is back', async () => {
    await offices.paired.charon.start();
    await lab.tunnel('paired').connected(BACK_WITHIN);
    await eventually('the first of the pair answers', () => answers('paired'), 20_000);
    expect((await lab.tunnel('paired', 'spare').state()).configuration).toBe('synchronized');
  }, 60_000);

  test('after a minute without a line: up again within 15 seconds', async () => {
    await sleep(Math.max(0, cutAt + AWAY - Date.now()));
    expect((await lab.tunnel('pulled').state()).connection).not.toBe('connected');
    await offices.pulled.mendLine();
    await lab.tunnel('pulled').connected(BACK_WITHIN);
    await reaches(vm('pulled'), '192.168.101.10');
  }, 120_000);

  test('nothing was sent in clear meanwhile', async () => {
    expect(await leaks.stop()).toEqual([]);
  });
});
