import { call } from './host-caller.js';
import type { Namespace } from './namespace.js';
import { patience } from './patience.js';
import { start, type Background } from './process.js';

export type Transport = 'tcp' | 'udp';

/** What the far end saw of one exchange: the addresses tell what was translated on the way. */
export interface Echo {
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  readonly payload: string;
}

/** A server on TCP and UDP that answers each message with an {@link Echo} as JSON. */
const SERVER = String.raw`
const net = require('node:net');
const dgram = require('node:dgram');
const [port, address] = [Number(process.argv[1]), process.argv[2]];
const plain = (text) => text.replace(/^::ffff:/, '');
const answer = (from, to, payload) => JSON.stringify({ from, to, payload }) + '\n';
const tcp = net.createServer((socket) => {
  socket.on('error', () => socket.destroy());
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    if (!text.endsWith('\n')) return;
    socket.end(answer(
      { address: plain(socket.remoteAddress), port: socket.remotePort },
      { address: plain(socket.localAddress), port: socket.localPort },
      text.slice(0, -1),
    ));
  });
});
const udp = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
udp.on('message', (message, peer) => udp.send(
  answer({ address: peer.address, port: peer.port }, { address, port }, String(message)),
  peer.port, peer.address,
));
tcp.listen(port, address, () => udp.bind(port, address, () => console.log('ready')));
`;

/**
 * Starts the echo server on one address and port, TCP and UDP.
 * @param address of the namespace; 0.0.0.0 takes all, but then UDP answers do not name it
 */
export async function startEcho(
  namespace: Namespace,
  address: string,
  port: number,
): Promise<Background> {
  const server = start(process.execPath, ['-e', SERVER, String(port), address], { namespace });
  await server.until((self) => self.stdout().includes('ready'));
  return server;
}

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  /** One line; `hello` where absent. */
  readonly payload?: string;
  /** Any free one where absent. */
  readonly sourcePort?: number;
  /** Milliseconds; 3,000 on an ordinary machine where absent. */
  readonly timeout?: number;
}

/** Sends one message to an echo server and answers with what that saw. Rejects without an answer. */
export async function exchange(namespace: Namespace, options: ExchangeOptions): Promise<Echo> {
  const { transport, address, port, payload = 'hello', sourcePort = 0 } = options;
  const timeout = options.timeout ?? patience(3_000);
  const text = await call(namespace, { transport, address, port, payload, sourcePort, timeout });
  return JSON.parse(text) as Echo;
}
