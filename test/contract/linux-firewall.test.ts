import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  domainFirewall,
  type DomainFirewall,
  type DomainNat,
} from '../../src/dataplane/firewall.js';
import { gatewayFirewall, type GatewayNat } from '../../src/dataplane/gateway-firewall.js';
import type { SegmentClamp } from '../../src/dataplane/segment-clamp.js';
import type { TunnelGuard } from '../../src/dataplane/tunnel-guard.js';
import { TCP_MSS_MAX, TCP_MSS_MIN } from '../../src/model/tcp-mss.js';
import { formatIp, type IpAddress, type Ipv4, type Ipv6 } from '../../src/net/ip.js';
import { formatPrefix, maskAddress, type Prefix } from '../../src/net/prefix.js';
import { createDirectory, createNamespace, runIn, type Namespace } from '../support/namespace.js';
import { describeWith, noRoot } from '../support/describe-with.js';

const protocols = fc.constantFrom('tcp' as const, 'udp' as const);
const ports = fc.integer({ min: 1, max: 65_535 });
const ipv4 = fc.integer({ min: 0x0100_0000, max: 0xdfff_ffff }).map((value) => value as Ipv4);
/** In 2000::/3, with runs of zeros that a notation may shorten. */
const ipv6 = fc
  .tuple(
    fc.integer({ min: 0x2000, max: 0x3fff }),
    fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 7,
      maxLength: 7,
    }),
  )
  .map(([head, rest]) => rest.reduce((sum, part) => sum * 65_536n + BigInt(part), BigInt(head)))
  .map((value) => value as Ipv6);

interface Family {
  readonly address: fc.Arbitrary<IpAddress>;
  readonly prefix: fc.Arbitrary<Prefix>;
}

function family(address: fc.Arbitrary<IpAddress>, bits: number): Family {
  const length = fc.oneof(fc.constantFrom(0, bits), fc.integer({ min: 1, max: bits }));
  return {
    address,
    prefix: fc
      .tuple(address, length)
      .map(([full, cut]) => ({ address: maskAddress(full, cut), length: cut })),
  };
}

const families: readonly Family[] = [family(ipv4, 32), family(ipv6, 128)];

/** Some of each family, IPv4 first. */
function ofBoth<T>(make: (family: Family) => fc.Arbitrary<T[]>): fc.Arbitrary<T[]> {
  return fc.tuple(...families.map(make)).map((parts) => parts.flat());
}

const domainNats: fc.Arbitrary<DomainNat> = fc.record({
  destinations: ofBoth(({ address, prefix }) =>
    fc.uniqueArray(fc.oneof(fc.record({ prefix, translation: address }), fc.record({ prefix })), {
      maxLength: 4,
      selector: ({ prefix: each }) => formatPrefix(each),
    }),
  ),
  portForwards: ofBoth(({ address }) =>
    fc.array(
      fc.record({
        protocol: protocols,
        externalAddress: address,
        externalPort: ports,
        internalAddress: address,
        internalPort: ports,
      }),
      { maxLength: 4 },
    ),
  ),
});

const guards: fc.Arbitrary<TunnelGuard> = fc.record({
  endPoints: ofBoth(({ address }) =>
    fc.array(
      fc.record(
        {
          type: fc.constantFrom('ikev2' as const, 'l2tp' as const, 'pptp' as const),
          address,
          peer: address,
          callsServers: fc.boolean(),
        },
        { requiredKeys: ['type', 'address', 'callsServers'] },
      ),
      { maxLength: 4 },
    ),
  ),
  sources: ofBoth(({ prefix }) =>
    fc.uniqueArray(fc.record({ prefix, allowed: fc.boolean() }), {
      maxLength: 4,
      selector: ({ prefix: each }) => formatPrefix(each),
    }),
  ),
});

