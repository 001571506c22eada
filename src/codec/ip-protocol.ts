/** Protocol (IPv4) and next header (IPv6) numbers that the gateway looks at (IANA). */
export const IpProtocol = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  icmpv6: 58,
  udpLite: 136,
} as const;
