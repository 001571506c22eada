import { expect, test } from 'vitest';
import type { TunnelLink } from '../../../../src/dataplane/kernel-object.js';
import type { LinkRow } from '../../../../src/dataplane/linux/read-place.js';
import {
  observedTunnelLinks,
  tunnelLinkSteps,
} from '../../../../src/dataplane/linux/tunnel-link.js';
import { RoutingDomainId } from '../../../../src/model/routing-domain-id.js';

const domain = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const link: TunnelLink = {
  ...{ kind: 'tunnelLink', domain, name: 'ike-0123456789', interfaceId: 26, mtu: 1396 },
};
const row: LinkRow = {
  ifindex: 4,
  ifname: link.name,
  flags: ['NOARP', 'UP', 'LOWER_UP'],
  mtu: 1396,
  group: 'default',
  address: '0.0.0.0',
  linkinfo: { info_kind: 'xfrm', info_data: { if_id: '0x1a' } },
  gso_max_size: 65536,
  gro_max_size: 65536,
  addr_info: [],
};

test('is observed as it was made', () => {
  expect(observedTunnelLinks(domain, [row])).toEqual([link]);
});

test.each<[string, Partial<LinkRow>, Partial<TunnelLink>]>([
  ['is down', { flags: ['NOARP'] }, { mtu: 0 }],
  [
    'has another number',
    { linkinfo: { info_kind: 'xfrm', info_data: { if_id: '0x1b' } } },
    { interfaceId: 27 },
  ],
  ['is something else', { linkinfo: { info_kind: 'dummy' } }, { interfaceId: 0, mtu: 0 }],
])('is not what is wanted where it %s', (_, difference, seen) => {
  expect(observedTunnelLinks(domain, [{ ...row, ...difference }])).toEqual([{ ...link, ...seen }]);
});

test('devices of VPN daemons are none of ours', () => {
  const others = ['ipsec0', 'ppp-0123456789', 'vnet', 'lo'].map((ifname) => ({ ...row, ifname }));
  expect(observedTunnelLinks(domain, others)).toEqual([]);
});

test('is made in the namespace, and up', () => {
  const steps = tunnelLinkSteps({ instance: 'nvgt', devices: new Map() }, 'add', link);
  expect(steps.map((step) => (step.tool === 'ip' ? step.line : step.tool))).toEqual([
    'link add ike-0123456789 type xfrm if_id 26',
    'link set dev ike-0123456789 mtu 1396 addrgenmode none up',
  ]);
});
