import koffi from 'koffi';
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOL_PACKET = 263;
const PACKET_QDISC_BYPASS = 20;
const BATCH = 256;

/** struct mmsghdr on 64-bit Linux: struct msghdr (56 bytes), then msg_len. */
const MMSGHDR = { size: 64, iov: 16, iovLength: 24 } as const;
const IOVEC_SIZE = 16;

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;
const bind = libc.func('int bind(int fd, void *address, uint32_t length)') as (
  fd: number,
  address: Buffer,
  length: number,
) => number;
const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, void *value, uint32_t length)',
) as (fd: number, level: number, name: number, value: Buffer, length: number) => number;
const sendmmsg = libc.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)') as (
  fd: number,
  messages: bigint,
  count: number,
  flags: number,
) => number;
const ifNameToIndex = libc.func('uint32_t if_nametoindex(const char *name)') as (
  name: string,
) => number;

/** Hands so many frames to the kernel and answers how many it took. */
export type Send = (count: number) => number;

/** Frames sent on a device in turns: up to 256 a system call, past the queueing discipline. */
export function packetSocket(device: string, frames: readonly string[]): Send {
  const fd = open(device);
  // A whole number of turns, so that the vector can be gone through again and again.
  const slots = frames.length * Math.ceil(BATCH / frames.length);
  const messages = prepare(
    frames.map((frame) => Buffer.from(frame, 'hex')),
    slots,
  );
  let slot = 0;
  return (count) => {
    let sent = 0;
    while (sent < count) {
      const most = Math.min(BATCH, count - sent, slots - slot);
      const result = sendmmsg(fd, messages + BigInt(slot * MMSGHDR.size), most, 0);
      // A full queue: the caller tries again.
      if (result <= 0) break;
      sent += result;
      slot = (slot + result) % slots;
    }
    return sent;
  };
}

function open(device: string): number {
  const fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) throw new Error('AF_PACKET socket: run as root');
  const one = Buffer.alloc(4);
  one.writeInt32LE(1);
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, one, 4);
  const ifindex = ifNameToIndex(device);
  if (ifindex === 0) throw new Error(`no device ${device}`);
  /* struct sockaddr_ll: family, protocol, ifindex, ... */
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(ifindex, 4);
  if (bind(fd, address, address.length) !== 0) throw new Error(`cannot bind to ${device}`);
  return fd;
}

/** The message vector in memory that stays where it is. */
function prepare(frames: readonly Buffer[], slots: number): bigint {
  const messages = koffi.alloc('uint8_t', MMSGHDR.size * slots) as bigint;
  const vectors = koffi.alloc('uint8_t', IOVEC_SIZE * slots) as bigint;
  const messageView = Buffer.from(koffi.view(messages, MMSGHDR.size * slots));
  const vectorView = Buffer.from(koffi.view(vectors, IOVEC_SIZE * slots));
  messageView.fill(0);
  const pointers = frames.map((frame) => {
    const memory = koffi.alloc('uint8_t', frame.length) as bigint;
    Buffer.from(koffi.view(memory, frame.length)).set(frame);
    return { address: koffi.address(memory), length: frame.length };
  });
  for (let index = 0; index < slots; index++) {
    const frame = pointers[index % pointers.length];
    if (frame === undefined) throw new Error('no frame to send');
    vectorView.writeBigUInt64LE(frame.address, index * IOVEC_SIZE);
    vectorView.writeBigUInt64LE(BigInt(frame.length), index * IOVEC_SIZE + 8);
    const at = index * MMSGHDR.size;
    messageView.writeBigUInt64LE(
      koffi.address(vectors) + BigInt(index * IOVEC_SIZE),
      at + MMSGHDR.iov,
    );
    messageView.writeBigUInt64LE(1n, at + MMSGHDR.iovLength);
  }
  return messages;
}
