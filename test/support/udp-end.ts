import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { enterNamespace } from './network-namespace-thread.js';
import type { Namespace } from './namespace.js';
import { patience } from './patience.js';
import { atExit } from './process-owner.js';
import { eventually } from './process.js';

/** A UDP socket in a namespace that speaks and hears by one address and port. */
export interface UdpEnd {
  readonly address: string;
  readonly port: number;
  /** Says something new to an address. */
  say(address: string, port: number): Promise<string>;
  /** Who said it, as `ADDRESS PORT`; rejects where it does not come. */
  heard(what: string): Promise<string>;
  /** Resolves when there was time enough for it to come, and it has not. */
  missed(what: string): Promise<void>;
  close(): void;
}

/** Milliseconds after which what has not come will not come. */
const SILENCE = 300;

let serial = 0;

export async function openUdpEnd(
  namespace: Namespace,
  address: string,
  port: number,
): Promise<UdpEnd> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const heard = new Map<string, string>();
  socket.on('message', (message, from) =>
    heard.set(String(message), `${from.address} ${from.port}`),
  );
  // What comes back as an ICMP error is a matter of the next call.
  socket.on('error', () => undefined);
  const leave = enterNamespace(namespace.path);
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
  } finally {
    leave();
  }
  const forget = atExit(() => socket.close());
  return {
    address,
    port,
    say: (to, toPort) =>
      new Promise((resolve, reject) => {
        const what = `${(serial += 1)} from ${address} ${port}`;
        socket.send(what, toPort, to, (error) => {
          if (error === null) resolve(what);
          else reject(error);
        });
      }),
    heard: (what) => eventually(`"${what}" comes to ${address}`, () => heard.get(what), 2_000),
    async missed(what) {
      await new Promise((resolve) => setTimeout(resolve, patience(SILENCE)));
      const from = heard.get(what);
      if (from !== undefined) throw new Error(`"${what}" came to ${address} from ${from}.`);
    },
    close() {
      forget();
      socket.close();
    },
  };
}
