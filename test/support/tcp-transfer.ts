import type { Namespace } from './namespace.js';
import { run, start } from './process.js';

/** What one end of a connection sent and received, each as SHA-256 in hexadecimal. */
export interface TransferEnd {
  readonly sent: string;
  readonly received: string;
  readonly receivedBytes: number;
  /** Whom it talked to. */
  readonly peer: string;
}

export interface Transfer {
  readonly client: TransferEnd;
  readonly server: TransferEnd;
}

/** Sends so many bytes made of the seed and takes what comes, both at once, on one connection. */
const PROGRAM = String.raw`
const net = require('node:net');
const { createCipheriv, createHash } = require('node:crypto');
const { once } = require('node:events');
const [role, address, port, bytes, seed, localAddress] = process.argv.slice(1);
const sha256 = () => createHash('sha256');
const key = sha256().update(seed).digest().subarray(0, 16);

async function transfer(socket) {
  const [sent, received] = [sha256(), sha256()];
  const peer = socket.remoteAddress;
  let receivedBytes = 0;
  socket.on('data', (chunk) => { received.update(chunk); receivedBytes += chunk.length; });
  const ended = once(socket, 'end');
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let left = Number(bytes); left > 0; left -= 65536) {
    const chunk = cipher.update(Buffer.alloc(Math.min(left, 65536)));
    sent.update(chunk);
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  await ended;
  console.log(JSON.stringify({
    sent: sent.digest('hex'), received: received.digest('hex'), receivedBytes, peer,
  }));
}

const failed = (error) => { console.error(error.message); process.exit(1); };
if (role === 'client')
  transfer(net.connect({ host: address, port: Number(port), localAddress, allowHalfOpen: true })
    .on('error', failed)).catch(failed);
else {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    server.close();
    transfer(socket.on('error', failed)).catch(failed);
  });
  server.listen(Number(port), address, () => console.log('ready'));
}
`;

export interface TransferOptions {
  readonly client: Namespace;
  /** The address that the client calls from, if not the one that its routes choose. */
  readonly from?: string;
  /** What the client calls. */
  readonly address: string;
  readonly port: number;
  readonly server: Namespace;
  /** Where the server listens, if that is not what the client calls. */
  readonly listens?: { readonly address: string; readonly port: number };
  /** Each way. */
  readonly bytes: number;
  /** Tells one transfer's content from another's. */
  readonly content: string;
}

/** A TCP connection with that much content each way, at the same time. */
export async function transfer(request: TransferOptions): Promise<Transfer> {
  const { client, from, address, port, server, bytes, content } = request;
  const { listens = { address, port } } = request;
  const program = (role: string, at: { address: string; port: number }): string[] => [
    ...['-e', PROGRAM, role, at.address, String(at.port), String(bytes), `${content} ${role}`],
  ];
  const running = start(process.execPath, program('server', listens), { namespace: server });
  try {
    await running.until((self) => self.stdout().includes('ready'), 30_000);
    const call = [...program('client', { address, port }), ...(from === undefined ? [] : [from])];
    const options = { namespace: client, timeout: 120_000 };
    const sent = await run(process.execPath, call, options);
    await running.until((self) => self.stdout().includes('sent'), 30_000);
    return { client: readEnd(sent), server: readEnd(running.stdout().replace('ready', '')) };
  } finally {
    await running.stop();
  }
}

function readEnd(text: string): TransferEnd {
  return JSON.parse(text) as TransferEnd;
}
