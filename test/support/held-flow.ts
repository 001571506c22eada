import type { Transport } from './host-echo.js';
import type { Namespace } from './namespace.js';
import { start, type Background } from './process.js';

/** A server on TCP and UDP that repeats every line or datagram to whom it came from. */
const SERVER = String.raw`
const net = require('node:net');
const dgram = require('node:dgram');
const [port, address] = [Number(process.argv[1]), process.argv[2]];
const tcp = net.createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
const udp = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
udp.on('message', (message, peer) => udp.send(message, peer.port, peer.address));
tcp.listen(port, address, () => udp.bind(port, address, () => console.log('ready')));
`;

/** Sends a line every 20 ms on one connection or socket and prints each one that comes back. */
const CLIENT = String.raw`
const net = require('node:net');
const dgram = require('node:dgram');
const [transport, address, port] = process.argv.slice(1);
const fail = (reason) => { console.error(reason); process.exit(1); };
const show = (data) => process.stdout.write(String(data));
let sent = 0;
const next = () => 'line ' + (sent += 1) + '\n';
if (transport === 'tcp') {
  const socket = net.connect({ host: address, port: Number(port) }, () =>
    setInterval(() => socket.write(next()), 20));
  socket.on('data', show);
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('closed'));
} else {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', show);
  socket.on('error', (error) => fail(error.message));
  socket.connect(Number(port), address, () => setInterval(() => socket.send(next()), 20));
}
`;

/** A server for {@link startFlow} on one address and port, TCP and UDP. */
export async function startRepeater(
  namespace: Namespace,
  address: string,
  port: number,
): Promise<Background> {
  const server = start(process.execPath, ['-e', SERVER, String(port), address], { namespace });
  await server.until((self) => self.stdout().includes('ready'));
  return server;
}

/** One TCP connection or UDP socket that is in use until it is stopped. */
export interface Flow {
  /** Resolves when so many more lines have come back; rejects when the connection has ended. */
  more(lines: number): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when the flow is established. */
export async function startFlow(
  namespace: Namespace,
  transport: Transport,
  address: string,
  port: number,
): Promise<Flow> {
  const args = ['-e', CLIENT, transport, address, String(port)];
  const client = start(process.execPath, args, { namespace });
  const lines = (): number => client.stdout().split('\n').length - 1;
  const more = async (count: number): Promise<void> => {
    const enough = lines() + count;
    await client.until(() => lines() >= enough, 20_000);
  };
  await more(1);
  return {
    more,
    async stop() {
      await client.stop();
    },
  };
}
