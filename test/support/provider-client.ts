import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Client } from '../../provider/client/client.js';
import { createTransport, type Transport } from '../../provider/client/transport.js';
import type { Gateway } from './gateway.js';
import type { Namespace } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';
import { atExit } from './process-owner.js';

/** A controller beside the gateway: it calls the API of the running daemon over HTTPS. */
export interface Controller {
  readonly client: Client;
  /** For calls that a well-behaved client does not make. */
  readonly transport: Transport;
  close(): void;
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
    ...{ url: 'https://127.0.0.1:7637', timeout: 60_000 },
    ...{ token: file('token'), ca: file('tls', 'cert.pem') },
  };
  const leave = enterNamespace(namespace.path);
  const client = createClient(options);
  const transport = createTransport(options);
  const end = (): void => {
    client.close();
    transport.close();
    leave();
  };
  const forget = atExit(end);
  return {
    client,
    transport,
    close() {
      forget();
      end();
    },
  };
}
