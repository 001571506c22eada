import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../../src/model/connection.js';
import type {
  CertificateAuthentication,
  PresharedKey,
} from '../../../src/model/remote-connection.js';
import type { RoutingDomainId } from '../../../src/model/routing-domain-id.js';
import { isKept, KEEP_SECRET, Secret } from '../../../src/model/secret.js';
import type { Change } from '../../../src/policy/change.js';
import { PolicyRefusedError, type Finding } from '../../../src/policy/finding.js';
import { createMemoryPlace, openMemoryStore } from '../../../src/policy/memory-store.js';
import { createPolicyService } from '../../../src/policy/policy-service.js';
import { secretsOf } from '../../../src/policy/secrets.js';
import type { PolicyService } from '../../../src/policy/service.js';
import { createPolicyState } from '../../../src/policy/state.js';
import { pushedChanges } from '../../support/policy-arbitraries.js';
import { addConnection, BLUE, blueAndRed, ENVIRONMENT, RED } from '../../support/policy-builder.js';
import { ikev2, l2tp, pptp } from '../../support/remote-connections.js';
import { revealed } from '../../support/revealed.js';

const psk = (secret: Secret): PresharedKey => ({ method: 'psk', secret });
const STORED = new Secret('the secret of the office');
const OTHER = new Secret('quite another secret');
const KEPT = { authentication: psk(KEEP_SECRET) };

const link = (secret: Secret) => ({
  pointToPoint: { method: 'mschapv2', userName: 'blue', secret } as const,
});
/** Its certificate is nonsense: for what does not judge it. */
const certificate = (privateKey: Secret): CertificateAuthentication => ({
  method: 'certificate',
  credential: { certificate: 'own', privateKey },
  certificateAuthorities: [{ certificate: 'authority' }],
  revocationLists: [],
  revocation: 'relaxed',
});

const EVERYTHING = { depth: null, maxArrayLength: null, maxStringLength: null };

function upsert(value: Connection, routingDomain: RoutingDomainId = BLUE): Change {
  return { op: 'upsert', kind: 'connection', routingDomain, value };
}

/** A service in which blue has the connection `office`, with `STORED` as its pre-shared key. */
async function serveOffice(place = createMemoryPlace()): Promise<PolicyService> {
  const service = await createPolicyService(openMemoryStore(place), ENVIRONMENT);
  const { policy, blue } = blueAndRed();
  addConnection(blue, ikev2('office', {}, { authentication: psk(STORED) }));
  await service.replace(policy);
  return service;
}

function officeOf(service: PolicyService): Connection | undefined {
  const connections = service.current().policy.routingDomains.get(BLUE)?.connections;
  return [...(connections?.values() ?? [])].find(({ id }) => id === 'office');
}

function secretsIn(connection: Connection | undefined): string[] {
  return connection === undefined ? [] : secretsOf(connection).map(({ secret }) => secret.reveal());
}

async function refusal(push: Promise<unknown>): Promise<readonly Finding[]> {
  const error = await push.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PolicyRefusedError)) throw new Error('was not refused', { cause: error });
  return error.findings;
}

