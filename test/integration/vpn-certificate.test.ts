import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ikev2ConnectionDocument } from '../../provider/remote-connection-schemas.js';
import { createDirectory } from '../support/namespace.js';
import type { Office } from '../support/office.js';
import { expectAnswers } from '../support/ping.js';
import { createAuthority, type Authority, type Leaf } from '../support/pki.js';
import { cleanUp } from '../support/process-owner.js';
import { serveOcsp, serveRevocationList } from '../support/revocation-server.js';
import { createVpnLab, expectGateway, ikev2, reaches, type VpnLab } from '../support/vpn-lab.js';

const GATEWAY = 'gateway.example';
const OFFICE = 'office.example';
/** A web server on the internet: where the authority says what it has revoked. */
const WEB = '203.0.113.100';

type Authentication = Ikev2ConnectionDocument['authentication'];

describe('IKEv2 with certificates (G3)', () => {
  let lab: VpnLab;
  let office: Office;
  let authority: Authority;
  let foreign: Authority;
  let own: Leaf;

  beforeAll(async () => {
    lab = await createVpnLab({ blue: '192.168.1' });
    office = await lab.addOffice({ label: 'office', lan: '192.168.101' });
    authority = await createAuthority('authority');
    foreign = await createAuthority('foreign');
    own = await authority.issue({ name: GATEWAY });
    await office.charon.start();
  });

  afterAll(cleanUp);

  beforeEach(async () => {
    await lab.push({ blue: [] });
  });

  const blueVm = () => lab.tenants.tenant('blue').vm;
  const ours = (others: Partial<Authentication> = {}): Authentication => ({
    ...{ method: 'certificate', certificate: own.certificate, privateKey: own.privateKey },
    certificateAuthorities: [authority.certificate],
    ...others,
  });
  const connection = (
    authentication = ours(),
    others: Partial<Ikev2ConnectionDocument> = {},
  ): Ikev2ConnectionDocument =>
    ikev2(office, authentication, {
      ...{ localIdentity: GATEWAY, remoteIdentity: OFFICE },
      ...others,
    });
  /** The office has this certificate and takes any of the authority's. */
  const officeHas = (leaf: Leaf): Promise<void> =>
    expectGateway(office, { method: 'certificate', leaf, authority }, { remoteIdentity: GATEWAY });

  test('both ends have a certificate of one authority', async () => {
    await officeHas(await authority.issue({ name: OFFICE }));
    await lab.push({ blue: [connection()] });
    await lab.tunnel('blue').connected();
    await reaches(blueVm(), office.hostAddress);
    await expectAnswers(office.host, '192.168.1.101');
    const answer = await lab.controller.send('GET', '/v1/policy');
    expect(answer.body).toContain('BEGIN CERTIFICATE');
    expect(answer.body).not.toContain('PRIVATE KEY');
  });

  test('certificates and key in files of the gateway', async () => {
    const directory = createDirectory('certificates');
    const file = (name: string, content: string): string => {
      writeFileSync(join(directory, name), content, { mode: 0o600 });
      return join(directory, name);
    };
    await officeHas(await authority.issue({ name: OFFICE }));
    await lab.push({
      blue: [
        connection({
          method: 'certificate',
          certificateFile: file('leaf.pem', own.certificate),
          privateKeyFile: file('leaf.key', own.privateKey),
          certificateAuthorityFiles: [file('ca.pem', authority.certificate)],
        }),
      ],
    });
    await lab.tunnel('blue').connected();
    await reaches(blueVm(), office.hostAddress);
  });

  test('the office calls', async () => {
    await officeHas(await authority.issue({ name: OFFICE }));
    await lab.push({ blue: [connection(ours(), { initiate: false })] });
    await office.charon.initiate('net');
    await lab.tunnel('blue').connected();
  });

  describe('what the gateway does not take', () => {
    /** Whoever calls, the gateway does not take the office's certificate. */
    const refused = async (
      leaf: Leaf,
      cause: string,
      authentication = ours(),
      issuer = authority,
    ): Promise<string> => {
      await expectGateway(
        office,
        { method: 'certificate', leaf, authority: issuer, trusted: authority },
        { remoteIdentity: GATEWAY },
      );
      let message = '';
      for (const initiate of [true, false]) {
        await lab.push({ blue: [] });
        await lab.push({ blue: [connection(authentication, { initiate })] });
        if (!initiate) await expect(office.charon.initiate('net')).rejects.toThrow();
        const { lastError } = await lab.tunnel('blue').failed(cause);
        message = lastError?.message ?? '';
      }
      expect(message).not.toMatch(/PRIVATE|BEGIN/);
      return message;
    };

    test('expired', async () => {
      const leaf = await authority.issue({ name: OFFICE, expired: true });
      await refused(leaf, 'certificateExpired');
    });

    test('of another authority', async () => {
      const leaf = await foreign.issue({ name: OFFICE });
      await refused(leaf, 'certificateUntrusted', ours(), foreign);
    });

    test('of somebody else', async () => {
      await officeHas(await authority.issue({ name: 'stranger.example' }));
      await lab.push({ blue: [connection(ours(), { initiate: false })] });
      await expect(office.charon.initiate('net')).rejects.toThrow('AUTHENTICATION_FAILED');
      const { lastError } = await lab.tunnel('blue').failed('identityMismatch');
      expect(lastError?.message).toContain('stranger.example');
    });

    test('on a revocation list that was pushed', async () => {
      const leaf = await authority.issue({ name: OFFICE });
      await authority.revoke(leaf);
      const revocationLists = [await authority.revocationList()];
      await refused(leaf, 'certificateRevoked', ours({ revocationLists }));
      await officeHas(await authority.issue({ name: OFFICE }));
      await lab.push({ blue: [connection(ours({ revocationLists, revocation: 'strict' }))] });
      await lab.tunnel('blue').connected();
    });

    test('on a revocation list that the certificate names', async () => {
      const revocationListUrl = `http://${WEB}/revoked.crl`;
      const leaf = await authority.issue({ name: OFFICE, revocationListUrl });
      await authority.revoke(leaf);
      const server = await serveRevocationList(lab.internet, authority, WEB, 80);
      await refused(leaf, 'certificateRevoked');
      expect(server.requests()).toContain('GET /revoked.crl');
      await server.stop();
    });

    test('by the word of an OCSP responder', async () => {
      const ocspUrl = `http://${WEB}/`;
      const [good, leaf] = [
        await authority.issue({ name: OFFICE, ocspUrl }),
        await authority.issue({ name: OFFICE, ocspUrl }),
      ];
      await authority.revoke(leaf);
      const signer = await authority.issue({ name: 'ocsp.example', signsOcsp: true });
      const responder = await serveOcsp(lab.internet, authority, signer, 80);
      await refused(leaf, 'certificateRevoked');
      await officeHas(good);
      await lab.push({ blue: [connection(ours({ revocation: 'strict' }))] });
      await lab.tunnel('blue').connected();
      await responder.stop();
    });

    test('without word that it is good, where that is asked for', async () => {
      const leaf = await authority.issue({ name: OFFICE });
      const strict = ours({ revocation: 'strict' });
      expect(await refused(leaf, 'certificateUntrusted', strict)).toContain('revo');
    });
  });

  describe('what is refused at push', () => {
    const certainly = 'certainly not PEM';
    test.each<[string, () => Partial<Authentication> | Promise<Partial<Authentication>>]>([
      [
        'a key of another certificate',
        async () => ({ privateKey: (await authority.issue({ name: GATEWAY })).privateKey }),
      ],
      ['a certificate that is none', () => ({ certificate: certainly })],
      ['an authority that is none', () => ({ certificateAuthorities: [certainly] })],
    ])('%s', async (_, wrong) => {
      const policy = lab.tenants.policy({ blue: [connection(ours(await wrong()))] });
      const answer = await lab.controller.send('PUT', '/v1/policy', {
        body: JSON.stringify(policy),
      });
      expect([answer.status, answer.body]).toEqual([
        422,
        expect.stringContaining('invalidCertificate'),
      ]);
    });
  });
});
