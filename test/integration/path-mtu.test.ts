import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayAnswer } from '../../provider/answer-schemas.js';
import { createPathLab, limitSender, type PathLab } from '../support/path-lab.js';
import { cleanUp } from '../support/process-owner.js';
import { EXTERNAL } from '../support/scene-plan.js';
import { transfer, type Transfer, type TransferOptions } from '../support/tcp-transfer.js';

/** Each way, at the same time, all of it with DF. */
const BYTES = 10_000_000;

type Call = Omit<TransferOptions, 'bytes' | 'content'>;

async function carries(call: Call, content: string): Promise<void> {
  const { client, server }: Transfer = await transfer({ ...call, bytes: BYTES, content });
  expect(client.received).toBe(server.sent);
  expect(server.received).toBe(client.sent);
  expect([client.receivedBytes, server.receivedBytes]).toEqual([BYTES, BYTES]);
}

async function pathMtus({ gateway }: PathLab): Promise<[number, string][]> {
  const status = JSON.parse(await gateway.nvgate(['status', '-o', 'json'])) as GatewayAnswer;
  return status.pathMtus.map(({ mtu, router }) => [mtu, router]);
}

describe.each([
  { mtus: [1400], name: '1500 - 1400 - 1500' },
  { mtus: [1400, 1350], name: 'two links, the second smaller still' },
])('N9: $name between gateway and host', ({ mtus }) => {
  let lab: PathLab;
  const smallest = Math.min(...mtus);

  beforeAll(async () => {
    lab = await createPathLab(mtus);
    // The way back is the host's business: this one heeds the ICMP that its own packets meet.
    await Promise.all(Object.values(lab.vms).map((vm) => limitSender(vm, smallest - 42)));
  });

  afterAll(() => cleanUp());

  it('carries a connection from the outside', async () => {
    expect(await pathMtus(lab)).toEqual([]);
    const { externalHost, vms } = lab;
    await carries(
      {
        ...{ client: externalHost, from: EXTERNAL.physicalHost, server: vms.blue1.namespace },
        ...{ address: '192.168.1.101', port: 445 },
      },
      'outside to VM',
    );
    // The router before the narrowest link has the last word.
    expect(await pathMtus(lab)).toEqual([[smallest, lab.routerAddress(mtus.length)]]);
  });

  it('carries a connection of a VM', async () => {
    const { externalHost: server, vms } = lab;
    const address = EXTERNAL.physicalHost;
    await carries({ client: vms.blue1.namespace, server, address, port: 445 }, 'VM to outside');
  });

  it('carries connections through NAT, both ways', async () => {
    const { externalHost, vms } = lab;
    const vm = vms.red1.namespace;
    await carries(
      { client: vm, server: externalHost, address: EXTERNAL.host, port: 446 },
      'VM through NAT',
    );
    await carries(
      {
        ...{ client: externalHost, server: vm, from: EXTERNAL.host },
        ...{ address: EXTERNAL.natAddress, port: EXTERNAL.publishedPort },
        listens: { address: EXTERNAL.publishedVm, port: 80 },
      },
      'published port',
    );
  });

  it('carries IPv6', async () => {
    const { externalHost, vms } = lab;
    const vm = vms.blue1.namespace;
    await carries(
      {
        ...{ client: externalHost, from: EXTERNAL.physicalHost6, server: vm },
        ...{ address: 'fd00:0:0:1::101', port: 447 },
      },
      'IPv6 to VM',
    );
    await carries(
      { client: vm, server: externalHost, address: EXTERNAL.physicalHost6, port: 447 },
      'IPv6 to outside',
    );
  });
});
