/** What tests of both IP families need to know of one, for `describe.each`. */
export interface Family {
  readonly name: 'IPv4' | 'IPv6';
  readonly etherType: number;
  /** Bytes of its header without options or extensions. */
  readonly header: number;
  /** Every destination. */
  readonly everything: string;
  /** Its echo requests, replies and errors in a capture. */
  readonly icmpFilter: string;
  /** Type and code of ICMP messages, in hexadecimal digits. */
  readonly icmp: Readonly<
    Record<'echoReply' | 'portUnreachable' | 'tooBig' | 'timeExceeded', string>
  >;
  /** The one of two that is of this family. */
  readonly pick: <Value>(ipv4: Value, ipv6: Value) => Value;
}

export const IPV4: Family = {
  ...{ name: 'IPv4', etherType: 0x0800, header: 20, everything: '0.0.0.0/0', icmpFilter: 'icmp' },
  icmp: { echoReply: '0000', portUnreachable: '0303', tooBig: '0304', timeExceeded: '0b00' },
  pick: (ipv4) => ipv4,
};

export const IPV6: Family = {
  ...{ name: 'IPv6', etherType: 0x86dd, header: 40, everything: '::/0' },
  // Neighbour discovery is no traffic of anybody's.
  icmpFilter: 'icmp6 and ip6[40] != 135 and ip6[40] != 136 and not ip6 multicast',
  icmp: { echoReply: '8100', portUnreachable: '0104', tooBig: '0200', timeExceeded: '0300' },
  pick: (_, ipv6) => ipv6,
};

export const FAMILIES = [IPV4, IPV6] as const;

/** Type and code of the ICMP message in an IP packet without options, in hexadecimal digits. */
export function icmpKind({ header }: Family, packet: Buffer): string {
  return packet.subarray(header, header + 2).toString('hex');
}

/** The MTU that "too big" tells: 16 bits in ICMP (RFC 1191), 32 in ICMPv6 (RFC 4443). */
export function mtuIn({ header, pick }: Family, packet: Buffer): number {
  return pick(packet.readUInt16BE(header + 6), packet.readUInt32BE(header + 4));
}

/** The packet that an ICMP error is about, as much of it as there is. */
export function embeddedIn({ header }: Family, packet: Buffer): Buffer {
  return packet.subarray(header + 8);
}
