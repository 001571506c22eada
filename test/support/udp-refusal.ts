import type { Namespace } from './namespace.js';
import { patience } from './patience.js';
import { run } from './process.js';

/** Sends to a port again and again until the socket hears of an error. */
const PROGRAM = String.raw`
const socket = require('node:dgram').createSocket('udp4');
const [address, port, timeout] = process.argv.slice(1);
const end = (code) => { console.log(code); process.exit(0); };
socket.on('error', (error) => end(error.code));
socket.connect(Number(port), address, () => setInterval(() => socket.send('?'), 100));
setTimeout(() => end('nothing'), Number(timeout));
`;

/** What a UDP socket is told of a port: `ECONNREFUSED` when an ICMP error reaches it, or `nothing`. */
export async function refusalOf(
  namespace: Namespace,
  address: string,
  port: number,
): Promise<string> {
  const limit = String(patience(5_000));
  const options = { namespace, timeout: 60_000 };
  return (
    await run(process.execPath, ['-e', PROGRAM, address, String(port), limit], options)
  ).trim();
}
