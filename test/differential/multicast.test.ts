import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verdictOf } from '../../src/forwarding/verdict.js';
import { CustomerAddress, ProviderAddress } from '../../src/model/addresses.js';
import { RoutingDomainId } from '../../src/model/routing-domain-id.js';
import { Vsid } from '../../src/model/vsid.js';
import { parseIp, parseIpv4 } from '../../src/net/ip.js';
import { parseMac } from '../../src/net/mac.js';
import { underSanitizers } from '../fuzz/sanitizer/sanitized-execution.js';
import { inKernel } from '../support/bpf-execution.js';
import { createBpfLab, type BpfLab } from '../support/bpf-lab.js';
import { ethernet, udp } from '../support/packets.js';

const DOMAIN = RoutingDomainId('11111111-2222-3333-4444-000000005001');
const OWN = ProviderAddress(parseIpv4('10.1.1.40'));
const HOSTS = ['10.1.1.20', '10.1.1.21', '10.1.1.22'].map((text) =>
  ProviderAddress(parseIpv4(text)),
);
const MAC = parseMac('02-00-00-00-50-01');
const [LIMITED, FREE] = [Vsid(5001), Vsid(5002)];
const GATEWAYS = { [LIMITED]: '192.168.1.1', [FREE]: '192.168.2.1' };
/** In a second, and at once after a second of silence. */
const RATE = 5;

/** As verdict.h counts them: `verdict vsid`. */
type Counts = Record<string, number>;

describe.each([
  ['in the kernel', inKernel],
  ['under sanitizers', underSanitizers()],
])('the limit of broadcast and multicast (%s)', (_, execute) => {
  let lab: BpfLab;

  beforeAll(async () => {
    lab = await createBpfLab('dist/bpf/nvgate.bpf.o', execute);
    lab.load({
      providerAddresses: [{ address: OWN }],
      virtualSubnets: [LIMITED, FREE].map((vsid) => ({
        ...{ vsid, routingDomain: DOMAIN, providerAddress: OWN, underlay: 'underlay' },
        ...{ sourceMac: MAC, gatewayMac: MAC },
      })),
      lookupRecords: [LIMITED, FREE].map((vsid) => ({
        ...{ routingDomain: DOMAIN, vsid, macAddress: MAC, providerAddress: undefined },
        customerAddress: CustomerAddress(parseIp(GATEWAYS[vsid] ?? '')),
        ...{ local: true, onLink: false },
      })),
      replications: [
        [LIMITED, RATE] as const,
        // So many that no test run meets the limit.
        [FREE, 1_000_000] as const,
      ].map(([vsid, packetsPerSecond]) => ({
        ...{ routingDomain: DOMAIN, vsid, providerAddresses: HOSTS, leftOut: 0 },
        packetsPerSecond,
      })),
      ...{
        customerRoutes: [],
        providerPeers: [],
        rewrites: [],
        providerGroups: [],
        multicastRoutes: [],
        externalEnds: [],
      },
    });
  });

  afterAll(() => lab.close());
  beforeEach(() => {
    lab.takeCounters();
  });

  const send = (vsid: Vsid, packets: number, copy?: number): Counts => {
    const payload = udp({ from: GATEWAYS[vsid] ?? '', to: '224.0.0.251' });
    for (let packet = 0; packet < packets; packet += 1)
      lab.encap(ethernet({ payload }), DOMAIN, copy);
    return Object.fromEntries(
      lab
        .takeCounters()
        .map((count) => [`${verdictOf(count.verdict)} ${count.vsid}`, Number(count.packets)]),
    );
  };

  it('lets a burst through and drops what is more, of that virtual subnet alone', () => {
    const counts = send(LIMITED, 500);
    const [sent = 0, limited = 0] = [
      counts[`copyEncapsulated ${LIMITED}`],
      counts[`multicastLimited ${LIMITED}`],
    ];
    expect(sent + limited).toBe(500);
    // Five at once, and the sixth that is paid for when time goes on.
    expect(sent).toBeGreaterThanOrEqual(RATE);
    // Time passes while the test runs, though not this much of it.
    expect(limited).toBeGreaterThan(100);
    expect(send(FREE, 500)).toEqual({ [`copyEncapsulated ${FREE}`]: 500 });
  });

  it('counts a packet once, however often it is copied', () => {
    expect(send(LIMITED, 100, 1)).toEqual({ [`copyEncapsulated ${LIMITED}`]: 100 });
  });

  it('drops a copy for a host that is gone', () => {
    expect(send(FREE, 1, HOSTS.length)).toEqual({ [`noRecord ${FREE}`]: 1 });
  });
});
