import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { messageOf } from '../../../src/errors.js';
import type { GatewayAnswer } from '../../../provider/answer-schemas.js';
import type { Gateway } from '../../support/gateway.js';
import type { Namespace } from '../../support/namespace.js';
import { enterNamespace } from '../../support/network-namespace-thread.js';
import { sleep } from '../../support/process.js';
import { atExit } from '../../support/process-owner.js';
import type { Body } from './policy-lines.js';

/** A controller that wastes no time: connections that stay, bodies that are ready. */
export interface Api {
  /** PATCH /v1/policy, NDJSON; answers the revision that it led to. */
  push(body: Body): Promise<number>;
  /** PUT of a JSON document; answers the revision that it led to. */
  put(path: string, document: unknown): Promise<number>;
  get(path: string): Promise<string>;
  gateway(): Promise<GatewayAnswer>;
  ready(): Promise<boolean>;
  /**
   * Resolves when the kernel has the revision, without failures.
   * @returns whether it had before the time was over
   */
  synchronized(revision: number, seconds: number): Promise<boolean>;
  close(): void;
}

const POLL_MILLISECONDS = 10;

/**
 * The calling thread lives in the gateway's namespace until `close`: the API listens on loopback
 * there. The daemon must have been started once: it makes its token and certificate then.
 */
export function openApi(namespace: Namespace, gateway: Gateway): Api {
  const file = (...path: string[]): string =>
    readFileSync(join(gateway.stateDirectory, ...path), 'utf8').trim();
  const leave = enterNamespace(namespace.path);
  const agent = new Agent({
    ...{ keepAlive: true, maxSockets: 64, ca: file('tls', 'cert.pem') },
    checkServerIdentity: () => undefined,
  });
  const authorization = `Bearer ${file('token')}`;
  const close = (): void => {
    agent.destroy();
    leave();
  };
  const forget = atExit(close);

  const call = (
    method: string,
    path: string,
    body: Body = [],
    type = 'application/json',
  ): Promise<{ readonly status: number; readonly text: string }> =>
    new Promise((resolve, reject) => {
      const headers = { authorization, ...(body.length === 0 ? {} : { 'content-type': type }) };
      const length = body.reduce((sum, chunk) => sum + chunk.length, 0);
      const sent = request(new URL(path, 'https://127.0.0.1:7637'), {
        ...{ method, agent },
        headers: { ...headers, ...(length === 0 ? {} : { 'content-length': length }) },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const status = response.statusCode ?? 0;
        text(response).then((received) => resolve({ status, text: received }), reject);
      });
      for (const chunk of body) sent.write(chunk);
      sent.end();
    });
  const expectOk = async (
    answer: Promise<{ readonly status: number; readonly text: string }>,
  ): Promise<string> => {
    const { status, text: received } = await answer;
    if (status >= 300) throw new Error(`The gateway answers ${status}: ${received.slice(0, 500)}`);
    return received;
  };
  const revisionOf = async (answer: Promise<string>): Promise<number> =>
    (JSON.parse(await answer) as { readonly revision: number }).revision;
  const gatewayAnswer = async (): Promise<GatewayAnswer> =>
    JSON.parse(await expectOk(call('GET', '/v1/gateway'))) as GatewayAnswer;

  return {
    async push(body) {
      const began = performance.now();
      try {
        return await revisionOf(
          expectOk(call('PATCH', '/v1/policy', body, 'application/x-ndjson')),
        );
      } catch (error) {
        const seconds = Math.round((performance.now() - began) / 1000);
        const bytes = body.reduce((sum, chunk) => sum + chunk.length, 0);
        throw new Error(
          `The push of ${bytes} bytes failed after ${seconds} s: ${messageOf(error)}`,
          { cause: error },
        );
      }
    },
    put: (path, document) =>
      revisionOf(expectOk(call('PUT', path, [Buffer.from(JSON.stringify(document))]))),
    get: (path) => expectOk(call('GET', path)),
    gateway: gatewayAnswer,
    ready: async () => (await call('GET', '/readyz')).status === 200,
    async synchronized(revision, seconds) {
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end) {
        const { reconcile } = await gatewayAnswer();
        if (reconcile.revision >= revision && reconcile.failures.length === 0) return true;
        await sleep(POLL_MILLISECONDS);
      }
      return false;
    },
    close() {
      forget();
      close();
    },
  };
}