describe('a push that leaves a secret out', () => {
  it('as a whole policy, touches nothing when all else is the same', async () => {
    const service = await serveOffice();
    const { policy, blue } = blueAndRed();
    const pushed = addConnection(blue, ikev2('office', {}, KEPT));
    const { scope, revision } = await service.replace(policy);
    expect(scope).toEqual({ gateway: false, domains: new Set() });
    expect(revision).toBe(2);
    expect(secretsIn(officeOf(service))).toEqual([STORED.reveal()]);
    expect(isKept((pushed.authentication as PresharedKey).secret)).toBe(true);
  });

  it('keeps it while the rest of the connection changes, and after a restart', async () => {
    const place = createMemoryPlace();
    const service = await serveOffice(place);
    const moved = ikev2('office', { destination: '198.51.100.9' }, KEPT);
    const { scope } = await service.change([upsert(moved)]);
    expect(scope).toEqual({ gateway: true, domains: new Set([BLUE]) });
    const wanted = revealed({ ...moved, authentication: psk(STORED) });
    expect(revealed(officeOf(service))).toEqual(wanted);
    const again = await createPolicyService(openMemoryStore(place), ENVIRONMENT);
    expect(revealed(officeOf(again))).toEqual(wanted);
  });

  it('as a routing domain, keeps it', async () => {
    const service = await serveOffice();
    const { blue } = blueAndRed();
    addConnection(blue, ikev2('office', { destination: '198.51.100.9' }, KEPT));
    await service.change([{ op: 'upsert', kind: 'routingDomain', value: blue }]);
    expect(secretsIn(officeOf(service))).toEqual([STORED.reveal()]);
  });

  it('keeps the one that an earlier change of the push has brought', async () => {
    const service = await serveOffice();
    await service.change([
      upsert(ikev2('office', {}, { authentication: psk(OTHER) })),
      upsert(ikev2('office', { destination: '198.51.100.9' }, KEPT)),
    ]);
    expect(secretsIn(officeOf(service))).toEqual([OTHER.reveal()]);
  });

  it('keeps the one that a push waiting before it has brought', async () => {
    const service = await serveOffice();
    await Promise.all([
      service.change([upsert(ikev2('office', {}, { authentication: psk(OTHER) }))]),
      service.change([upsert(ikev2('office', { destination: '198.51.100.9' }, KEPT))]),
    ]);
    expect(secretsIn(officeOf(service))).toEqual([OTHER.reveal()]);
  });

  it('does not keep the one of a push that was refused', async () => {
    const service = await serveOffice();
    await Promise.allSettled([
      service.change([
        upsert(ikev2('office', { destination: '127.0.0.1' }, { authentication: psk(OTHER) })),
      ]),
      service.change([upsert(ikev2('office', { destination: '198.51.100.9' }, KEPT))]),
    ]);
    expect(secretsIn(officeOf(service))).toEqual([STORED.reveal()]);
  });

  it('is told what else is wrong with the object that it pushed', async () => {
    const service = await serveOffice();
    const pushed = ikev2('office', { destination: '127.0.0.1' }, KEPT);
    const { policy, blue } = blueAndRed();
    addConnection(blue, pushed);
    for (const push of [service.change([upsert(pushed)]), service.replace(policy)]) {
      const findings = await refusal(push);
      expect(findings.map(({ code }) => code)).toEqual(['invalidAddress']);
      expect(findings[0]?.subject).toBe(pushed);
    }
  });

  it('is warned about the object that it pushed', async () => {
    const service = await serveOffice();
    await service.change([upsert(ikev2('office', {}, { authentication: psk(new Secret('s')) }))]);
    const pushed = ikev2('office', { destination: '198.51.100.9' }, KEPT);
    const { warnings } = await service.change([upsert(pushed)]);
    expect(warnings.map(({ subject, field }) => [subject === pushed, field])).toEqual([
      [true, 'authentication/secret'],
    ]);
  });

  it('changes nothing when the store fails', async () => {
    const place = createMemoryPlace();
    const service = await serveOffice(place);
    const before = revealed(service.current());
    place.failure = new Error('no space left on device');
    const pushed = ikev2('office', { destination: '198.51.100.9' }, KEPT);
    await expect(service.change([upsert(pushed)])).rejects.toMatchObject({
      code: 'storeUnavailable',
    });
    expect(revealed(service.current())).toEqual(before);
    place.failure = undefined;
    await service.change([upsert(pushed)]);
    expect(secretsIn(officeOf(service))).toEqual([STORED.reveal()]);
  });
});

