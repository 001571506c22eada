import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectionId } from '../../src/model/connection.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Secret } from '../../src/model/secret.js';
import { parseIp } from '../../src/net/ip.js';
import { findDaemon } from '../../src/vpn/daemon/process.js';
import type { TunnelSpec } from '../../src/vpn/port.js';
import { createPppLinks } from '../../src/vpn/ppp/ppp-links.js';
import type { DomainLinks } from '../../src/vpn/strongswan/links.js';
import { createDirectory, createNamespace, type Namespace } from '../support/namespace.js';
import { eventually } from '../support/process.js';
import { connect } from '../support/topology.js';
import { calling, waiting } from '../unit/vpn/ppp/specs.js';

/*
 * The real xl2tpd and pptpd in the namespaces of two routing domains, and no IPsec. L2TP tunnels
 * come up anywhere; PPP links only where the kernel has PPP, which is no matter here.
 */

const [GATEWAY, OFFICE, BRANCH] = ['203.0.113.20', '203.0.113.2', '203.0.113.3'] as const;
const DAEMON = `l2tp-${GATEWAY}`;
const [office, branch] = [ConnectionId('office'), ConnectionId('branch')];
const available = { available: true };
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const layer = createPppLinks({
  probes: { ppp: available, l2tp: available, mppe: available },
  allowInsecure: true,
  log: silent,
});

interface Domain {
  readonly namespace: Namespace;
  readonly directory: string;
  open(): DomainLinks;
}

async function createDomain(label: string): Promise<Domain> {
  const [namespace, directory] = [await createNamespace(label), createDirectory(label)];
  return {
    ...{ namespace, directory },
    open: () =>
      layer.open({
        domain: RoutingDomainId('11111111-2222-3333-4444-000000005001'),
        ...{ directory, networkNamespace: namespace.path, onChange: () => undefined },
      }),
  };
}

let [here, there]: [Domain, Domain] = [] as never;

beforeAll(async () => {
  [here, there] = [await createDomain('here'), await createDomain('there')];
  await connect(
    { namespace: here.namespace, device: 'ext', addresses: [`${GATEWAY}/24`] },
    { namespace: there.namespace, device: 'ext', addresses: [`${OFFICE}/24`, `${BRANCH}/24`] },
  );
});

const opened: DomainLinks[] = [];

function open(domain: Domain): DomainLinks {
  const links = domain.open();
  opened.push(links);
  return links;
}

afterEach(async () => {
  for (const links of opened.splice(0).reverse()) {
    await links.apply(new Map());
    links.close();
  }
});

afterAll(() => {
  here.namespace.remove();
  there.namespace.remove();
});

const wanted = (...specs: TunnelSpec[]) =>
  new Map(specs.map((spec) => [spec.connection.id, spec] as const));

const call = (id: string, destination: string, password = 'one'): TunnelSpec =>
  calling('l2tp', id, { destination, pointToPoint: { secret: new Secret(password) } });

/** Has the far end wait for both connections. */
async function waitThere(): Promise<DomainLinks> {
  const links = open(there);
  const from = { destination: GATEWAY };
  await links.apply(
    wanted(
      waiting('l2tp', 'office', { source: OFFICE, ...from }),
      waiting('l2tp', 'branch', { source: BRANCH, ...from }),
    ),
  );
  for (const id of [office, branch]) links.transport(id, parseIp(GATEWAY));
  return links;
}

const pppDirectory = (domain: Domain): string => join(domain.directory, 'ppp');

const pidOf = async (name: string): Promise<number | undefined> =>
  (await findDaemon(pppDirectory(here), name))?.pid;

