import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PolicyDocument } from '../../provider/schemas.js';
import { icmpKind, IPV4, IPV6, type Family } from '../support/families.js';
import { icmp, tcp, udp } from '../support/packets.js';
import { run } from '../support/process.js';
import { createRawHosts, type RawHosts } from '../support/raw-host.js';
import {
  addressesOf,
  EXTERNAL_HOPS,
  flowIdOf,
  fromOutside,
  fromVm,
  hexOf,
  innerPacket,
  toOutside,
  toVm,
  type VmPlace,
} from '../support/raw-host-frames.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { describeWith } from '../support/describe-with.js';
import { SLIDES_DIRECTORY, slidesExample } from '../support/slides.js';

/*
 * Policy scripts of the seed's appendix B: a software router in a subnet of its own, which is the
 * gateway. VMs reach it by their hosts' distributed routers, as Hyper-V sends it: into the
 * router's VSID and to the router's MAC.
 */
interface Example {
  readonly name: string;
  readonly family: Family;
  readonly text: string | undefined;
  readonly gatewayPa: string;
  readonly vm: VmPlace;
  /** The software router's subnet: how packets of VMs come to it. */
  readonly router: { readonly vsid: number; readonly mac: string; readonly gatewayMac: string };
}

const blue = {
  family: IPV4,
  gatewayPa: '10.1.1.40',
  vm: {
    ...{ vsid: 5001, address: '192.168.1.101', address6: '::' },
    ...{ mac: '00-15-5D-01-14-04', providerAddress: '10.1.1.20' },
    ...{ gateway: '192.168.1.1', gateway6: '::', gatewayMac: '10-10-10-10-10-01' },
  },
  router: { vsid: 5002, mac: '00-15-5D-14-3C-02', gatewayMac: '10-10-10-10-10-11' },
} as const;

const green = {
  family: IPV4,
  gatewayPa: '172.20.5.40',
  vm: {
    ...{ vsid: 7001, address: '10.80.1.11', address6: '::' },
    ...{ mac: '00-15-AA-00-01-11', providerAddress: '172.20.5.11' },
    ...{ gateway: '10.80.1.1', gateway6: '::', gatewayMac: '0A-0A-0A-0A-0A-01' },
  },
  router: { vsid: 7002, mac: '00-15-AA-00-02-C8', gatewayMac: '0A-0A-0A-0A-0A-02' },
} as const;

/** The same in IPv6. */
const green6 = {
  ...green,
  family: IPV6,
  vm: { ...green.vm, address: 'fd00:80:1::11', gateway: 'fd00:80:1::1' },
} as const;

const EXAMPLES: readonly Example[] = [
  { name: 'example 2 of the slides', text: slidesExample(2), ...blue },
  { name: 'example 3 of the slides', text: slidesExample(3), ...blue },
  { name: 'a script of our own in that form', text: ownScript('software-router.ps1'), ...green },
  { name: 'the same in IPv6', text: ownScript('software-router-ipv6.ps1'), ...green6 },
  { name: 'the same as slides wrap it', text: ownScript('software-router-slides.txt'), ...green },
];

const hopLimit = 64 - EXTERNAL_HOPS;
/** Published, so that `pass` can look into the VM network from outside. */
const OPEN_PORT = 4791;

function ownScript(name: string): string {
  return readFileSync(new URL(`../fixtures/powershell/${name}`, import.meta.url), 'utf8');
}

/** Where the VM calls, and what it is known as there. */
function outsideOf({ family: { pick } }: Example): { outside: string; natAddress: string } {
  return {
    outside: pick(EXTERNAL.host, EXTERNAL.host6),
    natAddress: pick(EXTERNAL.natAddress, EXTERNAL.natAddress6),
  };
}

/** What the CLI makes of the script, with the connection that an operator adds by hand. */
async function convert(example: Example): Promise<PolicyDocument> {
  const cli = resolve('dist/src/cli/main.js');
  const args = [cli, 'convert', '-', '--gateway-pa', example.gatewayPa];
  const document = parse(
    await run(process.execPath, args, { input: example.text ?? '', timeout: 120_000 }),
  ) as PolicyDocument;
  return {
    ...document,
    routingDomains: (document.routingDomains ?? []).map((domain) => ({
      ...domain,
      connections: [
        {
          ...{ id: 'internet', type: 'nat', externalAddress: outsideOf(example).natAddress },
          rules: [
            {
              ...{ name: 'open', protocol: 'udp', externalPort: OPEN_PORT },
              ...{ internalAddress: example.vm.address, internalPort: OPEN_PORT },
            },
          ],
        },
      ],
    })),
  };
}