const clamps: fc.Arbitrary<SegmentClamp[]> = ofBoth(({ prefix }) =>
  fc.uniqueArray(
    fc.record({
      device: fc.constantFrom('ext', 'ipsec0', 'ike-0123456789'),
      prefix,
      limits: fc.uniqueArray(
        fc.oneof(
          fc.constant('pathMtu' as const),
          fc.integer({ min: TCP_MSS_MIN, max: TCP_MSS_MAX }),
        ),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 3, selector: ({ device, prefix: each }) => `${device} ${formatPrefix(each)}` },
  ),
);

/** NAT often has the very address that daemons speak from. */
const domainFirewalls: fc.Arbitrary<DomainFirewall> = fc
  .record({ nat: fc.option(domainNats, { nil: undefined }), guard: guards })
  .chain(({ nat, guard }) =>
    fc.record({
      clamps,
      nat: fc.constant(nat),
      guard: fc.constantFrom(undefined, guard, {
        ...guard,
        endPoints: [
          ...guard.endPoints,
          ...(nat?.destinations ?? []).flatMap(({ translation }, index) =>
            translation === undefined
              ? []
              : [
                  {
                    type: index % 2 === 0 ? ('l2tp' as const) : ('pptp' as const),
                    address: translation,
                    callsServers: false,
                  },
                ],
          ),
        ],
      }),
    }),
  );

const gatewayNats: fc.Arbitrary<GatewayNat> = fc.record({
  externalGroup: fc.integer({ min: 1, max: 0xffff_ffff }),
  underlayDevices: fc.subarray(['lo']),
  externalDevices: fc.subarray(['external', 'eth8']),
  externalAddresses: ofBoth(({ address }) => fc.array(address, { maxLength: 4 })),
  routedPrefixes: ofBoth(({ prefix }) => fc.array(prefix, { maxLength: 4 })),
  shares: ofBoth(({ address }) =>
    fc
      .uniqueArray(
        fc.record({
          transitAddress: address,
          sharedAddress: address,
          ports: fc.uniqueArray(fc.record({ protocol: protocols, port: ports }), {
            maxLength: 4,
            selector: ({ protocol, port }) => `${protocol} ${port}`,
          }),
          ike: fc.record({ peers: fc.array(address, { maxLength: 3 }), anyOther: fc.boolean() }),
        }),
        { maxLength: 4, selector: ({ transitAddress }) => formatIp(transitAddress) },
      )
      // Some share one address; then no port of it is twice.
      .map((shares) =>
        shares.map((share, index) => {
          const first = shares[0];
          if (first === undefined || index % 2 === 0) return share;
          return { ...share, sharedAddress: first.sharedAddress, ports: [] };
        }),
      ),
  ),
});

describeWith(noRoot, 'a firewall is the text that nft prints', () => {
  let namespace: Namespace;
  let directory: string;

  beforeAll(async () => {
    namespace = await createNamespace('nft');
    directory = createDirectory('nft');
  });

  afterAll(() => namespace.remove());

  const printed = async (ruleset: string): Promise<string> => {
    const file = join(directory, 'ruleset');
    writeFileSync(file, `add table inet t\ndelete table inet t\n${ruleset}\n`);
    await runIn(namespace, 'nft', ['-f', file]);
    return runIn(namespace, 'nft', ['-s', '-t', 'list', 'table', 'inet', 't']);
  };

  test('of a routing domain', async () => {
    await fc.assert(
      fc.asyncProperty(domainFirewalls, async (firewall) => {
        const ruleset = domainFirewall('t', firewall);
        expect(await printed(ruleset)).toBe(`${ruleset}\n`);
      }),
      { numRuns: 60 },
    );
  });

  test('of the gateway', async () => {
    await fc.assert(
      fc.asyncProperty(gatewayNats, async (nat) => {
        const ruleset = gatewayFirewall('t', nat);
        expect(await printed(ruleset)).toBe(`${ruleset}\n`);
      }),
      { numRuns: 60 },
    );
  });
});
