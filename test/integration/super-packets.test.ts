import { afterAll, describe, expect, test } from 'vitest';
import { transfer } from '../bench/load/tcp.js';
import { createNvgate } from '../bench/topology/nvgate.js';
import { cleanUp } from '../support/process-owner.js';

/** What a packet has at least in the mean where nothing has cut it: a segment has 1,500 bytes. */
const WHOLE = 15_000;

afterAll(cleanUp);

/**
 * A sender's kernel leaves TCP data in packets of up to 64 KB until a network card segments it. Between
 * veth pairs nobody has to: the receiver gets them as they were sent, unless the gateway has cut them.
 */
describe.each(['routed', 'nat'] as const)('TCP of a VM network, %s', (connection) => {
  test('packets that are still to be segmented stay whole, both ways', async () => {
    const topology = await createNvgate(connection, 1);
    const { ends } = topology;
    const out = await transfer(ends, { streams: 1, seconds: 1 });
    const inwards = await transfer(ends, { streams: 1, seconds: 1, inwards: true });
    await topology.remove();
    expect(out.bytesPerPacket).toBeGreaterThan(WHOLE);
    expect(inwards.bytesPerPacket).toBeGreaterThan(WHOLE);
  });
});
