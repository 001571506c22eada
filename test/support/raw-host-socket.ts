import koffi from 'koffi';
import type { Namespace } from './namespace.js';
import { enterNamespace } from './network-namespace-thread.js';

/** Whole Ethernet frames, sent and received on one device past its own network stack. */
export interface RawSocket {
  /** Sends one frame as it stands, malformed or not. Rejected is only what the device cannot send. */
  send(frame: Uint8Array): void;
  /** Takes the frames that have arrived since the last call; it does not wait for any. */
  receive(): Uint8Array[];
  close(): void;
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 0x0003;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
/** Linux counts a good 500 bytes for the smallest frame: room for several thousand. */
const RECEIVE_BUFFER = 8 * 1024 * 1024;
const LONGEST_FRAME = 65_536 + 14;

const libc = koffi.load('libc.so.6');
const openSocket = libc.func('int socket(int domain, int type, int protocol)') as (
  domain: number,
  type: number,
  protocol: number,
) => number;
const bindSocket = libc.func('int bind(int fd, void *address, uint32_t length)') as (
  fd: number,
  address: Buffer,
  length: number,
) => number;
const setOption = libc.func(
  'int setsockopt(int fd, int level, int name, void *value, uint32_t length)',
) as (fd: number, level: number, name: number, value: Buffer, length: number) => number;
const sendBytes = libc.func('int64_t send(int fd, void *bytes, size_t length, int flags)') as (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
) => number;
const receiveBytes = libc.func('int64_t recv(int fd, void *bytes, size_t length, int flags)') as (
  fd: number,
  bytes: Uint8Array,
  length: number,
  flags: number,
) => number;
const closeDescriptor = libc.func('int close(int fd)') as (fd: number) => number;
const indexOfDevice = libc.func('uint32_t if_nametoindex(const char *name)') as (
  name: string,
) => number;

/** Opens a socket on a device of another namespace; it stays there while this thread does not. */
export function openRawSocket(namespace: Namespace, device: string): RawSocket {
  const leave = enterNamespace(namespace.path);
  let fd: number;
  try {
    fd = openOn(device);
  } finally {
    leave();
  }
  const buffer = new Uint8Array(LONGEST_FRAME);
  return {
    send(frame) {
      // A full queue holds the sender back instead of losing the frame.
      const sent = sendBytes(fd, frame, frame.byteLength, 0);
      if (sent !== frame.byteLength)
        throw new Error(`cannot send ${frame.byteLength} bytes on ${device}: ${lastError()}`);
    },
    receive() {
      const frames: Uint8Array[] = [];
      for (;;) {
        const length = receiveBytes(fd, buffer, buffer.byteLength, MSG_DONTWAIT);
        if (length < 0) return frames;
        frames.push(buffer.slice(0, length));
      }
    },
    close: () => closeDescriptor(fd),
  };
}

function openOn(device: string): number {
  const index = indexOfDevice(device);
  if (index === 0) throw new Error(`no device ${device}`);
  // Without a protocol it receives nothing until it is bound: no frame of another device.
  const fd = openSocket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) throw new Error(`no packet socket: ${lastError()}`);
  setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, int32(1), 4);
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, int32(RECEIVE_BUFFER), 4);
  // struct sockaddr_ll: family, protocol in network order, interface index.
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(index, 4);
  if (bindSocket(fd, address, address.byteLength) !== 0)
    throw new Error(`cannot bind to ${device}: ${lastError()}`);
  return fd;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function lastError(): string {
  return `errno ${koffi.errno()}`;
}
