import { expect, it } from 'vitest';
import { CustomerAddress } from '../../../src/model/addresses.js';
import {
  defaultGatewayMac,
  gatewayAddresses,
  type VirtualSubnet,
} from '../../../src/model/virtual-subnet.js';
import { Vsid } from '../../../src/model/vsid.js';
import { formatIp, parseIp } from '../../../src/net/ip.js';
import { formatMac, isGroupMac } from '../../../src/net/mac.js';
import { parsePrefix } from '../../../src/net/prefix.js';

function subnet(prefixes: string[], address?: string): VirtualSubnet {
  return {
    vsid: Vsid(5001),
    prefixes: prefixes.map(parsePrefix),
    gateway: address === undefined ? {} : { address: CustomerAddress(parseIp(address)) },
  };
}

it('the gateway is the first host of each prefix unless set otherwise (N7)', () => {
  const gateways = (value: VirtualSubnet): string[] => gatewayAddresses(value).map(formatIp);
  expect(gateways(subnet(['192.168.1.0/24', '2001:db8::/64']))).toEqual([
    '192.168.1.1',
    '2001:db8::1',
  ]);
  expect(gateways(subnet(['192.168.1.0/24', '2001:db8::/64'], '192.168.1.254'))).toEqual([
    '192.168.1.254',
    '2001:db8::1',
  ]);
});

it('the default MAC is unicast, locally administered and the VSID’s own', () => {
  const mac = defaultGatewayMac(Vsid(5001));
  expect(formatMac(mac)).toBe('02-4E-56-00-13-89');
  expect(isGroupMac(mac)).toBe(false);
  expect(defaultGatewayMac(Vsid(16_777_214))).not.toBe(mac);
});
