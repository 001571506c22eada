import { describe, expect, it } from 'vitest';
import { firewallHint, routeHint } from '../../../../src/dataplane/linux/change-message.js';
import { messagesOf, type NetlinkMessage } from '../../../../src/dataplane/linux/netlink.js';

/** struct nlattr with its padding. */
function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + value.byteLength + 3) & ~3);
  bytes.writeUInt16LE(4 + value.byteLength);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function message(type: number, body: Buffer, others: Partial<NetlinkMessage> = {}): NetlinkMessage {
  return { type, flags: 0, body, nsid: undefined, ...others };
}

/** struct ifinfomsg, ifaddrmsg or tcmsg as far as they are alike. */
const ofDevice = (ifindex: number): Buffer => Buffer.concat([Buffer.alloc(4), number(ifindex)]);

function route(protocol: number, device = 7): Buffer {
  const header = Buffer.alloc(12);
  header[5] = protocol;
  return Buffer.concat([
    header,
    attribute(1, Buffer.from([192, 168, 1, 0])),
    attribute(4, number(device)),
  ]);
}

describe('a message of rtnetlink', () => {
  it.each<[string, number]>([
    ['a link', 17],
    ['an address', 21],
    ['a queueing discipline', 37],
    ['a filter', 45],
  ])('says of %s on which device and in which namespace it is', (_, type) => {
    expect(routeHint(message(type, ofDevice(7)))).toEqual({ nsid: undefined, ifindex: 7 });
    expect(routeHint(message(type, ofDevice(7), { nsid: 3 }))).toEqual({ nsid: 3, ifindex: 7 });
  });

  it('is of interest for our routes, and for those that take the place of one', () => {
    expect(routeHint(message(25, route(76)))).toEqual({ nsid: undefined, ifindex: 7 });
    expect(routeHint(message(25, route(186)))).toBeUndefined();
    expect(routeHint(message(24, route(186), { flags: 0x600 }))).toBeUndefined();
    expect(routeHint(message(24, route(186), { flags: 0x100 }))).toBeDefined();
  });

  it('is of interest for rules and settings', () => {
    expect(routeHint(message(33, Buffer.alloc(12)))).toEqual({
      ...{ nsid: undefined, ifindex: undefined },
    });
    const setting = (device: number): Buffer =>
      Buffer.concat([Buffer.alloc(4), attribute(1, number(device)), attribute(2, number(1))]);
    expect(routeHint(message(80, setting(7)))).toMatchObject({ ifindex: 7 });
    expect(routeHint(message(80, setting(-1)))).toEqual({ nsid: undefined, ifindex: undefined });
  });

  it('says when numbers of namespaces come and go', () => {
    expect(routeHint(message(88, Buffer.alloc(4)))).toBe('numbers');
    expect(routeHint(message(89, Buffer.alloc(4)))).toBe('numbers');
    // How others call each other is no matter.
    expect(routeHint(message(88, Buffer.alloc(4), { nsid: 3 }))).toBeUndefined();
  });

  it('may be cut short or unknown', () => {
    for (const type of [17, 21, 25, 45])
      expect(routeHint(message(type, Buffer.alloc(3)))).toBeUndefined();
    expect(routeHint(message(25, route(76).subarray(0, 22)))).toMatchObject({ ifindex: undefined });
    expect(routeHint(message(29, ofDevice(7)))).toBeUndefined();
  });
});

describe('a message of nf_tables', () => {
  const about = (table: string, kind = 8): NetlinkMessage =>
    message(
      (10 << 8) | kind,
      Buffer.concat([Buffer.alloc(4), attribute(1, Buffer.from(`${table}\0`))]),
      { nsid: 3 },
    );

  it('is of interest for our table, whatever was changed in it', () => {
    expect(firewallHint(about('nvgate'), 'nvgate')).toEqual({ nsid: 3, ifindex: undefined });
    expect(firewallHint(about('nvgate2'), 'nvgate')).toBeUndefined();
    expect(firewallHint(about('operator'), 'nvgate')).toBeUndefined();
    expect(firewallHint(about('nvgate', 15), 'nvgate')).toBeUndefined();
    expect(firewallHint(message(10 << 8, Buffer.alloc(4)), 'nvgate')).toBeUndefined();
    expect(firewallHint(message(1, about('nvgate').body), 'nvgate')).toBeUndefined();
  });
});

describe('a datagram of netlink', () => {
  const one = (type: number, body: Buffer): Buffer => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(16 + body.byteLength);
    header.writeUInt16LE(type, 4);
    header.writeUInt16LE(0x100, 6);
    return Buffer.concat([header, body, Buffer.alloc(-body.byteLength & 3)]);
  };

  it('holds messages, each aligned to four bytes', () => {
    const datagram = Buffer.concat([one(24, Buffer.from('abcde')), one(25, Buffer.from('f'))]);
    expect(messagesOf(datagram, 3)).toEqual([
      { type: 24, flags: 0x100, body: Buffer.from('abcde'), nsid: 3 },
      { type: 25, flags: 0x100, body: Buffer.from('f'), nsid: 3 },
    ]);
  });

  it('ends where a message says that it is longer or shorter than it can be', () => {
    const datagram = one(24, Buffer.from('abcd'));
    datagram.writeUInt32LE(100);
    expect(messagesOf(datagram, undefined)).toEqual([]);
    datagram.writeUInt32LE(0);
    expect(messagesOf(datagram, undefined)).toEqual([]);
    expect(messagesOf(datagram.subarray(0, 10), undefined)).toEqual([]);
  });
});
