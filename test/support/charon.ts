import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createViciClient } from '../../src/vpn/vici/session.js';
import type { Namespace } from './namespace.js';
import { eventually, start, type Background } from './process.js';

/** ESP in user space; without kernel-libipsec the kernel does it. */
export const USER_SPACE_ESP_PLUGINS =
  'random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints sha1 sha2 aes gcm hmac kdf gmp ' +
  'curve25519 mgf1 kernel-libipsec kernel-netlink socket-default vici updown eap-identity eap-mschapv2 ' +
  'xauth-generic counters';

export interface CharonOptions {
  readonly namespace: Namespace;
  /** Its own; strongswan.conf and the VICI socket go there. */
  readonly directory: string;
  /** What `load` says; {@link USER_SPACE_ESP_PLUGINS} where absent. */
  readonly plugins?: string;
  /** More lines for the section `charon-systemd` of strongswan.conf. */
  readonly extraConf?: string;
}

/** A charon that is not the gateway's. */
export interface Charon {
  readonly socketPath: string;
  readonly process: Background;
  stop(): Promise<void>;
}

/** Starts a `charon-systemd` without any connection, and waits until it answers. */
export async function startCharon(options: CharonOptions): Promise<Charon> {
  const { namespace, directory } = options;
  chmodSync(directory, 0o700);
  const socketPath = join(directory, 'charon.vici');
  const configuration = join(directory, 'strongswan.conf');
  writeFileSync(configuration, strongswanConf(socketPath, options));
  const process = start('/usr/sbin/charon-systemd', [], {
    namespace,
    env: { STRONGSWAN_CONF: configuration },
  });
  await answering(socketPath, process);
  return {
    socketPath,
    process,
    async stop() {
      await process.stop();
    },
  };
}

function strongswanConf(socketPath: string, { plugins, extraConf }: CharonOptions): string {
  return `charon-systemd {
  load = ${plugins ?? USER_SPACE_ESP_PLUGINS}
  journal {
    default = -1
  }
  plugins {
    vici {
      socket = unix://${socketPath}
    }
  }
  ${extraConf ?? ''}
}
`;
}

async function answering(socketPath: string, process: Background): Promise<void> {
  let over: string | undefined;
  void process.ended.then((status) => (over = `charon-systemd ended (${status})`));
  const client = createViciClient(socketPath);
  try {
    await eventually(`charon answers at ${socketPath}`, async () => {
      if (over !== undefined) throw new Error(`${over}: ${process.stderr().trim()}`);
      return client.request('version').catch(() => undefined);
    });
  } finally {
    client.close();
  }
}
