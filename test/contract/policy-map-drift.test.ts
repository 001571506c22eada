import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionDocument } from '../../provider/schemas.js';
import {
  CUSTOMER_ROUTE_KIND,
  LAYOUT,
  LOOKUP_RECORD_LOCAL,
} from '../../src/dataplane/bpf/layout.js';
import type { MapName } from '../../src/dataplane/bpf/map-names.js';
import { typedMap, type MapCodec, type TypedMap } from '../../src/dataplane/bpf/map.js';
import { compile } from '../../src/dataplane/compile/compile.js';
import type { KernelObject } from '../../src/dataplane/kernel-object.js';
import { diff } from '../../src/reconcile/diff.js';
import { createKernelSubject, type KernelSubject } from '../support/kernel-subject.js';
import { BLUE, policyOf, RED } from '../support/policy-of.js';

/** One of everything that has a map; all domains have the short way. */
const POLICY = policyOf({
  providerAddresses: [{ address: '10.1.1.40', prefixLength: 24, interface: 'underlay' }],
  routingDomains: [
    {
      id: BLUE,
      virtualSubnets: [
        { vsid: 5001, prefixes: ['192.168.1.0/24', 'fd00:1::/64'] },
        { vsid: 5002, prefixes: ['192.168.2.0/24'] },
      ],
      lookupRecords: [
        record(5001, '192.168.1.101', '10.1.1.20'),
        record(5001, 'fd00:1::101', '10.1.1.20'),
        { ...record(5001, '192.168.1.150', '10.1.1.50'), rule: 'nat' },
        { ...record(5001, '192.168.1.151', '10.1.1.51'), rule: 'nat' },
        record(5002, '192.168.2.102', '10.1.1.30'),
        { ...record(5002, '0.0.0.0', '10.1.1.30'), type: 'gatewayWildcard' },
      ],
      customerRoutes: [
        { vsid: 5002, destinationPrefix: '10.9.0.0/16', nextHop: '192.168.2.102', metric: 5 },
        { vsid: 5002, destinationPrefix: '224.0.0.0/4', nextHop: '239.1.2.3' },
      ],
      connections: [routed('203.0.113.0/24')],
    },
    {
      id: RED,
      virtualSubnets: [{ vsid: 6001, prefixes: ['192.168.6.0/24'] }],
      lookupRecords: [record(6001, '192.168.6.101', '10.1.1.20')],
      connections: [routed('198.51.100.0/24')],
    },
  ],
});

function record(vsid: number, customerAddress: string, providerAddress: string) {
  return { vsid, customerAddress, providerAddress, macAddress: '00-15-5D-01-14-04' };
}

function routed(destinationPrefix: string): ConnectionDocument {
  return { id: 'corp', type: 'routed', routes: [{ destinationPrefix }] };
}

/** Bytes of a policy map's keys and values. */
interface Shape {
  readonly key: number;
  readonly value: number;
  /** A byte of the key that tells entries apart; the last if absent. */
  readonly changedKeyByte?: number;
  /** Whether a byte of the value means nothing, as the value is. */
  readonly isIdle?: (byte: number, value: Buffer) => boolean;
}

const RECORD = LAYOUT.lookup_record.fields;
const ROUTE = LAYOUT.customer_route.fields;

/** All maps that policy decides of; the others move by themselves. */
const POLICY_MAPS: Partial<Record<MapName, Shape>> = {
  // That the key is there is all they say.
  provider_addresses: { key: 4, value: 4, isIdle: () => true },
  provider_peers: { key: LAYOUT.provider_peer_key.size, value: 4, isIdle: () => true },
  virtual_subnets: { key: 4, value: LAYOUT.virtual_subnet.size },
  lookup_records: {
    ...{ key: LAYOUT.lookup_record_key.size, value: LAYOUT.lookup_record.size },
    changedKeyByte: LAYOUT.lookup_record_key.fields.address,
    // There are fewer than eight flags; the gateway's own address has no PA.
    isIdle: (byte, value) =>
      byte === RECORD.flags + 1 ||
      (byte < RECORD.mac && ((value[RECORD.flags] ?? 0) & LOOKUP_RECORD_LOCAL) !== 0),
  },
  customer_routes: {
    ...{ key: LAYOUT.customer_route_key.size, value: LAYOUT.customer_route.size },
    changedKeyByte: LAYOUT.customer_route_key.fields.address,
    isIdle: isIdleInRoute,
  },
  external_ends: { key: 4, value: 4 },
  rewrites: { key: 4, value: LAYOUT.rewrite.size },
  provider_groups: { key: LAYOUT.provider_group_key.size, value: 4 },
  multicast_routes: {
    ...{ key: LAYOUT.multicast_route_key.size, value: LAYOUT.multicast_route.size },
    changedKeyByte: LAYOUT.multicast_route_key.fields.address,
  },
  replications: {
    ...{ key: 4, value: LAYOUT.replication.size },
    // Behind the first host, of which each virtual subnet here has one at least, there may be none.
    isIdle: (byte) => byte >= LAYOUT.replication.fields.provider_address + 4,
  },
};

