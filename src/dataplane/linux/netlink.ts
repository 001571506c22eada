import koffi from 'koffi';
import { NvgateError } from '../../errors.js';
import { errorName as nameOf } from '../bpf/libbpf.js';

/** What the kernel says to everybody who has joined a netlink multicast group. */
export interface NetlinkMessage {
  /** nlmsg_type; with nfnetlink the subsystem is in the upper byte. */
  readonly type: number;
  readonly flags: number;
  /** What follows struct nlmsghdr. */
  readonly body: Buffer;
  /** Number of the namespace that it is about; undefined for the one that the socket is in. */
  readonly nsid: number | undefined;
}

export interface NetlinkListener {
  readonly onMessage: (message: NetlinkMessage) => void;
  /** Messages were lost because nobody read them in time. */
  readonly onLoss: () => void;
}

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_LISTEN_ALL_NSID = 8;

const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** So many messages in one go; what is left makes the event loop call again. */
const AT_ONCE = 256;

/**
 * Listens in the namespace of the calling thread, and in every namespace that it has a number for:
 * those at the other end of its veth pairs. No process, no thread: the event loop waits for the
 * socket and is not kept alive by it, and nothing is left behind when this process is killed.
 * @returns ends it
 * @throws NvgateError `kernelFeatureMissing`
 */
export function listenToNetlink(
  protocol: number,
  groups: readonly number[],
  { onMessage, onLoss }: NetlinkListener,
): () => void {
  const { close } = libc();
  const socket = openSocket(protocol, groups);
  const receive = receiver(socket);
  const read = (): void => {
    for (let count = 0; count < AT_ONCE; count++) {
      const received = receive();
      if (received === 'empty') return;
      if (received === 'lost') onLoss();
      else for (const message of received) onMessage(message);
    }
  };
  const poll = koffi.node.poll(socket, { readable: true }, read);
  poll.unref();
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    poll.close();
    close(socket);
  };
}

function openSocket(protocol: number, groups: readonly number[]): number {
  const { socket, bind, setsockopt, close } = libc();
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
  };
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (fd < 0) throw unavailable('no netlink socket');
  /** struct sockaddr_nl: family; the kernel chooses the port. */
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK);
  // More room needs a privilege; without it bursts are lost sooner, and that is told.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, number(RECEIVE_BUFFER), 4);
  const failure =
    bind(fd, address, address.byteLength) < 0
      ? unavailable('no netlink address')
      : groups.some(
            (group) => setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, number(group), 4) < 0,
          )
        ? unavailable('no such netlink group')
        : setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, number(1), 4) < 0
          ? unavailable('other namespaces are not told of; the process needs CAP_NET_BROADCAST')
          : undefined;
  if (failure === undefined) return fd;
  close(fd);
  throw failure;
}

function unavailable(what: string): NvgateError {
  return new NvgateError(
    'kernelFeatureMissing',
    `The kernel tells nothing of changes: ${what} (${errorName()}).`,
  );
}

/** struct nlmsghdr */
const HEADER = 16;
/** struct msghdr of a 64-bit machine: name, namelen, iov, iovlen, control, controllen, flags. */
const MSGHDR = { size: 56, iov: 16, iovLength: 24, control: 32, controlLength: 40 } as const;
/** struct cmsghdr: len, level, type; then the number of the namespace. */
const CMSG = { size: 24, length: 20, level: 8, type: 12, nsid: 16 } as const;
const DATAGRAM = 65_536;

type Received = NetlinkMessage[] | 'empty' | 'lost';

/** Reads one datagram at a time. The memory that the kernel writes to stays where it is. */
function receiver(socket: number): () => Received {
  const { recvmsg } = libc();
  const data = fixedMemory(DATAGRAM);
  const control = fixedMemory(CMSG.size);
  const vector = fixedMemory(16);
  const header = fixedMemory(MSGHDR.size);
  vector.bytes.writeBigUInt64LE(data.address);
  vector.bytes.writeBigUInt64LE(BigInt(DATAGRAM), 8);
  return () => {
    header.bytes.fill(0);
    header.bytes.writeBigUInt64LE(vector.address, MSGHDR.iov);
    header.bytes.writeBigUInt64LE(1n, MSGHDR.iovLength);
    header.bytes.writeBigUInt64LE(control.address, MSGHDR.control);
    header.bytes.writeBigUInt64LE(BigInt(CMSG.size), MSGHDR.controlLength);
    const length = Number(recvmsg(socket, header.bytes, 0));
    if (length < 0) return errorName() === 'ENOBUFS' ? 'lost' : 'empty';
    const hasNsid =
      header.bytes.readBigUInt64LE(MSGHDR.controlLength) >= BigInt(CMSG.length) &&
      control.bytes.readInt32LE(CMSG.level) === SOL_NETLINK &&
      control.bytes.readInt32LE(CMSG.type) === NETLINK_LISTEN_ALL_NSID;
    return messagesOf(
      Buffer.from(data.bytes.subarray(0, length)),
      hasNsid ? control.bytes.readInt32LE(CMSG.nsid) : undefined,
    );
  };
}

interface FixedMemory {
  readonly bytes: Buffer;
  readonly address: bigint;
  /** Keeps it from being freed. */
  readonly handle: unknown;
}

function fixedMemory(size: number): FixedMemory {
  const handle = koffi.alloc('uint8_t', size) as unknown;
  return { bytes: Buffer.from(koffi.view(handle, size)), address: koffi.address(handle), handle };
}

/** The messages of one datagram, each aligned to four bytes. */
export function messagesOf(datagram: Buffer, nsid: number | undefined): NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER <= datagram.byteLength;) {
    const length = datagram.readUInt32LE(at);
    if (length < HEADER || at + length > datagram.byteLength) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      body: datagram.subarray(at + HEADER, at + length),
      nsid,
    });
    at += (length + 3) & ~3;
  }
  return messages;
}

interface Libc {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Buffer, length: number) => number;
  readonly setsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Buffer,
    length: number,
  ) => number;
  readonly recvmsg: (fd: number, header: Buffer, flags: number) => number | bigint;
  readonly close: (fd: number) => number;
}

let loaded: Libc | undefined;

function libc(): Libc {
  if (loaded !== undefined) return loaded;
  const library = koffi.load('libc.so.6');
  const functions: Record<keyof Libc, unknown> = {
    socket: library.func('int socket(int family, int type, int protocol)'),
    bind: library.func('int bind(int fd, void *address, uint32_t length)'),
    setsockopt: library.func(
      'int setsockopt(int fd, int level, int option, void *value, uint32_t length)',
    ),
    recvmsg: library.func('int64_t recvmsg(int fd, void *header, int flags)'),
    close: library.func('int close(int fd)'),
  };
  /* koffi types every function alike; the C signatures above are what holds. */
  loaded = functions as Libc;
  return loaded;
}

/** Of the call that has just failed. */
function errorName(): string {
  return nameOf(koffi.errno());
}
