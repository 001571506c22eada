import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERDICTS, type Verdict } from '../../../src/forwarding/verdict.js';
import { capture, type Capture } from '../../support/capture.js';
import { createGateway, type Gateway } from '../../support/gateway.js';
import { startGretapNve } from '../../support/gretap-nve.js';
import { exchange, startEcho } from '../../support/host-echo.js';
import { createNamespace, type Namespace } from '../../support/namespace.js';
import { startOvsNve } from '../../support/ovs-nve.js';
import { ping } from '../../support/ping.js';
import { cleanUp } from '../../support/process-owner.js';
import { flowIdOf } from '../../support/raw-host-frames.js';
import { createExternalHost, createGatewayNamespace, gatewayRoutes } from '../../support/scene.js';
import { EXTERNAL, PROVIDER_ADDRESSES, vmPlan } from '../../support/scene-plan.js';
import { scenePolicy } from '../../support/scene-policy.js';
import { transfer } from '../../support/tcp-transfer.js';
import { createSegment, type Segment } from '../../support/topology.js';

const { host1, host2, gateway: GATEWAY_PA } = PROVIDER_ADDRESSES;
/** Of all that the VM behind the gretap device sends. */
const FLOW_ID = 7;

const families = ['IPv4', 'IPv6'] as const;
type Family = (typeof families)[number];
const at = (family: Family): 0 | 1 => (family === 'IPv4' ? 0 : 1);
const blue1 = vmPlan('blue1', true);
const blue3 = vmPlan('blue3', true);
const OUTSIDE = [EXTERNAL.physicalHost, EXTERNAL.physicalHost6] as const;

/**
 * The kernel's own tunnels as NVGRE hosts: blue1 behind a gretap device on host1, blue3, in another
 * virtual subnet, behind the Open vSwitch kernel datapath on host2.
 */
describe('NVGRE peers of the kernel', () => {
  let gateway: Gateway;
  let gretapHost: Namespace;
  let outside: Namespace;
  const vms: Partial<Record<'blue1' | 'blue3', Namespace>> = {};
  const vm = (name: 'blue1' | 'blue3'): Namespace => {
    const namespace = vms[name];
    if (namespace === undefined) throw new Error(`There is no ${name}.`);
    return namespace;
  };

  beforeAll(async () => {
    const [underlay, external] = [await createSegment('underlay'), await createSegment('external')];
    const namespace = await createGatewayNamespace(underlay, external, true);
    outside = await createExternalHost(external, true);
    gretapHost = await plugHost('host1', underlay);
    const gretap = await startGretapNve({
      ...{ namespace: gretapHost, device: 'uplink', providerAddress: host1 },
      ...{ prefixLength: 24, gateway: GATEWAY_PA },
    });
    vms.blue1 = (await gretap.addVm({ name: 'blue1', ...blue1 }, FLOW_ID)).namespace;
    const ovs = await startOvsNve({
      ...{ namespace: await plugHost('host2', underlay), device: 'uplink' },
      ...{ providerAddress: host2, prefixLength: 24, datapath: 'kernel' },
    });
    vms.blue3 = (await ovs.addVm({ name: 'blue3', ...blue3 })).namespace;
    await ovs.setRoutes(gatewayRoutes(false, true));

    gateway = createGateway(namespace);
    await gateway.start();
    await gateway.apply(scenePolicy({ ipv6: true }));
    await ping(gretapHost, GATEWAY_PA, { count: 1 });
    await ovs.warm(GATEWAY_PA);
  });

  afterAll(async () => {
    await gateway.remove();
    cleanUp();
  });

  describe.each(families)('%s', (family) => {
    const address = {
      blue1: blue1.addresses[at(family)]?.customerAddress ?? '',
      blue3: blue3.addresses[at(family)]?.customerAddress ?? '',
      outside: OUTSIDE[at(family)],
    };
    const whole = { received: 3, duplicates: 0, errors: [] };

    it.each([
      ['blue1', 'gretap', blue1],
      ['blue3', 'Open vSwitch', blue3],
    ] as const)('%s, behind %s, pings the gateway', async (name, _, plan) => {
      const own = plan.addresses[at(family)]?.gateway ?? '';
      expect(await ping(vm(name), own)).toMatchObject(whole);
    });

    it('VMs ping each other through the gateway, which routes', async () => {
      for (const [from, to] of [
        ['blue1', 'blue3'],
        ['blue3', 'blue1'],
      ] as const) {
        const result = await ping(vm(from), address[to]);
        expect(result).toMatchObject(whole);
        expect(result.output).toContain('ttl=63');
      }
    });

    it('VMs ping the outside', async () => {
      for (const name of ['blue1', 'blue3'] as const)
        expect(await ping(vm(name), address.outside)).toMatchObject(whole);
    });

    it.each([
      ['from VM to VM', 'blue1', 'blue3'],
      ['from gretap to the outside', 'blue1', 'outside'],
      ['from Open vSwitch to the outside', 'blue3', 'outside'],
    ] as const)('a megabyte each way at once, %s, arrives as it was sent', async (_, from, to) => {
      const bytes = 1024 * 1024;
      const server = to === 'outside' ? outside : vm(to);
      const call = { client: vm(from), server, address: address[to], port: 7001 };
      const done = await transfer({ ...call, bytes, content: `${family} ${from} ${to}` });
      const { client } = done;
      expect(done.server).toMatchObject({ received: client.sent, receivedBytes: bytes });
      expect(client).toMatchObject({ received: done.server.sent, receivedBytes: bytes });
    });
  });

  it('one FlowID comes from gretap, many go there, and all are taken (N2)', async () => {
    const ports = Array.from({ length: 8 }, (_, index) => 7100 + index);
    const filter = `ip proto 47 and src ${GATEWAY_PA}`;
    const toHost = await capture(gretapHost, 'uplink', filter, { direction: 'in' });
    const fromHost = await capture(gretapHost, 'uplink', `ip proto 47 and src ${host1}`);
    const servers = await Promise.all(
      ports.map((port) => startEcho(outside, EXTERNAL.physicalHost, port)),
    );
    const { customerAddress } = blue1.addresses[0] ?? { customerAddress: '' };
    for (const port of ports) {
      const call = { transport: 'udp', address: EXTERNAL.physicalHost, port } as const;
      expect((await exchange(vm('blue1'), call)).from.address).toBe(customerAddress);
    }
    await Promise.all(servers.map((server) => server.stop()));
    const flowIds = async (packets: Capture): Promise<Set<number>> =>
      new Set((await packets.stop()).map(({ bytes }) => flowIdOf(bytes)));
    expect(await flowIds(fromHost)).toEqual(new Set([FLOW_ID]));
    expect((await flowIds(toHost)).size).toBeGreaterThan(2);
  });

  it('nothing of it is dropped but what IPv6 hosts say to groups', async () => {
    const answer = JSON.parse(await gateway.nvgate(['counters', '-o', 'json'])) as {
      readonly counters: readonly { readonly verdict: Verdict }[];
    };
    const drops = answer.counters
      .map(({ verdict }) => verdict)
      .filter((verdict) => VERDICTS[verdict].kind === 'dropped');
    const toGroups: readonly Verdict[] = ['innerMulticast', 'multicastHeard', 'neighbourIgnored'];
    expect(drops.filter((verdict) => !toGroups.includes(verdict))).toEqual([]);
  });
});

async function plugHost(label: string, underlay: Segment): Promise<Namespace> {
  const namespace = await createNamespace(label);
  await underlay.attach({ namespace, device: 'uplink' });
  return namespace;
}
