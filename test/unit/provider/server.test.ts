import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildApp } from '../../../provider/app.js';
import { startServer } from '../../../provider/server.js';
import { loadCertificate } from '../../../provider/tls.js';
import { EMPTY_POLICY } from '../../../src/model/policy.js';
import { fakeStatus, fakeTunnels } from './harness.js';
import { ENVIRONMENT } from '../../support/policy-builder.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nvgate-tls-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('loadCertificate', () => {
  it('makes a certificate for this host once, its key readable by its owner alone', async () => {
    const made = await loadCertificate(directory, ['192.0.2.7', '0.0.0.0', 'gateway.example']);
    const certificate = new X509Certificate(made.cert);
    expect(certificate.subjectAltName).toBe(
      `DNS:localhost, DNS:${hostname()}, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:192.0.2.7, DNS:gateway.example`,
    );
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    const years =
      new Date(certificate.validTo).getFullYear() - new Date(certificate.validFrom).getFullYear();
    expect(years).toBe(10);
    for (const file of ['cert.pem', 'key.pem'])
      expect((await stat(join(directory, 'tls', file))).mode & 0o777).toBe(0o600);
    expect(await loadCertificate(directory, [])).toEqual(made);
  });

  it('refuses what cannot serve, naming the file', async () => {
    await loadCertificate(directory, []);
    const [cert, key] = ['cert.pem', 'key.pem'].map((file) => join(directory, 'tls', file)) as [
      string,
      string,
    ];
    const good = await readFile(cert, 'utf8');
    const refused = { code: 'configInvalid', message: expect.stringContaining(cert) as unknown };

    await writeFile(cert, 'nothing');
    await expect(loadCertificate(directory, [])).rejects.toMatchObject(refused);
    await writeFile(cert, good);
    const other = await mkdtemp(join(tmpdir(), 'nvgate-tls-'));
    await writeFile(key, (await loadCertificate(other, [])).key);
    await rm(other, { recursive: true });
    await expect(loadCertificate(directory, [])).rejects.toMatchObject(refused);
    await rm(key);
    await expect(loadCertificate(directory, [])).rejects.toMatchObject(refused);
  });
});

describe('startServer', () => {
  function app(tls?: { cert: string; key: string }) {
    const absent = (): never => {
      throw new Error('not part of this test');
    };
    return buildApp(
      {
        gateway: { name: 'edge', version: '1', startedAt: new Date() },
        policy: {
          current: () => ({ revision: 0, policy: EMPTY_POLICY }),
          replace: absent,
          change: absent,
          lost: () => undefined,
          onPush: absent,
        },
        status: fakeStatus(),
        tunnels: fakeTunnels(),
        underlay: { pathMtus: absent, peerProblems: absent },
        environment: ENVIRONMENT,
        capabilities: absent,
        trace: absent,
        counters: absent,
        events: { subscribe: () => () => undefined },
        token: 'a-token-of-the-tests',
        log: pino({ level: 'silent' }),
      },
      tls === undefined ? {} : { tls },
    );
  }

  it('serves with TLS that a client who trusts the certificate accepts', async () => {
    const tls = await loadCertificate(directory, ['127.0.0.1']);
    const server = await startServer(app(tls), { host: '127.0.0.1', port: 0 });
    const status = await new Promise((resolve, reject) => {
      request({
        host: '127.0.0.1',
        port: server.port,
        path: '/healthz',
        ca: tls.cert,
        agent: false,
      })
        .on('response', (response) => {
          resolve(response.statusCode);
          response.resume();
        })
        .on('error', reject)
        .end();
    });
    await server.close();
    expect(status).toBe(200);
  });

  it('closes although somebody listens to events', async () => {
    const server = await startServer(app(), { host: '127.0.0.1', port: 0 });
    const response = await fetch(`http://127.0.0.1:${server.port}/v1/events`, {
      headers: { authorization: 'Bearer a-token-of-the-tests' },
    });
    const text = response.text();
    await server.close();
    expect(await text).toBe('event: revision\nid: 0\ndata: {"revision":0}\n\n');
  });

  it('says that the address is taken', async () => {
    const first = await startServer(app(), { host: '127.0.0.1', port: 0 });
    const second = startServer(app(), { host: '127.0.0.1', port: first.port });
    await expect(second).rejects.toMatchObject({
      code: 'configInvalid',
      message: expect.stringContaining(`127.0.0.1 port ${first.port}`) as unknown,
    });
    await first.close();
  });
});
