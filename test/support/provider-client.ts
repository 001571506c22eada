import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createClient, type Client } from '../../provider/client/client.js';
import type { Gateway } from './gateway.js';
import type { Namespace } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';
import { patience } from './patience.js';
import { atExit } from './process-owner.js';

/** A controller beside the gateway: it calls the API of the running daemon over HTTPS. */
export interface Controller {
  readonly client: Client;
  /** A call that a well-behaved client does not make: any body, any header, any answer. */
  send(method: string, path: string, message?: RawMessage): Promise<RawAnswer>;
  close(): void;
}

export interface RawMessage {
  /** Besides the token, or instead of it; `content-type` is JSON where absent. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * The API listens on loopback in the gateway's namespace, so the calling thread lives there until
 * `close`, at the latest until `cleanUp`. The daemon must have been started once: it makes its token
 * and certificate then.
 */
export function createController(
  namespace: Namespace,
  gateway: Pick<Gateway, 'stateDirectory'>,
): Controller {
  const file = (...path: string[]): string =>
    readFileSync(join(gateway.stateDirectory, ...path), 'utf8').trim();
  const options = {
    ...{ url: 'https://127.0.0.1:7637', timeout: patience(60_000) },
    ...{ token: file('token'), ca: file('tls', 'cert.pem') },
  };
  const leave = enterNamespace(namespace.path);
  const client = createClient(options);
  const end = (): void => {
    client.close();
    leave();
  };
  const forget = atExit(end);
  return {
    client,
    send: (method, path, { headers = {}, body = '' } = {}) =>
      new Promise((resolve, reject) => {
        const call = request(new URL(path, options.url), {
          ...{ method, ca: options.ca, checkServerIdentity: () => undefined, agent: false },
          headers: {
            authorization: `Bearer ${options.token}`,
            ...(body === '' ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
        });
        call.on('error', reject);
        call.on('response', (response) => {
          const answer = { status: response.statusCode ?? 0, headers: response.headers };
          text(response).then((received) => resolve({ ...answer, body: received }), reject);
        });
        call.end(body);
      }),
    close() {
      forget();
      end();
    },
  };
}
