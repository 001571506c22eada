import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDirectory } from '../support/namespace.js';
import { parsePcap } from '../support/pcap.js';
import { ping } from '../support/ping.js';
import { createTenantLab, type TenantLab } from '../support/tenant-lab.js';

const NETWORKS = { blue: '192.168.1', red: '192.168.1' };
const ICMP_ECHO = 8;
const OUTER = 42;

/** ICMP type of an Ethernet frame without tags. */
function icmpType(frame: Uint8Array): number | undefined {
  return frame[23] === 1 ? frame[34] : undefined;
}

describe('nvgate capture', () => {
  let lab: TenantLab;

  beforeAll(async () => {
    lab = await createTenantLab(NETWORKS);
    await lab.gateway.start();
    await lab.gateway.apply(lab.policy({ blue: [], red: [] }));
  });

  afterAll(() => lab.gateway.remove());

  /** Both tenants' VMs ping the gateway until a capture of blue has what it wants. */
  async function captureBlue(args: readonly string[]): Promise<string> {
    const { vsid } = lab.tenant('blue');
    const capture = { done: false };
    const captured = lab.gateway
      .nvgate(['capture', '--vsid', String(vsid), '--count', '4', ...args])
      .finally(() => (capture.done = true));
    for (let round = 0; round < 60 && !capture.done; round++)
      for (const name of ['blue', 'red']) {
        const { vm, gateway } = lab.tenant(name);
        await ping(vm, gateway, { count: 1 });
      }
    return captured;
  }

  test('text: inner packets of this subnet, both ways', async () => {
    const text = await captureBlue([]);
    const { customerAddress, gateway } = lab.tenant('blue');
    expect(text).toContain(`${customerAddress} > ${gateway}: ICMP echo request`);
    expect(text).toContain(`${gateway} > ${customerAddress}: ICMP echo reply`);
    expect(text).not.toContain('GREv0');
  });

  test('a file: inner frames, or with --outer the whole packets of one VSID', async () => {
    const { vsid } = lab.tenant('blue');
    const file = join(createDirectory('capture'), 'blue.pcap');
    await captureBlue(['-w', file]);
    const inner = parsePcap(readFileSync(file));
    expect(inner).toHaveLength(4);
    expect(inner.some(({ bytes }) => icmpType(bytes) === ICMP_ECHO)).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    await captureBlue(['-w', file, '--outer']);
    const outer = parsePcap(readFileSync(file));
    expect(outer).toHaveLength(4);
    for (const { bytes } of outer) {
      expect(Buffer.from(bytes).readUInt32BE(OUTER - 4) >>> 8).toBe(vsid);
      expect(bytes.length).toBeGreaterThan(OUTER);
    }
  });

  test('says what is wrong', async () => {
    const reserved = await lab.gateway.cli(['capture', '--vsid', '12']);
    expect(reserved).toMatchObject({ status: 2 });
    expect(reserved.stderr).toContain('outside 4097..16777214');
    const unwritable = await lab.gateway.cli(['capture', '--vsid', '5001', '-w', '/nowhere/x']);
    expect(unwritable).toMatchObject({ status: 1, stdout: '' });
    expect(unwritable.stderr).toContain('/nowhere/x cannot be written');
  });
});