describe('a secret that nobody has', () => {
  const deletion = { op: 'delete', kind: 'connection', routingDomain: BLUE } as const;
  const pushes: [string, (pushed: Connection) => Change[], RoutingDomainId?][] = [
    ['of a new connection', () => []],
    ['of another routing domain', () => [], RED],
    ['deleted earlier in the push', ({ id }) => [{ ...deletion, key: id }]],
    [
      'of a routing domain deleted earlier in the push',
      () => [
        { op: 'delete', kind: 'routingDomain', key: BLUE },
        { op: 'upsert', kind: 'routingDomainHead', value: { id: BLUE } },
      ],
    ],
  ];
  it.each(pushes)('%s', async (name, before, domain = BLUE) => {
    const service = await serveOffice();
    const id = name === 'of a new connection' ? 'branch' : 'office';
    const pushed = ikev2(id, { routes: ['10.77.0.0/16'], source: '203.0.113.77' }, KEPT);
    const findings = await refusal(service.change([...before(pushed), upsert(pushed, domain)]));
    expect(findings.map(({ field, code }) => [field, code])).toContainEqual([
      'authentication/secret',
      'missingSecret',
    ]);
    const missing = findings.find(({ code }) => code === 'missingSecret');
    expect(missing?.subject).toBe(pushed);
    expect(missing?.message).toMatch(/^[A-Z].*[;,] .*\.$/);
    expect(secretsIn(officeOf(service))).toEqual([STORED.reveal()]);
  });

  it('is found in a whole policy and in a new routing domain, beside all other errors', async () => {
    const { policy, blue } = blueAndRed();
    const pushed = addConnection(blue, ikev2('office', { destination: '127.0.0.1' }, KEPT));
    const service = await createPolicyService(openMemoryStore(), ENVIRONMENT);
    const whole = await refusal(service.replace(policy));
    const domain = await refusal(
      service.change([{ op: 'upsert', kind: 'routingDomain', value: blue }]),
    );
    for (const findings of [whole, domain]) {
      const own = findings.filter(({ subject }) => subject === pushed);
      expect(own.map(({ code }) => code)).toEqual(['missingSecret', 'invalidAddress']);
    }
  });

  const STORED_AS: Record<string, Connection> = {
    psk: ikev2('x', {}, { authentication: psk(STORED) }),
    certificate: ikev2('x', {}, { authentication: certificate(STORED) }),
    l2tp: l2tp('x', {}, { authentication: psk(STORED), ...link(STORED) }),
    pptp: pptp('x', {}, link(STORED)),
  };
  const files = { certificateFile: '/own.pem', privateKeyFile: '/own.key' };
  const chap = { method: 'chap', userName: 'blue', secret: KEEP_SECRET } as const;
  const cases: [string, keyof typeof STORED_AS, Connection, string[]][] = [
    ['same psk', 'psk', ikev2('x', {}, KEPT), []],
    [
      'same certificate',
      'certificate',
      ikev2('x', {}, { authentication: certificate(KEEP_SECRET) }),
      [],
    ],
    ['same l2tp', 'l2tp', l2tp('x', {}, { ...KEPT, ...link(KEEP_SECRET) }), []],
    ['same pptp', 'pptp', pptp('x', {}, link(KEEP_SECRET)), []],
    ['psk of another type', 'l2tp', ikev2('x', {}, KEPT), ['authentication/secret']],
    ['psk after a certificate', 'certificate', ikev2('x', {}, KEPT), ['authentication/secret']],
    [
      'certificate after a psk',
      'psk',
      ikev2('x', {}, { authentication: certificate(KEEP_SECRET) }),
      ['authentication/privateKey'],
    ],
    [
      'l2tp after ikev2',
      'psk',
      l2tp('x', {}, { ...KEPT, ...link(KEEP_SECRET) }),
      ['authentication/secret', 'pointToPoint/secret'],
    ],
    [
      'another method on the link only',
      'l2tp',
      l2tp('x', {}, { ...KEPT, pointToPoint: chap }),
      ['pointToPoint/secret'],
    ],
    ['pptp after l2tp', 'l2tp', pptp('x', {}, link(KEEP_SECRET)), ['authentication/secret']],
  ];
  it.each(cases)('%s', (_, stored, pushed, fields) => {
    const state = createPolicyState(blueAndRed().policy);
    state.apply([upsert(STORED_AS[stored] as Connection)]);
    const { missing } = state.apply([upsert(pushed)]);
    expect(missing.map(({ field, code, subject }) => [field, code, subject === pushed])).toEqual(
      fields.map((field) => [field, 'missingSecret', true]),
    );
    if (fields.length > 0) return;
    const filled = state.policy.routingDomains.get(BLUE)?.connections.get(pushed.id);
    expect(revealed(filled)).toEqual(revealed(STORED_AS[stored]));
  });

  it('a key is not kept for a certificate that is in a file now', () => {
    const state = createPolicyState(blueAndRed().policy);
    const own = certificate(STORED);
    state.apply([upsert(ikev2('x', {}, { authentication: { ...own, credential: files } }))]);
    const { missing } = state.apply([
      upsert(ikev2('x', {}, { authentication: certificate(KEEP_SECRET) })),
    ]);
    expect(missing.map(({ field }) => field)).toEqual(['authentication/privateKey']);
  });

  it('never reaches the store', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(pushedChanges, { maxLength: 6 }), async (pushes) => {
        const inner = openMemoryStore();
        const stored: Change[] = [];
        const service = await createPolicyService(
          {
            ...inner,
            async commit(revision, list) {
              stored.push(...list);
              await inner.commit(revision, list);
            },
          },
          ENVIRONMENT,
        );
        await service.replace(blueAndRed().policy);
        await Promise.allSettled(pushes.map(async (push) => service.change(push)));
        expect(inspect(revealed(stored), EVERYTHING)).not.toContain('kept secret');
      }),
      { numRuns: 50 },
    );
  });
});
