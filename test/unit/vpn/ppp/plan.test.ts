import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConnectionId } from '../../../../src/model/connection.js';
import type { PointToPoint } from '../../../../src/model/remote-connection.js';
import { Secret } from '../../../../src/model/secret.js';
import { ipv4FromNumber, parseIp } from '../../../../src/net/ip.js';
import type { TunnelSpec } from '../../../../src/vpn/port.js';
import { formatRecord, parseRecord, type Link } from '../../../../src/vpn/ppp/link.js';
import { carrierName } from '../../../../src/vpn/ppp/place.js';
import { planLink, planLinks, type PlanContext } from '../../../../src/vpn/ppp/plan.js';
import { calling, waiting } from './specs.js';

const CONTEXT: PlanContext = { outerMtu: 1500, allowInsecure: true };
const digest = (spec: TunnelSpec, context = CONTEXT): string => planLink(spec, context).link.digest;

function codeOf(spec: TunnelSpec, context = CONTEXT): string | undefined {
  const wanted = new Map([[spec.connection.id, spec]]);
  return planLinks(wanted, context).refused.get(spec.connection.id)?.code;
}

describe('planLink', () => {
  it.each([
    [calling('l2tp', 'a'), 'l2tp-203.0.113.20'],
    [waiting('l2tp', 'b'), 'l2tp-203.0.113.20'],
    [calling('pptp', 'c'), 'pptp-c'],
    [waiting('pptp', 'd'), 'pptpd-203.0.113.20'],
  ])('finds a carrier (%#)', (spec, carrier) => {
    expect(carrierName(planLink(spec, CONTEXT).link)).toBe(carrier);
  });

  it('speaks from the address in the namespace, which may be another than the outside knows', () => {
    const spec = { ...calling('l2tp'), localAddress: parseIp('169.254.1.2') };
    expect(carrierName(planLink(spec, CONTEXT).link)).toBe('l2tp-169.254.1.2');
  });

  it('has no device where pppd learns only later who calls', () => {
    expect(planLink(waiting('pptp'), CONTEXT).link.device).toBeUndefined();
    expect(planLink(calling('pptp'), CONTEXT).link.device).toBe('ppp-office');
  });

  it.each<Partial<PointToPoint>>([
    { secret: new Secret('another') },
    { userName: 'red' },
    { method: 'chap' },
    { localAddress: parseIp('10.255.0.77') },
  ])('makes another link of %j', (changes) => {
    for (const make of [calling, waiting]) {
      const before = digest(make('l2tp', 'office'));
      expect(digest(make('l2tp', 'office', { pointToPoint: changes }))).not.toBe(before);
      expect(digest(make('l2tp', 'office'))).toBe(before);
    }
  });

  it('makes another link of another MTU', () => {
    expect(digest(calling('l2tp'), { ...CONTEXT, outerMtu: 1400 })).not.toBe(
      digest(calling('l2tp')),
    );
  });
});

describe('planLinks', () => {
  it('refuses what cannot be, and plans the rest', () => {
    const wanted = new Map(
      [calling('l2tp', 'good'), calling('l2tp', 'bad', { pointToPoint: { userName: 'a\nb' } })].map(
        (spec) => [spec.connection.id, spec],
      ),
    );
    const { links, refused } = planLinks(wanted, CONTEXT);
    expect([...links.keys()]).toEqual(['good']);
    expect([...refused.keys()]).toEqual(['bad']);
  });

  it('refuses who waits and has no addresses to give', () => {
    const waits = { initiate: false };
    expect(codeOf(calling('l2tp', 'a', {}, waits))).toBe('missingField');
    expect(codeOf(waiting('l2tp', 'a'))).toBeUndefined();
  });

  it('refuses PPTP where the operator does not allow it, now', () => {
    expect(codeOf(calling('pptp'), { ...CONTEXT, allowInsecure: false })).toBe(
      'insecureConnection',
    );
    expect(codeOf(calling('l2tp'), { ...CONTEXT, allowInsecure: false })).toBeUndefined();
  });

  it('refuses IPv6, which none of the daemons speaks', () => {
    expect(codeOf(calling('l2tp', 'a', { source: '2001:db8::1' }))).toBe('invalidAddress');
    expect(codeOf(calling('pptp', 'a', { destination: '2001:db8::1' }))).toBe('invalidAddress');
  });

  it('refuses PPTP callers that could not be told apart', () => {
    const remote = (text: string) => ({ remoteAddress: parseIp(text) });
    const refusedOf = (...specs: TunnelSpec[]): string[] => [
      ...planLinks(
        new Map(specs.map((spec) => [spec.connection.id, spec])),
        CONTEXT,
      ).refused.keys(),
    ];
    const blue = waiting('pptp', 'blue', { destination: '198.51.100.2' });
    const same = waiting('pptp', 'same', {
      ...{ destination: '198.51.100.3', pointToPoint: remote('10.255.0.3') },
    });
    const red = waiting('pptp', 'red', {
      destination: '198.51.100.3',
      pointToPoint: { userName: 'red' },
    });
    const green = waiting('pptp', 'green', {
      destination: '198.51.100.3',
      pointToPoint: { userName: 'green', ...remote('10.255.0.3') },
    });
    expect(refusedOf(blue, same)).toEqual(['same']);
    expect(refusedOf(blue, red)).toEqual(['red']);
    expect(refusedOf(blue, green)).toEqual([]);
  });
});

describe('the record of a link', () => {
  const address = fc.nat(0xffff_ffff).map(ipv4FromNumber);
  const links: fc.Arbitrary<Link> = fc.record(
    {
      connection: fc.constant(ConnectionId('office')),
      type: fc.constantFrom('l2tp' as const, 'pptp' as const),
      role: fc.constantFrom('call' as const, 'wait' as const),
      localAddress: address,
      peer: address,
      device: fc.constant('ppp-0123456789'),
      remoteAddress: address,
      digest: fc.string(),
    },
    { requiredKeys: ['connection', 'type', 'role', 'localAddress', 'digest'] },
  );

  it('is read as it was written', () => {
    fc.assert(
      fc.property(links, (link) => {
        expect(parseRecord(link.connection, formatRecord(link))).toEqual(link);
      }),
    );
  });

  it('is none where it was not written by this version', () => {
    const id = ConnectionId('office');
    for (const text of ['', 'null', '{}', '{"type":"l2tp"', '[]', '{"type":"sstp","role":"call"}'])
      expect(parseRecord(id, text)).toBeUndefined();
  });
});