function isIdleInRoute(byte: number, value: Buffer): boolean {
  const kind = value.readUInt16LE(ROUTE.target);
  const isTunnel = byte < ROUTE.target;
  switch (kind) {
    case CUSTOMER_ROUTE_KIND.router:
      return false;
    case CUSTOMER_ROUTE_KIND.onLink:
      // What it does not know the packet path takes for on link.
      if (!isTunnel) return byte < ROUTE.vsid;
      return byte >= ROUTE.mac && value.readUInt32BE(ROUTE.provider_address) === 0;
    case CUSTOMER_ROUTE_KIND.multicast:
      return isTunnel;
    default:
      return isTunnel || byte >= ROUTE.vsid;
  }
}

type RawMap = TypedMap<Buffer, Buffer>;

describe.each(Object.entries(POLICY_MAPS))('drift in map %s', (name, shape) => {
  const mapName = name as MapName;
  let subject: KernelSubject;
  let map: RawMap;
  let whole: string[];

  beforeAll(async () => {
    subject = await createKernelSubject();
    map = typedMap(subject.maps[mapName], rawCodec(mapName, shape));
    await repair();
    whole = content();
    expect(whole).not.toEqual([]);
  });

  afterAll(() => subject.dispose());

  function desired(): KernelObject[] {
    return compile(POLICY, subject.environment, 'all');
  }

  /** What the reconcile loop does. */
  async function repair(): Promise<void> {
    const observed = await subject.dataPlane.observe('all');
    expect(await subject.dataPlane.apply(diff(desired(), observed))).toEqual([]);
  }

  function content(): string[] {
    return map
      .entries()
      .map(([key, value]) => `${key.toString('hex')} ${value.toString('hex')}`)
      .sort();
  }

  it('lost entries are there again', async () => {
    for (const [key] of map.entries()) map.delete(key);
    expect(content()).toEqual([]);
    await repair();
    expect(content()).toEqual(whole);
  });

  it.each([0x01, 0xff])('whatever byte of a value has changed, by %i', async (change) => {
    for (let byte = 0; byte < shape.value; byte++) {
      for (const [key, value] of map.entries()) {
        if (shape.isIdle?.(byte, value) === true) continue;
        value[byte] = (value[byte] ?? 0) ^ change;
        map.set(key, value);
      }
      await repair();
      expect(content(), `byte ${byte}`).toEqual(whole);
    }
  });

  it('entries that nobody wants go', async () => {
    for (const [key, value] of map.entries()) {
      const other = Buffer.from(key);
      const byte = shape.changedKeyByte ?? shape.key - 1;
      other[byte] = (other[byte] ?? 0) ^ 0x40;
      map.set(other, value);
    }
    expect(content()).not.toEqual(whole);
    await repair();
    expect(content()).toEqual(whole);
  });
});

/** Keys and values as they are. */
function rawCodec(name: MapName, shape: Shape): MapCodec<Buffer, Buffer> {
  const read = (size: number) => (from: Buffer, at: number) =>
    Buffer.from(from.subarray(at, at + size));
  const write = (bytes: Buffer, to: Buffer, at: number): void => {
    bytes.copy(to, at);
  };
  return {
    ...{ name, keySize: shape.key, valueSize: shape.value },
    ...{ writeKey: write, writeValue: write },
    ...{ readKey: read(shape.key), readValue: read(shape.value) },
  };
}
