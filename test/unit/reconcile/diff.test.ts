import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/dataplane/compile/compile.js';
import { tunnelDevice } from '../../../src/dataplane/compile/tunnel-device.js';
import { objectValue, type KernelObject } from '../../../src/dataplane/kernel-object.js';
import { ProviderAddress } from '../../../src/model/addresses.js';
import { ConnectionId } from '../../../src/model/connection.js';
import { parseIpv4 } from '../../../src/net/ip.js';
import { diff } from '../../../src/reconcile/diff.js';
import { BLUE, ENVIRONMENT, policyOf } from '../../support/policy-of.js';

const DESIRED = compile(
  policyOf({
    providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
    routingDomains: [
      {
        id: BLUE,
        virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
        lookupRecords: [
          {
            ...{ vsid: 5001, customerAddress: '192.168.1.20', providerAddress: '10.1.1.20' },
            macAddress: '00-15-5D-00-00-01',
          },
        ],
        connections: [{ id: 'internet', type: 'nat', externalAddress: '203.0.113.10' }],
      },
    ],
  }),
  ENVIRONMENT,
  'all',
);

const TUNNEL = policyOf({
  routingDomains: [
    {
      id: BLUE,
      virtualSubnets: [{ vsid: 5001, prefixes: ['192.168.1.0/24'] }],
      connections: [
        {
          ...{ id: 'office', type: 'ikev2', routes: [{ destinationPrefix: '10.9.0.0/16' }] },
          ...{ sourceAddress: '203.0.113.10', destinationAddress: '198.51.100.2' },
          authentication: { method: 'psk', secret: 'secret' },
        },
      ],
    },
  ],
});

function kinds(from: Iterable<KernelObject>, to: Iterable<KernelObject>): string[] {
  const names = diff(to, from).map(({ action, object }) => `${action} ${object.kind}`);
  return names.filter((name, index) => name !== names[index - 1]);
}

describe('diff', () => {
  it('adds nothing before what it needs, and filters last', () => {
    expect(kinds([], DESIRED)).toEqual([
      'add namespace',
      'add link',
      'add sysctl',
      'add address',
      'add providerAddress',
      'add virtualSubnet',
      'add providerPeer',
      'add lookupRecord',
      'add customerRoute',
      'add replication',
      'add firewall',
      'add route',
      'add proxyNeighbour',
      'add externalEnd',
      'add filter',
    ]);
  });

  it('removes in the reverse order, without what goes with its namespace or link', () => {
    const observed = DESIRED.map((object): KernelObject =>
      object.kind === 'sysctl' ? { ...object, foreign: true } : object,
    );
    // Of the gateway's own part: filter, firewall, the provider address.
    expect(kinds(observed, [])).toEqual([
      'remove filter',
      'remove externalEnd',
      'remove proxyNeighbour',
      'remove firewall',
      'remove customerRoute',
      'remove replication',
      'remove lookupRecord',
      'remove providerPeer',
      'remove virtualSubnet',
      'remove providerAddress',
      'remove address',
      'remove link',
      'remove namespace',
    ]);
    const removed = diff([], observed).map(({ object }) => object);
    expect(removed.filter((object) => 'place' in object && object.place === BLUE)).toEqual([]);
  });

  it('takes the routes into a tunnel for gone with its device, and the rule away before it', () => {
    const ipsec = 'kernel';
    const { name: device } = tunnelDevice(ipsec, { id: ConnectionId('office'), type: 'ikev2' });
    const up = new Map([[BLUE, new Map([[ConnectionId('office'), { device }]])]]);
    const withTunnel = compile(TUNNEL, { ...ENVIRONMENT, ipsec, tunnels: up }, 'all');
    const without = withTunnel.filter(
      (object) =>
        object.kind !== 'tunnelLink' &&
        object.kind !== 'rule' &&
        !(object.kind === 'route' && objectValue(object).startsWith(`dev ${device}`)),
    );
    expect(kinds(without, withTunnel)).toEqual(['add tunnelLink', 'add route', 'add rule']);
    expect(kinds(withTunnel, without)).toEqual(['remove rule', 'remove tunnelLink']);
  });

  it('lets a VM be heard at its new host before anything is sent there, and at the old one after', () => {
    const moved = DESIRED.map((object): KernelObject => {
      const providerAddress = ProviderAddress(parseIpv4('10.1.1.30'));
      if (object.kind === 'providerPeer')
        return { ...object, entry: { ...object.entry, providerAddress } };
      if (object.kind === 'lookupRecord' && !object.entry.local)
        return { ...object, entry: { ...object.entry, providerAddress } };
      return object;
    });
    expect(kinds(DESIRED, moved)).toEqual([
      'add providerPeer',
      'change lookupRecord',
      'remove providerPeer',
    ]);
  });

  it('finds nothing to do between equal states', () => {
    expect(diff(DESIRED, [...DESIRED].reverse())).toEqual([]);
  });

  it('changes what has the key but not the value', () => {
    const observed = DESIRED.map((object): KernelObject =>
      object.kind === 'link' ? { ...object, mtu: 0 } : object,
    );
    expect(kinds(observed, DESIRED)).toEqual(['change link']);
  });

  it('adds before it removes', () => {
    const [wanted] = DESIRED.filter((object) => object.kind === 'proxyNeighbour');
    const [present] = DESIRED.filter((object) => object.kind === 'filter');
    if (wanted === undefined || present === undefined) throw new Error('not compiled');
    expect(kinds([present], [wanted])).toEqual(['add proxyNeighbour', 'remove filter']);
  });

  it('never removes what is foreign, and takes it where it is wanted', () => {
    const foreign = DESIRED.map((object): KernelObject => ({ ...object, foreign: true }));
    expect(diff([], foreign)).toEqual([]);
    expect(diff(DESIRED, foreign)).toEqual([]);
  });

  it('takes the first of two desired objects with one key', () => {
    const link = (mtu: number): KernelObject => ({
      kind: 'link',
      domain: BLUE,
      device: 'vnet',
      mtu,
    });
    expect(diff([link(1458), link(1400)], [])).toEqual([{ action: 'add', object: link(1458) }]);
  });
});
