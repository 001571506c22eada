import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import { udp } from '../support/packets.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import { fromVm, hexOf, toVm, vmPlace, type VmPlace } from '../support/raw-host-frames.js';
import { scenePolicy } from '../support/scene-policy.js';

const blue1 = vmPlace('blue1');

/** A VM in the first or the last virtual subnet that there may be. */
function edgeVm(vsid: number, third: number): VmPlace {
  return {
    ...blue1,
    vsid,
    address: `10.5.${third}.10`,
    gateway: `10.5.${third}.1`,
    gatewayMac: `10-10-10-10-05-0${third}`,
    mac: `00-15-5D-05-05-0${third}`,
  };
}

const EDGES = [edgeVm(4097, 1), edgeVm(16_777_214, 2)] as const;

/** A routing domain with a subnet and a VM for each place. */
function edgeDomain(vms: readonly VmPlace[]): RoutingDomainDocument {
  return {
    id: '11111111-2222-3333-4444-000000005005',
    virtualSubnets: vms.map((vm) => ({
      vsid: vm.vsid,
      prefixes: [vm.address.replace(/\d+$/, '0/24')],
      gateway: { macAddress: vm.gatewayMac },
    })),
    lookupRecords: vms.map((vm) => ({
      ...{ vsid: vm.vsid, customerAddress: vm.address, macAddress: vm.mac },
      providerAddress: vm.providerAddress,
    })),
    customerRoutes: vms.map((vm) => ({
      ...{ vsid: vm.vsid, destinationPrefix: vm.address.replace(/\d+$/, '0/24') },
      nextHop: '0.0.0.0',
    })),
  };
}

function policyWith(vms: readonly VmPlace[]): PolicyDocument {
  const policy = scenePolicy();
  return { ...policy, routingDomains: [edgeDomain(vms), ...(policy.routingDomains ?? [])] };
}

describe('N4: the VSIDs that there may be', () => {
  let hosts: RawHosts;

  beforeAll(async () => {
    hosts = await createRawHosts({ policy: policyWith(EDGES) });
  });

  afterAll(() => hosts.remove());

  it('carries packets from 4097 to 16777214 and back', async () => {
    const [first, last] = EDGES;
    const there = { from: first.address, to: last.address };
    const back = { from: last.address, to: first.address };
    const out = await hosts.pass({
      underlay: [fromVm(first, udp(there)), fromVm(last, udp(back))],
    });
    expect(hexOf(out)).toEqual(
      hexOf({
        underlay: [
          toVm(last, udp({ ...there, hopLimit: 63 })),
          toVm(first, udp({ ...back, hopLimit: 63 })),
        ],
      }),
    );
  });

  it.each([
    [4096, 'VSID 4096 is outside 4097..16777214. Choose one inside.'],
    [
      16_777_215,
      'VSID 16777215 is reserved for messages between NVEs. Choose one of 4097..16777214.',
    ],
  ])('refuses a push with %i, whole, and says where', async (vsid, message) => {
    const before = await hosts.gateway.nvgate(['get', 'virtual-subnets', '-o', 'json']);
    const document = JSON.stringify(policyWith([EDGES[0], edgeVm(vsid, 3)]));
    const refused = await hosts.gateway.cli(['apply', '-f', '-', '--replace'], document);

    expect(refused.status).toBe(1);
    for (const noun of ['virtualSubnets', 'lookupRecords', 'customerRoutes'])
      expect(refused.stderr).toContain(
        `/routingDomains/0/${noun}/1/vsid: ${message} (invalidVsid)\n`,
      );
    expect(await hosts.gateway.nvgate(['get', 'virtual-subnets', '-o', 'json'])).toBe(before);
  });
});
