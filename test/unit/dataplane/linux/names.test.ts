import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  domainOfNamespace,
  externalGroup,
  namespaceName,
  pairMac,
  peerAlias,
  peerName,
  peerOfAlias,
} from '../../../../src/dataplane/linux/names.js';
import { RoutingDomainId } from '../../../../src/model/routing-domain-id.js';
import { isGroupMac } from '../../../../src/net/mac.js';

const domains = fc.uuid().map(RoutingDomainId);
const instances = fc.constantFrom('nvgate', 'nvgate-2', 'edge');
const devices = fc.constantFrom('vnet' as const, 'ext' as const);

test('a namespace is known again by its name, and only by its own instance', () => {
  fc.assert(
    fc.property(instances, instances, domains, (instance, other, domain) => {
      const found = domainOfNamespace(other, namespaceName(instance, domain));
      expect(found).toBe(instance === other ? domain : undefined);
    }),
  );
});

test.each(['nvgate', 'nvgate-', 'nvgate-blue', 'other-11111111-2222-3333-4444-000000005001'])(
  '%s is no namespace of instance nvgate',
  (name) => {
    expect(domainOfNamespace('nvgate', name)).toBeUndefined();
  },
);

test('another spelling of a routing domain id is somebody else’s namespace', () => {
  expect(
    domainOfNamespace('nvgate', 'nvgate-AAAAAAAA-2222-3333-4444-000000005001'),
  ).toBeUndefined();
});

describe('the gateway’s end of a pair', () => {
  test('has a name that fits a device, other for the other device and instance', () => {
    fc.assert(
      fc.property(domains, (domain) => {
        const names = [
          peerName('a', domain, 'vnet'),
          peerName('a', domain, 'ext'),
          peerName('b', domain, 'vnet'),
        ];
        expect(new Set(names).size).toBe(3);
        for (const name of names) expect(name).toMatch(/^v[nx][0-9a-f]{10}$/);
      }),
    );
  });

  test('is known again by its alias', () => {
    fc.assert(
      fc.property(instances, domains, devices, (instance, domain, device) => {
        const alias = peerAlias(instance, domain, device);
        expect(peerOfAlias(instance, alias)).toEqual({ domain, device });
        expect(peerOfAlias(`${instance}x`, alias)).toBeUndefined();
      }),
    );
    expect(peerOfAlias('nvgate', 'uplink to rack 7')).toBeUndefined();
  });

  test('has a locally administered unicast address', () => {
    fc.assert(
      fc.property(domains, devices, (domain, device) => {
        const mac = pairMac('nvgate', domain, device);
        expect(Math.floor(mac / 2 ** 40)).toBe(0x02);
        expect(isGroupMac(mac)).toBe(false);
      }),
    );
  });
});

test('the device group of an instance is not one that an administrator would pick', () => {
  expect(externalGroup('nvgate')).toBeGreaterThan(0xffff);
  expect(externalGroup('nvgate')).not.toBe(externalGroup('nvgate-2'));
});
