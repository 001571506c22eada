import type { Namespace } from './namespace.js';
import { start } from './process.js';

export type IkeNoiseOptions =
  | {
      /** Random bytes, or first messages of IKEv2 (RFC 7296 section 1.2) as a real peer sends them. */
      readonly kind: 'garbage' | 'firstMessages';
      readonly target: string;
      /** 500 or 4500 */
      readonly port: number;
      readonly packets: number;
      /** They come from so many addresses: 198.19.0.1 and following. */
      readonly sources: number;
    }
  | {
      /** Answers whatever comes with its own header and random bytes behind. */
      readonly kind: 'answers';
      /** Where it listens. */
      readonly target: string;
      readonly port: number;
    };

export interface IkeNoise {
  /** Resolves when all has been sent. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Five messages every 5 ms. */
const PROGRAM = String.raw`
const dgram = require('node:dgram');
const { randomBytes, randomInt } = require('node:crypto');
const [kind, target, port, packets, sources] = process.argv.slice(1);

const bytes = (...values) => Buffer.from(values);
const u16 = (value) => bytes(value >> 8, value & 255);
const payload = (next, body) => Buffer.concat([bytes(next, 0), u16(body.length + 4), body]);
const transform = (last, type, id, ...attributes) =>
  Buffer.concat([bytes(last ? 0 : 3, 0), u16(8 + attributes.length), bytes(type, 0), u16(id), bytes(...attributes)]);
/** AES-CBC 256, PRF-HMAC-SHA-256, HMAC-SHA-256-128, MODP 2048 (RFC 7296 section 3.3). */
const transforms = Buffer.concat([
  transform(false, 1, 12, 0x80, 14, 1, 0), transform(false, 2, 5), transform(false, 3, 12), transform(true, 4, 14),
]);
const association = Buffer.concat([bytes(0, 0), u16(8 + transforms.length), bytes(1, 1, 0, 4), transforms]);
function firstMessage() {
  const share = randomBytes(256);
  share[0] &= 0x7f; // Below the prime.
  const body = Buffer.concat([
    payload(34, association), payload(40, Buffer.concat([u16(14), u16(0), share])), payload(0, randomBytes(32)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(28 + body.length);
  return Buffer.concat([randomBytes(8), Buffer.alloc(8), bytes(33, 0x20, 34, 0x08), Buffer.alloc(4), length, body]);
}

if (kind === 'answers') {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (message, peer) =>
    socket.send(Buffer.concat([message.subarray(0, 20), randomBytes(randomInt(8, 400))]), peer.port, peer.address));
  socket.bind(Number(port), target, () => console.log('ready'));
} else {
  const make = kind === 'garbage' ? () => randomBytes(randomInt(1, 1200)) : firstMessage;
  const sockets = Array.from({ length: Number(sources) }, (_, index) => {
    const socket = dgram.createSocket('udp4');
    socket.bind(0, '198.19.0.' + (index + 1));
    return socket;
  });
  let left = Number(packets);
  const tick = setInterval(() => {
    for (let count = 0; count < 5 && left > 0; count++, left--)
      sockets[left % sockets.length].send(make(), Number(port), target);
    if (left > 0) return;
    clearInterval(tick);
    setTimeout(() => process.exit(0), 200);
  }, 5);
}
`;

/** Starts a stranger that sends what no proper peer would, about a thousand messages a second. */
export function startIkeNoise(namespace: Namespace, options: IkeNoiseOptions): IkeNoise {
  const { kind, target, port } = options;
  const amount = kind === 'answers' ? [] : [String(options.packets), String(options.sources)];
  const args = ['-e', PROGRAM, kind, target, String(port), ...amount];
  const noise = start(process.execPath, args, { namespace });
  return {
    done: noise.ended.then((status) => {
      if (status > 0) throw new Error(`The noise ended (${status}): ${noise.stderr()}`);
    }),
    async stop() {
      await noise.stop('SIGKILL');
    },
  };
}