function output(name = DAEMON): string {
  const path = join(pppDirectory(here), `${name}.output`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function tunnels(peer: string): number {
  return output().split(`Connection established to ${peer}, `).length - 1;
}

const established = (peer: string): Promise<true> =>
  eventually(`an L2TP tunnel to ${peer}`, () => Promise.resolve(tunnels(peer) > 0 || undefined));

describe('L2TP links', () => {
  it('say nothing before there is an SA, and nothing after', async () => {
    await waitThere();
    const links = open(here);
    expect(await links.apply(wanted(call('office', OFFICE)))).toEqual([]);
    expect(await pidOf(DAEMON)).toBeUndefined();
    links.transport(office, parseIp(OFFICE));
    await established(OFFICE);
    links.transport(office, undefined);
    await eventually(
      'xl2tpd has ended',
      async () => (await pidOf(DAEMON)) === undefined || undefined,
    );
    expect(links.status().get(office)).toEqual({ up: false });
    links.transport(office, parseIp(OFFICE));
    await established(OFFICE);
  });

  it('come and go one by one', async () => {
    await waitThere();
    const links = open(here);
    await links.apply(wanted(call('office', OFFICE)));
    links.transport(office, parseIp(OFFICE));
    await established(OFFICE);
    const pid = await pidOf(DAEMON);
    await links.apply(wanted(call('office', OFFICE), call('branch', BRANCH)));
    links.transport(branch, parseIp(BRANCH));
    await established(BRANCH);
    await links.apply(wanted(call('office', OFFICE), call('branch', BRANCH, 'two')));
    await eventually('the changed link has hung up', () =>
      Promise.resolve(output().includes(`Disconnecting from ${BRANCH}`) || undefined),
    );
    await links.apply(wanted(call('office', OFFICE)));
    expect(output()).not.toContain(`Disconnecting from ${OFFICE}`);
    expect(await pidOf(DAEMON)).toBe(pid);
    expect(readdirSync(pppDirectory(here)).filter((name) => name.includes('branch'))).toEqual([]);
  });

  it('are found by a later process, which leaves what is wanted alone', async () => {
    await waitThere();
    const first = open(here);
    await first.apply(wanted(call('office', OFFICE)));
    first.transport(office, parseIp(OFFICE));
    await established(OFFICE);
    const pid = await pidOf(DAEMON);
    first.close();
    const second = open(here);
    await second.adopt();
    expect([...second.status().keys()]).toEqual([office]);
    second.transport(office, parseIp(OFFICE));
    await second.apply(wanted(call('office', OFFICE)));
    expect(await pidOf(DAEMON)).toBe(pid);
    await second.apply(new Map());
    expect(await pidOf(DAEMON)).toBeUndefined();
    expect(existsSync(pppDirectory(here))).toBe(false);
  });

  it('are called again when xl2tpd was killed', async () => {
    await waitThere();
    const links = open(here);
    await links.apply(wanted(call('office', OFFICE)));
    links.transport(office, parseIp(OFFICE));
    await established(OFFICE);
    const pid = await pidOf(DAEMON);
    expect(pid).toBeDefined();
    process.kill(pid ?? -1, 'SIGKILL');
    await eventually('another xl2tpd', async () => {
      const now = await pidOf(DAEMON);
      return (now !== undefined && now !== pid) || undefined;
    });
    await established(OFFICE);
  });

  it('name a peer that has IPsec and no L2TP', async () => {
    const links = open(here);
    await links.apply(wanted(call('office', OFFICE)));
    links.transport(office, parseIp(OFFICE));
    // What stays in xl2tpd is given up after seven seconds; another link keeps it from being ended.
    await links.apply(wanted(call('office', OFFICE), call('branch', BRANCH)));
    links.transport(branch, parseIp(BRANCH));
    const error = await eventually(
      'an error',
      () => Promise.resolve(links.status().get(office)?.error),
      30_000,
    );
    expect(error).toMatchObject({ cause: 'peerUnreachable' });
    expect(error.message).toContain('does not answer L2TP');
  });
});

describe('PPTP links', () => {
  it('wait at the address of the connection, and are gone with it', async () => {
    const links = open(here);
    expect(await links.apply(wanted(waiting('pptp', 'office', { source: GATEWAY })))).toEqual([]);
    const name = `pptpd-${GATEWAY}`;
    const pid = await pidOf(name);
    expect(pid).toBeDefined();
    await eventually('pptpd listens', () => {
      const sockets = readFileSync(`/proc/${pid ?? 0}/net/tcp`, 'utf8');
      return Promise.resolve(sockets.includes('147100CB:06BB 00000000:0000 0A') || undefined);
    });
    await links.apply(new Map());
    expect(await pidOf(name)).toBeUndefined();
  });

  it('keep passwords to files that nobody else can read', async () => {
    const links = open(here);
    const spec = waiting('pptp', 'office', { pointToPoint: { secret: new Secret('swordfish') } });
    await links.apply(wanted({ ...spec, localAddress: parseIp(GATEWAY) }));
    const pid = await pidOf(`pptpd-${GATEWAY}`);
    for (const file of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${pid ?? 0}/${file}`, 'utf8')).not.toContain('swordfish');
    expect(readFileSync(join(pppDirectory(here), 'chap-secrets'), 'utf8')).toContain('swordfish');
  });
});
