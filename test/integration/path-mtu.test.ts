import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayAnswer } from '../../provider/answer-schemas.js';
import type { TcpMss } from '../../src/model/tcp-mss.js';
import { FAMILIES, IPV4, IPV6, type Family } from '../support/families.js';
import { createPathLab, limitSender, unlimitSender, type PathLab } from '../support/path-lab.js';
import { ping } from '../support/ping.js';
import { cleanUp } from '../support/process-owner.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { transfer, type Transfer, type TransferOptions } from '../support/tcp-transfer.js';

/** Each way, at the same time, all of it with DF. */
const BYTES = 10_000_000;
/** What NVGRE adds. */
const OVERHEAD = 42;

type Call = Omit<TransferOptions, 'bytes' | 'content'>;

async function carries(call: Call, content: string, bytes = BYTES): Promise<void> {
  const { client, server }: Transfer = await transfer({ ...call, bytes, content });
  expect(client.received).toBe(server.sent);
  expect(server.received).toBe(client.sent);
  expect([client.receivedBytes, server.receivedBytes]).toEqual([bytes, bytes]);
}

async function pathMtus({ gateway }: PathLab): Promise<[number, string][]> {
  const status = JSON.parse(await gateway.nvgate(['status', '-o', 'json'])) as GatewayAnswer;
  return status.pathMtus.map(({ mtu, router }) => [mtu, router]);
}

/** The addresses of a family that the scenes use. */
function addresses({ pick }: Family) {
  return {
    vm: pick(EXTERNAL.publishedVm, EXTERNAL.publishedVm6),
    routed: pick(EXTERNAL.physicalHost, EXTERNAL.physicalHost6),
    outside: pick(EXTERNAL.host, EXTERNAL.host6),
    nat: pick(EXTERNAL.natAddress, EXTERNAL.natAddress6),
  };
}

function outsideToVm({ externalHost, vms }: PathLab, family: Family): Promise<void> {
  const { routed, vm } = addresses(family);
  return carries(
    {
      ...{ client: externalHost, from: routed, server: vms.blue1.namespace },
      ...{ address: vm, port: 445 },
    },
    `${family.name}: outside to VM`,
  );
}

function vmToOutside({ externalHost, vms }: PathLab, family: Family, bytes = BYTES): Promise<void> {
  const { routed: address } = addresses(family);
  return carries(
    { client: vms.blue1.namespace, server: externalHost, address, port: 445 },
    ...([`${family.name}: VM to outside`, bytes] as const),
  );
}

function vmThroughNat(
  { externalHost, vms }: PathLab,
  family: Family,
  bytes = BYTES,
): Promise<void> {
  const { outside: address } = addresses(family);
  return carries(
    { client: vms.red1.namespace, server: externalHost, address, port: 446 },
    ...([`${family.name}: VM through NAT`, bytes] as const),
  );
}

function publishedPort({ externalHost, vms }: PathLab, family: Family): Promise<void> {
  const { outside: from, nat: address, vm } = addresses(family);
  return carries(
    {
      ...{ client: externalHost, server: vms.red1.namespace, from },
      ...{ address, port: EXTERNAL.publishedPort, listens: { address: vm, port: 80 } },
    },
    `${family.name}: published port`,
  );
}

/** The way back is the host's business: this one heeds the ICMP that its own packets meet. */
async function createHeedingLab(...mtus: readonly number[]): Promise<PathLab> {
  const lab = await createPathLab(mtus);
  const mtu = Math.min(...mtus) - OVERHEAD;
  await Promise.all(Object.values(lab.vms).map((vm) => limitSender(vm, mtu)));
  return lab;
}

describe('N9: 1500 - 1400 - 1500 between gateway and host', () => {
  let lab: PathLab;

  beforeAll(async () => {
    lab = await createHeedingLab(1400);
  });

  afterAll(() => cleanUp());

  describe.each(FAMILIES)('$name', (family) => {
    it('outside to VM', async () => {
      expect(await pathMtus(lab)).toEqual(family.pick([], [[1400, lab.routerAddress(1)]]));
      await outsideToVm(lab, family);
      expect(await pathMtus(lab)).toEqual([[1400, lab.routerAddress(1)]]);
    });

    it('VM to outside', () => vmToOutside(lab, family));
    it('NAT, the VM calls', () => vmThroughNat(lab, family));
    it('NAT, a published port', () => publishedPort(lab, family));
  });

  describe('the host ignores ICMP', () => {
    const UPLOAD = 2_000_000;

    beforeAll(async () => {
      await Promise.all(Object.values(lab.vms).map(unlimitSender));
    });

    it.each(FAMILIES)(
      'and long packets of its VMs are lost without a word ($name)',
      async (family) => {
        const result = await ping(lab.vms.blue1.namespace, addresses(family).routed, {
          ...{ count: 2, payloadBytes: 1458 - family.header - 8, dontFragment: true },
        });
        expect(result).toMatchObject({ received: 0, errors: [] });
      },
    );

    describe.each<{ clamping: TcpMss; meaning: string }>([
      { clamping: 1400 - OVERHEAD - 60, meaning: 'a number that fits' },
      { clamping: 'pathMtu', meaning: 'the path MTU that the gateway has learned' },
    ])('tcpMssClamping: $meaning', ({ clamping: tcpMssClamping }) => {
      beforeAll(async () => {
        const { routingDomains = [], ...rest } = lab.policy;
        await lab.gateway.apply({
          ...rest,
          routingDomains: routingDomains.map((domain) => ({
            ...domain,
            connections: (domain.connections ?? []).map((each) => ({ ...each, tcpMssClamping })),
          })),
        });
      });

      it.each(FAMILIES)('$name: a VM uploads, by routing', (family) =>
        vmToOutside(lab, family, UPLOAD),
      );
      it.each(FAMILIES)('$name: a VM uploads, by NAT', (family) =>
        vmThroughNat(lab, family, UPLOAD),
      );
    });
  });
});

describe('N9: two hops with different MTUs between gateway and host, the second smaller still', () => {
  let lab: PathLab;

  beforeAll(async () => {
    lab = await createHeedingLab(1400, 1350);
  });

  afterAll(() => cleanUp());

  // IPv6 first: here it is what teaches the gateway.
  describe.each([IPV6, IPV4])('$name', (family) => {
    it('outside to VM', async () => {
      await outsideToVm(lab, family);
      // The router before the narrowest link has the last word.
      expect(await pathMtus(lab)).toEqual([[1350, lab.routerAddress(2)]]);
    });

    it('VM to outside', () => vmToOutside(lab, family));
  });
});
