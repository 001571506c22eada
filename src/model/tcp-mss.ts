/**
 * How long the TCP segments of a connection may become, whatever the two ends say of themselves
 * (RFC 9293 section 3.7.1): for ways on which ICMP "too big" is lost, or meets a sender that does
 * not heed it. `pathMtu`: what the gateway's own routes to both ends carry at that moment, path MTUs
 * that it has learned included. A number: bytes of data in a segment of either family; no more, but
 * less where an end says so.
 */
export type TcpMss = number | 'pathMtu';

/** What every host takes over IPv4 (RFC 9293 section 3.7.1), and what fits the longest IPv4 packet. */
export const TCP_MSS_MIN = 536;
export const TCP_MSS_MAX = 65_495;