describe.each(EXAMPLES)('P4, appendix B: $name', (example) => {
  const { family, text, vm, router, gatewayPa } = example;
  const { outside, natAddress } = outsideOf(example);
  const missing = text === undefined ? `no slides in ${SLIDES_DIRECTORY}` : undefined;

  describeWith(missing, 'converted, with a NAT connection', () => {
    let policy: PolicyDocument;
    let hosts: RawHosts;

    beforeAll(async () => {
      policy = await convert(example);
      hosts = await createRawHosts({
        policy,
        providerAddresses: [vm.providerAddress],
        witness: { vm, outside, reachedAt: natAddress, gatewayPa },
      });
    });

    afterAll(() => hosts.remove());

    it('has one routing domain with the distinct records and routes of the script', () => {
      const domains = policy.routingDomains ?? [];
      expect(
        domains.map(({ lookupRecords = [], customerRoutes = [] }) => [
          lookupRecords.length,
          customerRoutes.length,
        ]),
      ).toEqual([[6, 3]]);
    });

    it.each([
      ['the VM’s own MAC', vm.mac, 45_001],
      ['the MAC of the router’s distributed gateway', router.gatewayMac, 45_002],
      ['the MAC of the VM’s distributed gateway', vm.gatewayMac, 45_003],
    ])('a VM reaches the outside with %s, and is answered', async (_, innerSource, port) => {
      // As Hyper-V sends it: the VSID and MAC of the router, the VM's own host has routed.
      const tunnel = {
        ...{ to: gatewayPa, vsid: router.vsid },
        ...{ innerSource, innerDestination: router.mac },
      };
      const call = { from: vm.address, to: outside, fromPort: port, toPort: 7 };
      const answer = { from: outside, to: vm.address, fromPort: 7, toPort: port };

      for (const transport of [udp, tcp]) {
        const out = await hosts.pass({ underlay: [fromVm(vm, transport(call), tunnel)] });
        const translated = transport({ ...call, from: natAddress, hopLimit });
        expect(hexOf(out)).toEqual(hexOf({ external: [toOutside(translated)] }));
      }

      const out = await hosts.pass({
        external: [fromOutside(udp({ ...answer, to: natAddress }))],
      });
      // VSID, inner MACs and outer addresses of toVm: into the VM's own subnet, from its gateway.
      const flowId = flowIdOf(out.underlay[0]);
      const delivered = toVm(vm, udp({ ...answer, hopLimit }), { from: gatewayPa, flowId });
      expect(hexOf(out)).toEqual(hexOf({ underlay: [delivered] }));
    });

    it('a VM pings the software router itself', async () => {
      const own = policy.routingDomains?.[0]?.lookupRecords?.find(
        (record) =>
          record.providerAddress === gatewayPa &&
          !['0.0.0.0', '::'].includes(record.customerAddress),
      )?.customerAddress;
      expect(own).toBeDefined();
      const tunnel = { to: gatewayPa, vsid: router.vsid, innerDestination: router.mac };
      const request = icmp({ from: vm.address, to: own ?? '' });
      const { underlay, external } = await hosts.pass({
        underlay: [fromVm(vm, request, tunnel)],
      });
      expect(external).toEqual([]);
      expect(underlay).toHaveLength(1);
      const answer = innerPacket(underlay[0]);
      expect(addressesOf(answer)).toEqual([own, vm.address]);
      expect(icmpKind(family, answer)).toBe(family.icmp.echoReply);
    });
  });
});

describe('P4, appendix B: example 1 of the slides', () => {
  it('gives a valid policy', async ({ skip }) => {
    const text = slidesExample(1);
    if (text === undefined) return skip('the slides are not beside the repository');
    const policy = await convert({ ...blue, name: 'example 1', text });
    const [domain] = policy.routingDomains ?? [];
    expect(domain?.lookupRecords).toHaveLength(2);
    expect(domain?.customerRoutes).toHaveLength(1);
  });
});
