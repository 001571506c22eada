/** Protocol (IPv4) and next header (IPv6) numbers that the gateway looks at (IANA). */
export const IpProtocol = { icmp: 1, tcp: 6, udp: 17, gre: 47, icmpv6: 58 } as const;
