import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import type { LookupRecordEntry } from '../../src/model/forwarding-table.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Vsid } from '../../src/model/vsid.js';
import { verdictOf } from '../../src/forwarding/verdict.js';
import { parseIp, parseIpv4 } from '../../src/net/ip.js';
import { parseMac } from '../../src/net/mac.js';
import { underSanitizers } from '../fuzz/sanitizer/sanitized-execution.js';
import { inKernel } from '../support/bpf-execution.js';
import { createBpfLab, type BpfLab } from '../support/bpf-lab.js';
import { nvgre, tcp, udp, type Payload } from '../support/packets.js';

const DOMAIN = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const [OWN, PEER] = [
  ProviderAddress(parseIpv4('10.1.1.40')),
  ProviderAddress(parseIpv4('10.1.1.20')),
];
const MAC = parseMac('00-15-5D-00-00-01');
const VSID = Vsid(5001);
/** What the way to every VM carries. */
const LIMIT = 1358;

function record(customerAddress: string): LookupRecordEntry {
  return {
    ...{ routingDomain: DOMAIN, vsid: VSID, macAddress: MAC, providerAddress: PEER },
    ...{ customerAddress: CustomerAddress(parseIp(customerAddress)), local: false, onLink: true },
    maxLength: LIMIT,
  };
}

const VMS = {
  4: { from: '192.168.1.101', to: '192.168.1.102' },
  6: { from: 'fd00:1::101', to: 'fd00:1::102' },
} as const;

describe.each([
  ['in the kernel', inKernel],
  ['under sanitizers', underSanitizers()],
])('VM to VM packets to be segmented, over a way that carries 1358 (%s)', (_, execute) => {
  let lab: BpfLab;

  beforeAll(async () => {
    lab = await createBpfLab('dist/bpf/nvgate.bpf.o', execute);
    lab.load({
      providerAddresses: [{ address: OWN }],
      virtualSubnets: [
        {
          ...{ vsid: VSID, routingDomain: DOMAIN, providerAddress: OWN, underlay: 'underlay' },
          ...{ sourceMac: MAC, gatewayMac: MAC },
        },
      ],
      lookupRecords: Object.values(VMS).flatMap(({ from, to }) => [record(from), record(to)]),
      ...{
        customerRoutes: [],
        multicastRoutes: [],
        rewrites: [],
        providerGroups: [],
        replications: [],
        externalEnds: [],
      },
      providerPeers: [{ routingDomain: DOMAIN, providerAddress: PEER }],
    });
  });

  afterAll(() => lab.close());

  /**
   * `decapsulated`, or `kernelRefused`: taken out of the tunnel for the routing domain's kernel. A
   * test run cannot say of which kind the segments are, and without that no packet is shrunk.
   */
  const intoDomain = expect.stringMatching(/^(decapsulated|kernelRefused)$/) as unknown;

  const verdict = (inner: Payload, gsoSize: number): string | undefined => {
    lab.takeCounters();
    lab.decap(
      nvgre({
        ...{ from: PEER, to: OWN, vsid: VSID, innerSource: MAC, innerDestination: MAC },
        inner,
      }),
      gsoSize,
    );
    return lab.takeCounters().map(({ verdict: number }) => verdictOf(number))[0];
  };

  const data = new Uint8Array(2800);

  it.each([
    [4, 40],
    [6, 60],
  ] as const)('go on in place while each segment fits (TCP, IPv%i)', (family, headers) => {
    const packet = tcp({ ...VMS[family], data });
    expect(verdict(packet, LIMIT - headers)).toBe('hairpinned');
    expect(verdict(packet, LIMIT - headers + 1)).toEqual(intoDomain);
    expect(verdict(packet, 0)).toEqual(intoDomain);
  });

  it('are the kernel’s where it is not TCP', () => {
    expect(verdict(udp({ ...VMS[4], data }), 1000)).toEqual(intoDomain);
  });

  it.each([4, 6] as const)('that fit whole are not looked at further (IPv%i)', (family) => {
    expect(verdict(udp({ ...VMS[family], data: new Uint8Array(1200) }), 0)).toBe('hairpinned');
  });
});
