import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maskOf } from '../../src/dataplane/linux/receive-steering.js';
import { createGateway } from '../support/gateway.js';
import { createNamespace, ip, runIn, type Namespace } from '../support/namespace.js';
import { udp } from '../support/packets.js';
import { eventually } from '../support/process.js';
import { cleanUp } from '../support/process-owner.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import { fromVm, vmPlace } from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { scenePolicy } from '../support/scene-policy.js';

const ALL = maskOf(cpus().length);

afterAll(cleanUp);

/** `rps_cpus` of the receive queues of a device, in a sysfs of the namespace. */
async function masksOf(namespace: Namespace, device: string): Promise<string[]> {
  return (await inSysfs(namespace, `cat ${device}/queues/rx-*/rps_cpus`)).trim().split('\n');
}

function steers(namespace: Namespace, device: string, masks: readonly string[]): Promise<true> {
  return eventually(`${device} hands on what it receives`, async () =>
    String(await masksOf(namespace, device)) === String(masks) ? true : undefined,
  );
}

function inSysfs(namespace: Namespace, script: string): Promise<string> {
  const mounted = `mount -t sysfs sysfs /sys && cd /sys/class/net && ${script}`;
  return runIn(namespace, 'unshare', ['--mount', 'sh', '-c', mounted]);
}

describe('devices that the gateway finds', () => {
  const settings = {
    underlay: [
      { name: 'underlay', device: 'underlay' },
      { name: 'wide', device: 'wide' },
    ],
    external: [{ name: 'external', device: 'external' }],
    reconcileIntervalSeconds: 1,
  };
  let namespace: Namespace;

  beforeAll(async () => {
    namespace = await createNamespace('steering');
    await ip(
      namespace,
      'link add underlay type veth peer name underlay-p',
      'link add external type veth peer name external-p',
      'link add wide numrxqueues 2 type veth peer name wide-p',
    );
    await inSysfs(namespace, 'echo 1 > external/queues/rx-0/rps_cpus');
  });

  test('auto: one that has one queue; what the operator has set stays', async () => {
    const gateway = createGateway(namespace, { ...settings, receiveSteering: 'auto' });
    await gateway.start();
    await steers(namespace, 'underlay', [ALL]);
    expect(await masksOf(namespace, 'external')).toEqual(['1']);
    expect(await masksOf(namespace, 'wide')).toEqual(['0', '0']);
    expect(await masksOf(namespace, 'underlay-p')).toEqual(['0']);

    await ip(namespace, 'link del underlay', 'link add underlay type veth peer name underlay-p');
    await steers(namespace, 'underlay', [ALL]);
    await gateway.remove();
  });

  test('always: one with more queues too; never: none', async () => {
    const never = createGateway(namespace, { ...settings, receiveSteering: 'never' });
    await ip(namespace, 'link del underlay', 'link add underlay type veth peer name underlay-p');
    await never.start();
    await never.nvgate(['status']);
    await never.remove();
    expect(await masksOf(namespace, 'underlay')).toEqual(['0']);

    const always = createGateway(namespace, { ...settings, receiveSteering: 'always' });
    await always.start();
    await steers(namespace, 'wide', [ALL, ALL]);
    await always.remove();
  });
});

describe('flows of one host', () => {
  const vm = vmPlace('blue1');
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({
      policy: scenePolicy({ ipv6: false }),
      settings: { receiveSteering: 'auto' },
    });
    await steers(hosts.wires.gateway, 'underlay', [ALL]);
  });

  afterAll(() => hosts.remove());

  test('are handed from one processor to the others, and none is lost', async () => {
    const before = steered();
    const calls = Array.from({ length: 64 }, (_, index) =>
      fromVm(
        vm,
        udp({ from: vm.address, to: EXTERNAL.physicalHost, fromPort: 20_000 + index, toPort: 9 }),
      ),
    );
    const { external } = await hosts.pass({ underlay: calls });
    expect(external).toHaveLength(calls.length);
    if (cpus().length > 1) expect(steered()).toBeGreaterThan(before);
  });
});

/** Packets that processors have got from others; `received_rps` of /proc/net/softnet_stat. */
function steered(): number {
  const lines = readFileSync('/proc/net/softnet_stat', 'utf8').trim().split('\n');
  return lines.reduce((sum, line) => sum + Number.parseInt(line.split(' ')[9] ?? '0', 16), 0);
}
