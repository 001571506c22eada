import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../support/capture.js';
import { exchange, startEcho } from '../support/host-echo.js';
import { createNamespace } from '../support/namespace.js';
import { moveVm, routeTo, startOvsNve, type OvsNve, type Vm } from '../support/ovs-nve.js';
import { ping, startPing } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { createSegment, type Segment } from '../support/topology.js';

/**
 * Open vSwitch against Open vSwitch: the peer that the gateway is tested with speaks NVGRE as
 * RFC 7637 and the hosts of Windows do, and keeps virtual subnets apart.
 */
describe('Open vSwitch as NVGRE end point', () => {
  let segment: Segment;
  let hosts: [OvsNve, OvsNve];
  let blue: [Vm, Vm];
  let red: [Vm, Vm];

  beforeAll(async () => {
    segment = await createSegment('underlay');
    hosts = [await host('host1', '10.1.1.20'), await host('host2', '10.1.1.30')];
    blue = await pair('blue', 5001, '15');
    red = await pair('red', 6001, '16');
    await setRoutes(hosts[1], hosts[0]);
    await Promise.all([hosts[0].warm('10.1.1.30'), hosts[1].warm('10.1.1.20')]);
  });

  afterAll(cleanUp);

  async function host(label: string, providerAddress: string): Promise<OvsNve> {
    const namespace = await createNamespace(label);
    await segment.attach({ namespace, device: 'eth0', offload: false });
    return startOvsNve({ namespace, device: 'eth0', providerAddress, prefixLength: 24 });
  }

  async function pair(tenant: string, vsid: number, mac: string): Promise<[Vm, Vm]> {
    const vm = (nve: OvsNve, index: 1 | 2): Promise<Vm> =>
      nve.addVm({
        name: `${tenant}${index}`,
        vsid,
        addresses: [{ customerAddress: `192.168.1.10${index}`, prefixLength: 24 }],
        macAddress: `00-15-5D-01-${mac}-0${index}`,
      });
    return [await vm(hosts[0], 1), await vm(hosts[1], 2)];
  }

  /** The first VMs of both tenants are behind one host, the second ones behind another. */
  async function setRoutes(second: OvsNve, first: OvsNve): Promise<void> {
    const routes = (vms: readonly Vm[], nve: OvsNve) =>
      vms.map((vm) => routeTo(vm, nve.providerAddress));
    await first.setRoutes(routes([blue[1], red[1]], second));
    await second.setRoutes(routes([blue[0], red[0]], first));
  }

  it('carries IPv4 both ways between VMs of one virtual subnet', async () => {
    const result = await ping(blue[0].namespace, '192.168.1.102');
    expect(result).toMatchObject({ transmitted: 3, received: 3, duplicates: 0, errors: [] });
  });

  it('keeps virtual subnets with equal addresses apart', async () => {
    const server = await startEcho(blue[1].namespace, '192.168.1.102', 7000);
    const address = { address: '192.168.1.102', port: 7000 };
    for (const transport of ['tcp', 'udp'] as const) {
      const echo = await exchange(blue[0].namespace, { transport, ...address, payload: 'to blue' });
      expect(echo).toMatchObject({ from: { address: '192.168.1.101' }, payload: 'to blue' });
    }
    await expect(exchange(red[0].namespace, { transport: 'tcp', ...address })).rejects.toThrow(
      'ECONNREFUSED',
    );
    await server.stop();
  });

  it('sends outer IPv4, GRE with a key of VSID and FlowID, inner Ethernet', async () => {
    const underlay = await capture(hosts[1].namespace, 'eth0', 'ip proto 47 and src 10.1.1.20');
    await ping(blue[0].namespace, '192.168.1.102', { count: 1, payloadBytes: 56 });
    const [packet] = await underlay.waitFor(1);
    await underlay.stop();
    const bytes = Buffer.from(packet?.bytes ?? []);
    const at = (from: number, to: number): string => bytes.subarray(from, to).toString('hex');

    expect(bytes.length).toBe(14 + 42 + 84);
    expect(at(12, 14)).toBe('0800');
    expect(at(26, 34)).toBe('0a0101140a01011e');
    expect(at(34, 38)).toBe('20006558');
    expect(at(38, 41)).toBe((5001).toString(16).padStart(6, '0'));
    expect(at(42, 56)).toBe('00155d01150200155d0115010800');
    expect(at(68, 76)).toBe('c0a80165c0a80166');
  });

  it('gives a flow one FlowID and different flows different ones', async () => {
    const server = await startEcho(blue[1].namespace, '192.168.1.102', 7000);
    const underlay = await capture(hosts[1].namespace, 'eth0', 'ip proto 47 and src 10.1.1.20');
    for (let flow = 0; flow < 8; flow += 1)
      await exchange(blue[0].namespace, { transport: 'tcp', address: '192.168.1.102', port: 7000 });
    const packets = await underlay.stop();
    await server.stop();

    const flowIds = new Map<number, Set<number>>();
    for (const { bytes } of packets) {
      const inner = Buffer.from(bytes).subarray(56);
      const port = inner.readUInt16BE((inner.readUInt8(0) & 15) * 4);
      flowIds.set(port, (flowIds.get(port) ?? new Set()).add(bytes[41] ?? -1));
    }
    expect(flowIds.size).toBe(8);
    for (const ids of flowIds.values()) expect(ids.size).toBe(1);
    expect(new Set([...flowIds.values()].flatMap((ids) => [...ids])).size).toBeGreaterThan(1);
  });

  it('keeps a VM reachable when it moves to another host', async () => {
    const running = startPing(blue[0].namespace, '192.168.1.102', { interval: 0.02 });
    await running.answered(5);
    await moveVm(blue[1], hosts[1], hosts[0]);
    await running.answered(100);
    const result = await running.stop();
    expect(result.received).toBeGreaterThanOrEqual(100);
    expect(result.duplicates).toBe(0);
    await moveVm(blue[1], hosts[0], hosts[1]);
  });
});
