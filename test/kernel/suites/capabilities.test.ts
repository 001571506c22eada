import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Capabilities } from '../../../provider/answer-schemas.js';
import { createBareGateway } from '../../support/bare-gateway.js';
import { cleanUp } from '../../support/process-owner.js';

/** A stock kernel has everything that the gateway asks a kernel for (G6). */
let capabilities: Capabilities;

beforeAll(async () => {
  const { gateway } = await createBareGateway();
  await gateway.start();
  capabilities = JSON.parse(await gateway.nvgate(['capabilities', '-o', 'json'])) as Capabilities;
});

afterAll(cleanUp);

test('nothing is unavailable', () => {
  expect(capabilities.unavailable).toEqual([]);
});

test('ESP is done in the kernel', () => {
  expect(capabilities.ipsecDataPath).toBe('kernel');
});

test('all kinds of remote connections can be had, PPTP among the insecure', () => {
  expect(capabilities.vpnProtocols).toEqual(['ikev2', 'l2tp']);
  expect(capabilities.insecure.vpnProtocols).toEqual(['pptp']);
  expect(capabilities.connectionTypes).toEqual(['routed', 'nat', 'ikev2', 'l2tp']);
});

test('PPP authenticates in each way that the protocols have', () => {
  expect(capabilities.authenticationMethods).toEqual(
    expect.arrayContaining(['pap', 'chap', 'mschapv2']),
  );
});
