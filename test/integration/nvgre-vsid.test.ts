import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyDocument, RoutingDomainDocument } from '../../provider/schemas.js';
import { FAMILIES } from '../support/families.js';
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
    address6: `fd00:5:0:${third}::10`,
    gateway6: `fd00:5:0:${third}::1`,
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
      prefixes: prefixesOf(vm),
      gateway: { macAddress: vm.gatewayMac },
    })),
    lookupRecords: vms.flatMap(({ vsid, address, address6, mac, providerAddress }) =>
      [address, address6].map((customerAddress) => ({
        ...{ vsid, customerAddress, macAddress: mac, providerAddress },
      })),
    ),
    customerRoutes: vms.flatMap((vm) =>
      prefixesOf(vm).map((destinationPrefix) => ({
        ...{ vsid: vm.vsid, destinationPrefix },
        nextHop: destinationPrefix.includes(':') ? '::' : '0.0.0.0',
      })),
    ),
  };
}

function prefixesOf({ address, address6 }: VmPlace): string[] {
  return [address.replace(/\d+$/, '0/24'), address6.replace(/::.*$/, '::/64')];
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

  it.each(FAMILIES)('carries packets from 4097 to 16777214 and back ($name)', async ({ pick }) => {
    const [first, last] = EDGES;
    const [from, to] = [pick(first.address, first.address6), pick(last.address, last.address6)];
    const there = { from, to };
    const back = { from: to, to: from };
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
    const nouns = ['lookupRecords', 'customerRoutes'].flatMap((noun) => [`${noun}/2`, `${noun}/3`]);
    for (const noun of ['virtualSubnets/1', ...nouns])
      expect(refused.stderr).toContain(
        `/routingDomains/0/${noun}/vsid: ${message} (invalidVsid)\n`,
      );
    expect(await hosts.gateway.nvgate(['get', 'virtual-subnets', '-o', 'json'])).toBe(before);
  });
});
