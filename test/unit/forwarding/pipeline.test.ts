import { describe, expect, it } from 'vitest';
import { decap } from '../../../src/forwarding/decap.js';
import { encap } from '../../../src/forwarding/encap.js';
import { forward } from '../../../src/forwarding/pipeline.js';
import { loadPacketFixtures } from '../../support/packet-fixtures.js';
import { ethernet, hex, nvgre, udp } from '../../support/packets.js';

const { tables, domains, ...fixtures } = loadPacketFixtures();

describe('forward', () => {
  it('is decap for what the underlay brings and encap for what a routing domain sends', () => {
    for (const { frame } of fixtures.decap)
      expect(forward({ from: 'underlay', frame }, tables)).toEqual(decap(frame, tables));
    for (const { frame, domain, flowHash } of fixtures.encap)
      expect(forward({ from: 'domain', domain, frame, flowHash }, tables)).toEqual(
        encap(frame, domain, tables, flowHash),
      );
  });

  it('puts a packet that came out of NVGRE back into it, for a destination without a shortcut', () => {
    const payload = udp({ from: '192.168.1.101', to: '10.20.5.5', hopLimit: 64 });
    const arrived = nvgre({
      from: '10.1.1.20',
      to: '10.1.1.40',
      vsid: 5001,
      innerSource: '00-15-5D-01-14-04',
      innerDestination: '02-00-00-00-50-01',
      inner: payload,
    });
    const inside = forward({ from: 'underlay', frame: arrived }, tables);
    if (inside.kind !== 'forwarded' || inside.out.device !== 'domain')
      throw new Error('the routing domain did not get the packet');
    expect(inside.out.domain).toBe(domains.get('blue'));
    expect(hex(inside.frame)).toBe(hex(ethernet({ payload })));

    const routed = forward(
      { from: 'domain', domain: inside.out.domain, frame: inside.frame, flowHash: 0 },
      tables,
    );
    if (routed.kind !== 'forwarded') throw new Error('the packet did not leave');
    expect(hex(routed.frame)).toBe(
      hex(
        nvgre({
          from: '10.1.1.40',
          to: '10.1.1.23',
          vsid: 5001,
          innerSource: '02-00-00-00-50-01',
          innerDestination: '00-15-5D-01-17-07',
          inner: payload,
        }),
      ),
    );
  });
});
