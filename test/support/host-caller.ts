import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { createDirectory, type Namespace } from './namespace.js';
import { start } from './process.js';

/** One line to send, and what to wait for. */
export interface Call {
  readonly transport: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly payload: string;
  /** 0: any free one. */
  readonly sourcePort: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Makes calls for others: each connection on its Unix socket brings one as JSON and gets
 * `{answer}` or `{error}`. The path of such a socket is the same in all network namespaces.
 */
const CALLER = String.raw`
const net = require('node:net');
const dgram = require('node:dgram');

function exchange({ transport, address, port, payload, sourcePort, timeout }, done) {
  let end = () => {};
  const finish = (result) => { clearTimeout(timer); end(); end = () => {}; done(result); done = () => {}; };
  const fail = (error) => finish({ error });
  const timer = setTimeout(() => fail('no answer within ' + timeout + ' ms'), timeout);
  if (transport === 'tcp') {
    const socket = net.connect({ host: address, port, localPort: sourcePort });
    end = () => socket.destroy();
    let answer = '';
    socket.on('connect', () => socket.write(payload + '\n'));
    socket.on('data', (chunk) => { answer += chunk; });
    socket.on('end', () => finish({ answer }));
    socket.on('error', (error) => fail(error.message));
  } else {
    const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
    end = () => socket.close();
    socket.on('message', (message) => finish({ answer: String(message) }));
    socket.on('error', (error) => fail(error.message));
    socket.bind(sourcePort, () => socket.send(payload, port, address));
  }
}

net.createServer({ allowHalfOpen: true }, (connection) => {
  let call = '';
  connection.on('error', () => connection.destroy());
  connection.on('data', (chunk) => { call += chunk; });
  connection.on('end', () => exchange(JSON.parse(call), (result) => connection.end(JSON.stringify(result))));
}).listen(process.argv[1], () => console.log('ready'));
`;

/** Sockets of those that call, by the namespace that they are in: a process for each call takes longer. */
const callers = new Map<string, Promise<string>>();

/** Makes a call from the namespace and answers with what comes back. Rejects without an answer. */
export async function call(namespace: Namespace, what: Call): Promise<string> {
  let caller = callers.get(namespace.path);
  if (caller === undefined) callers.set(namespace.path, (caller = startCaller(namespace)));
  const connection = connect({ path: await caller });
  connection.end(JSON.stringify(what));
  const result = JSON.parse(await text(connection)) as { answer?: string; error?: string };
  if (result.answer === undefined)
    throw new Error(`${what.transport} ${what.address} port ${what.port}: ${result.error ?? ''}`);
  return result.answer;
}

async function startCaller(namespace: Namespace): Promise<string> {
  const path = join(createDirectory('caller'), 'socket');
  const caller = start(process.execPath, ['-e', CALLER, path], { namespace });
  await caller.until((self) => self.stdout().includes('ready'));
  return path;
}
