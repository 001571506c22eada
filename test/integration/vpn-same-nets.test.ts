import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchange, startEcho } from '../support/host-echo.js';
import type { Office } from '../support/office.js';
import { cleanUp } from '../support/process-owner.js';
import {
  createVpnLab,
  expectGateway,
  ikev2,
  OTHER_SOURCE,
  reaches,
  SOURCE,
  type VpnLab,
} from '../support/vpn-lab.js';

const NAMES = ['blue', 'red'] as const;
type Name = (typeof NAMES)[number];
/** Of the echo servers at each office: the port tells whose it is. */
const OFFICE_PORT = { blue: 7001, red: 7002 } as const;
/** And of those in the VMs. */
const VM_PORT = { blue: 8001, red: 8002 } as const;
const VM_ADDRESS = '192.168.1.101';
const psk = (name: Name) => ({ method: 'psk', secret: `the key of ${name}` }) as const;

/** VM networks with equal addresses, and offices with equal addresses behind them. */
describe.each([
  ['one external address for both', { blue: SOURCE, red: SOURCE }],
  ['an external address each', { blue: SOURCE, red: OTHER_SOURCE }],
] as const)('equal networks at both ends (G3, G7): %s', (_, sources) => {
  let lab: VpnLab;
  let offices: Record<Name, Office>;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1', red: '192.168.1' });
    offices = {
      blue: await lab.addOffice({ label: 'blueoffice', lan: '192.168.101' }),
      red: await lab.addOffice({ label: 'redoffice', lan: '192.168.101' }),
    };
    for (const name of NAMES) {
      await expectGateway(offices[name], psk(name), { remoteAddress: sources[name] });
      await offices[name].charon.start();
      await startEcho(offices[name].host, offices[name].hostAddress, OFFICE_PORT[name]);
      await startEcho(vm(name), VM_ADDRESS, VM_PORT[name]);
    }
    await lab.push({ blue: [connection('blue')], red: [connection('red')] });
  });

  afterAll(cleanUp);

  const vm = (name: Name) => lab.tenants.tenant(name).vm;
  const other = (name: Name): Name => (name === 'blue' ? 'red' : 'blue');
  const connection = (name: Name) =>
    ikev2(offices[name], psk(name), { sourceAddress: sources[name] });

  test('both are up', async () => {
    for (const name of NAMES) {
      const { peerAddress } = await lab.tunnel(name).connected();
      expect(peerAddress).toBe(offices[name].address);
      await reaches(vm(name), offices[name].hostAddress);
    }
  });

  test.each(NAMES)('from the VM of %s to its own office, and to no other', async (name) => {
    const call = { transport: 'tcp', address: offices[name].hostAddress, timeout: 2000 } as const;
    const echo = await exchange(vm(name), { ...call, port: OFFICE_PORT[name] });
    expect(echo.from.address).toBe(VM_ADDRESS);
    await expect(exchange(vm(name), { ...call, port: OFFICE_PORT[other(name)] })).rejects.toThrow();
  });

  test.each(NAMES)('from the office of %s to its own VM, and to no other', async (name) => {
    const call = { transport: 'tcp', address: VM_ADDRESS, timeout: 2000 } as const;
    const echo = await exchange(offices[name].host, { ...call, port: VM_PORT[name] });
    expect(echo.from.address).toBe(offices[name].hostAddress);
    await expect(
      exchange(offices[name].host, { ...call, port: VM_PORT[other(name)] }),
    ).rejects.toThrow();
  });

  test('the offices may call as well', async () => {
    for (const name of NAMES) {
      await offices[name].charon.terminate('gateway');
      await offices[name].charon.initiate('net');
      await lab.tunnel(name).connected();
      await reaches(vm(name), offices[name].hostAddress);
    }
  });

  test('peers that the gateway could not tell apart are refused', async () => {
    const same = ikev2(offices.blue, psk('red'), { sourceAddress: sources.blue });
    const body = JSON.stringify(lab.tenants.policy({ blue: [connection('blue')], red: [same] }));
    const answer = await lab.controller.send('PUT', '/v1/policy', { body });
    expect([answer.status, answer.body]).toEqual([
      422,
      expect.stringContaining('peersNotDistinguishable'),
    ]);
    for (const name of NAMES) await reaches(vm(name), offices[name].hostAddress);
  });
});
