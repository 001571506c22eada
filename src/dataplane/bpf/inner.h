/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The inner IP header, read once and checked. */
#pragma once

#include "neighbour.h"

struct inner_packet {
	struct lookup_record_key source;
	struct lookup_record_key destination;
	__u8 multicast;
	__u8 plain; /* nothing that only the kernel should handle: no IPv4 options */
	__u8 hop_limit; /* TTL */
	__u8 tos;	/* IPv4: TOS; IPv6: traffic class */
	__u8 neighbour_discovery;
	__u8 protocol; /* IPv6: next header */
	__be16 ipv4_checksum; /* as on the wire */
};

static __always_inline int read_inner_ipv4(struct __sk_buff *skb,
					   const struct tunnel_packet *packet,
					   struct inner_packet *inner)
{
	__u32 domain = packet->subnet->routing_domain;
	__u32 length = inner_length(packet);
	struct iphdr *ip;

	if (length < sizeof(*ip))
		return VERDICT_INNER_MALFORMED;
	ip = bytes_at(skb, INNER_L3, sizeof(*ip));
	if (!ip)
		return VERDICT_INNER_MALFORMED;
	if (ip->version != 4 || ip->ihl < 5 || bpf_ntohs(ip->tot_len) < ip->ihl * 4 ||
	    bpf_ntohs(ip->tot_len) > length)
		return VERDICT_INNER_MALFORMED;
	/* With options the kernel takes the packet and checks the sum itself. */
	inner->plain = ip->ihl == 5;
	if (inner->plain && ipv4_sum(ip) != 0xffff)
		return VERDICT_INNER_MALFORMED;

	inner_ipv4(&inner->source, domain, ip->saddr);
	inner_ipv4(&inner->destination, domain, ip->daddr);
	inner->multicast = ipv4_is_multicast(ip->daddr);
	inner->hop_limit = ip->ttl;
	inner->tos = ip->tos;
	inner->neighbour_discovery = 0;
	inner->protocol = ip->protocol;
	inner->ipv4_checksum = ip->check;
	return 0;
}

static __always_inline int read_inner_ipv6(struct __sk_buff *skb,
					   const struct tunnel_packet *packet,
					   struct inner_packet *inner)
{
	__u32 domain = packet->subnet->routing_domain;
	__u32 length = inner_length(packet);
	struct ipv6hdr *ip;
	__u8 next_header;
	__u8 *type;

	if (length < sizeof(*ip))
		return VERDICT_INNER_MALFORMED;
	ip = bytes_at(skb, INNER_L3, sizeof(*ip));
	if (!ip)
		return VERDICT_INNER_MALFORMED;
	if (ip->version != 6 || bpf_ntohs(ip->payload_len) + sizeof(*ip) > length)
		return VERDICT_INNER_MALFORMED;

	inner_ipv6(&inner->source, domain, ip->saddr.in6_u.u6_addr32);
	inner_ipv6(&inner->destination, domain, ip->daddr.in6_u.u6_addr32);
	inner->multicast = ip->daddr.in6_u.u6_addr8[0] == 0xff;
	inner->plain = 1;
	inner->hop_limit = ip->hop_limit;
	inner->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	inner->neighbour_discovery = 0;
	inner->protocol = ip->nexthdr;
	inner->ipv4_checksum = 0;

	next_header = ip->nexthdr;
	if (next_header == IPPROTO_ICMPV6 && bpf_ntohs(ip->payload_len) > 0) {
		type = bytes_at(skb, INNER_L3 + sizeof(*ip), 1);
		if (!type)
			return VERDICT_INNER_MALFORMED;
		inner->neighbour_discovery = *type >= ROUTER_SOLICITATION && *type <= REDIRECT;
	}
	return 0;
}

/* RFC 6040 section 4.2: congestion met on the underlay is told to the inner flow. */
static __always_inline long mark_congestion(struct __sk_buff *skb, struct inner_packet *inner,
					    int is_ipv4)
{
	if (is_ipv4) {
		__u8 tos = inner->tos | ECN_CE;
		__be16 before = bpf_htons(0x4500 | inner->tos);
		__be16 after = bpf_htons(0x4500 | tos);
		__u16 checksum = checksum_replace(inner->ipv4_checksum, before, after);

		inner->tos = tos;
		inner->ipv4_checksum = checksum;
		return bpf_skb_store_bytes(skb, INNER_L3 + 1, &tos, 1, BPF_F_RECOMPUTE_CSUM) ||
		       bpf_skb_store_bytes(skb, INNER_L3 + 10, &checksum, 2, BPF_F_RECOMPUTE_CSUM);
	}
	/* The traffic class straddles two bytes; its ECN bits are in the second. */
	__u8 *second = bytes_at(skb, INNER_L3 + 1, 1);
	__u8 marked;

	if (!second)
		return -1;
	marked = *second | ECN_CE << 4;
	inner->tos |= ECN_CE;
	return bpf_skb_store_bytes(skb, INNER_L3 + 1, &marked, 1, BPF_F_RECOMPUTE_CSUM);
}
