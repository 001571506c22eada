import type { ConnectionStateDocument } from '../../../provider/connection-state-schema.js';
import type { Ikev2ConnectionDocument } from '../../../provider/remote-connection-schemas.js';
import type { PolicyDocument } from '../../../provider/schemas.js';
import { setSysctls } from '../../support/namespace.js';
import { createOffice, type Office } from '../../support/office.js';
import { PEER, peering } from '../../support/office-peering.js';
import { capture } from '../../support/capture.js';
import { ping } from '../../support/ping.js';
import { eventually } from '../../support/process.js';
import { TENANTS, type TenantName } from '../../support/scene-plan.js';
import { customerAddressOf } from '../cast.js';
import { demand, type Check, type Say, type Stage } from '../check.js';
import { ask, nvgate } from '../nvgate.js';
import { summaryOf } from '../ping-text.js';

/** One public address for both VM networks; the peers' addresses tell them apart. */
const PUBLIC_ADDRESS = '203.0.113.20';

const OFFICE_NETWORK = '192.168.201';
/** A host in each office. */
export const OFFICE_HOST = `${OFFICE_NETWORK}.10`;

const TENANT_NAMES = ['blue', 'red'] as const satisfies readonly TenantName[];

type Offices = Readonly<Record<TenantName, Office>>;

/** Milliseconds within which a tunnel comes, or comes back. */
const PATIENCE = 30_000;

export const remoteConnectionsCheck: Check = {
  id: 'remote-connections',
  title: 'Blue and red, equal addresses, each by IKEv2 to an office; the offices are equal, too',
  async run(stage, say) {
    await setSysctls(stage.scene.externalHost, { 'net/ipv4/ip_forward': '1' });
    const offices = {
      blue: await openOffice(stage, 'blue', 1),
      red: await openOffice(stage, 'red', 2),
    };
    for (const tenant of TENANT_NAMES)
      say(
        `${tenant}: office ${offices[tenant].address}, strongSwan with a swanctl.conf of its own, in front of ${offices[tenant].prefix}`,
      );
    await nvgate(stage, say, ['apply', '-f', '-', '--wait'], { input: policyWith(offices) });
    for (const tenant of TENANT_NAMES) await connected(stage, tenant);
    await nvgate(stage, say, ['get', 'connections']);

    for (const tenant of TENANT_NAMES) await pingOffice(stage, say, tenant, offices);
    await nvgate(stage, say, [
      ...['trace', '--vsid', String(TENANTS.blue.subnets[0].vsid)],
      ...['--from', customerAddressOf('blue1'), '--to', OFFICE_HOST],
    ]);

    const { since } = await connected(stage, 'blue');
    say('blue’s office ends its tunnel: $ swanctl --terminate --ike gateway');
    await offices.blue.charon.terminate(PEER.connection);
    const again = await connected(stage, 'blue', since);
    say(`up again since ${again.since ?? ''}, nobody asked for it`);
    for (const tenant of TENANT_NAMES) await pingOffice(stage, say, tenant, offices);
    return {
      detail: `both VM networks reach ${OFFICE_HOST}, each in its own office, through one public address; a tunnel that the office ended came back`,
    };
  },
};

async function openOffice({ scene }: Stage, tenant: TenantName, number: number): Promise<Office> {
  const network = `198.18.${number}`;
  const office = await createOffice({
    label: `${tenant}-office`,
    lan: OFFICE_NETWORK,
    line: {
      upstream: scene.externalHost,
      upstreamAddress: `${network}.1`,
      address: `${network}.2`,
    },
  });
  await office.charon.start();
  await office.charon.load(
    peering({
      remoteAddress: PUBLIC_ADDRESS,
      authentication: { method: 'psk', secret: secretOf(tenant) },
      localSelectors: [office.prefix],
      remoteSelectors: TENANTS[tenant].subnets.map(({ prefix }) => prefix),
    }),
  );
  return office;
}

/** A key for a tunnel between two namespaces that live for a minute. */
function secretOf(tenant: TenantName): string {
  return `the demo’s key between ${tenant} and its office`;
}

function connectionOf(tenant: TenantName, office: Office): Ikev2ConnectionDocument {
  return {
    ...{ id: 'office', type: 'ikev2', sourceAddress: PUBLIC_ADDRESS },
    destinationAddress: office.address,
    authentication: { method: 'psk', secret: secretOf(tenant) },
    trafficSelectors: {
      local: TENANTS[tenant].subnets.map(({ prefix }) => prefix),
      remote: [office.prefix],
    },
    routes: [{ destinationPrefix: office.prefix, metric: 10 }],
  };
}

/** What the CLI is given: it adds the connections to the policy that is there. */
function policyWith(offices: Offices): string {
  return JSON.stringify({
    apiVersion: 'nvgate/v1',
    routingDomains: TENANT_NAMES.map((name) => ({
      ...{ id: TENANTS[name].routingDomain, name },
      connections: [connectionOf(name, offices[name])],
    })),
  });
}

/** Resolves with the state of the tenant's tunnel when it is up (and not since then). */
async function connected(
  stage: Stage,
  tenant: TenantName,
  notSince?: string,
): Promise<ConnectionStateDocument> {
  let last: ConnectionStateDocument | undefined;
  const up = await eventually(
    `${tenant}’s tunnel is up`,
    async () => {
      const { routingDomains = [] } = await ask<PolicyDocument>(stage, ['get', 'routing-domains']);
      const domain = routingDomains.find(({ id }) => id === TENANTS[tenant].routingDomain);
      const office = domain?.connections?.find(({ id }) => id === 'office');
      last = office?.state;
      return last?.connection === 'connected' && last.since !== notSince ? last : undefined;
    },
    PATIENCE,
  ).catch(() => undefined);
  demand(up !== undefined, `${tenant}’s tunnel is not up: ${JSON.stringify(last)}`);
  return up;
}

/** The VM pings the host in its office; that one sees the packets, and the other office none. */
async function pingOffice(
  stage: Stage,
  say: Say,
  tenant: TenantName,
  offices: Offices,
): Promise<void> {
  const vm = stage.scene.vms[`${tenant}1`].namespace;
  // A moment after the tunnel its route is there; the first packet also waits for ARP in the office.
  await eventually(
    `${tenant}1 reaches its office`,
    async () => (await ping(vm, OFFICE_HOST, { count: 1 })).received === 1 || undefined,
    PATIENCE,
  );
  const captures = await Promise.all(
    TENANT_NAMES.map((name) =>
      capture(offices[name].host, 'eth0', 'icmp[icmptype] = icmp-echo', { direction: 'in' }),
    ),
  );
  const result = await ping(vm, OFFICE_HOST, { count: 5 });
  for (const [index, name] of TENANT_NAMES.entries()) {
    const seen = (await captures[index]?.stop())?.length ?? 0;
    const expected = name === tenant ? 5 : 0;
    demand(seen === expected, `${name}’s office saw ${seen} pings of ${tenant}1, not ${expected}.`);
  }
  say(`${tenant}1 -> ${OFFICE_HOST}: ${summaryOf(result)}; all of them in ${tenant}’s office`);
  demand(result.received === 5, `${tenant}1 -> its office: ${summaryOf(result)}`);
}
