/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* N7 for IPv6: the gateway answers neighbour solicitations for its own addresses (RFC 4861). */
#pragma once

#include "source_check.h"

#define ROUTER_SOLICITATION 133
#define NEIGHBOUR_SOLICITATION 135
#define NEIGHBOUR_ADVERTISEMENT 136
#define REDIRECT 137

#define OPTION_SOURCE_LINK_ADDRESS 1
#define OPTION_TARGET_LINK_ADDRESS 2

/* Router, solicited, override. */
#define ADVERTISEMENT_FLAGS 0xe0000000

struct neighbour_packet {
	struct ipv6hdr ip;
	struct neighbour_message message;
};

static __always_inline int is_link_local(const __be32 *address)
{
	return (address[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

/* Sum over the pseudo header and the message (RFC 8200 section 8.1). */
static __always_inline __u16 neighbour_sum(const struct neighbour_packet *packet)
{
	const __u16 *addresses = (const __u16 *)&packet->ip.saddr;
	const __u16 *message = (const __u16 *)&packet->message;
	__u64 sum = bpf_htons(sizeof(packet->message)) + bpf_htons(IPPROTO_ICMPV6);

#pragma unroll
	for (int i = 0; i < 16; i++)
		sum += addresses[i];
#pragma unroll
	for (int i = 0; i < 16; i++)
		sum += message[i];
	return fold(sum);
}

/*
 * Only the plain solicitation with just a source link-layer address is for the gateway; duplicate
 * address detection and everything else of neighbour discovery ends here.
 */
static __always_inline int answer_neighbour(struct __sk_buff *skb,
					    const struct tunnel_packet *packet)
{
	__u32 domain = packet->subnet->routing_domain;
	struct lookup_record_key target, sender;
	struct neighbour_packet copy, *solicitation;
	struct lookup_record *record;
	struct overlay overlay;
	__u8 asker[6];
	int reason;

	if (inner_length(packet) < sizeof(copy))
		return drop(skb, packet->vsid, VERDICT_NEIGHBOUR_IGNORED);
	solicitation = bytes_at(skb, INNER_L3, sizeof(copy));
	if (!solicitation)
		return drop(skb, packet->vsid, VERDICT_NEIGHBOUR_IGNORED);
	copy = *solicitation;

	if (copy.message.type != NEIGHBOUR_SOLICITATION || copy.message.code ||
	    copy.ip.hop_limit != 255 || copy.ip.payload_len != bpf_htons(sizeof(copy.message)) ||
	    copy.message.option_type != OPTION_SOURCE_LINK_ADDRESS ||
	    copy.message.option_length != 1)
		return drop(skb, packet->vsid, VERDICT_NEIGHBOUR_IGNORED);
	if (!(copy.ip.saddr.in6_u.u6_addr32[0] | copy.ip.saddr.in6_u.u6_addr32[1] |
	      copy.ip.saddr.in6_u.u6_addr32[2] | copy.ip.saddr.in6_u.u6_addr32[3]))
		return drop(skb, packet->vsid, VERDICT_NEIGHBOUR_IGNORED);

	inner_ipv6(&target, domain, copy.message.target);
	record = find_record(&target);
	if (!record || !(record->flags & LOOKUP_RECORD_LOCAL) || record->vsid != packet->vsid)
		return drop(skb, packet->vsid, VERDICT_NEIGHBOUR_IGNORED);

	if (is_link_local(copy.ip.saddr.in6_u.u6_addr32)) {
		reason = !is_provider_peer(domain, packet->source) ? VERDICT_UNKNOWN_PEER :
			 mac_equal(packet->inner_source_mac, copy.message.option_mac) ?
								     0 :
								     VERDICT_SPOOFED_MAC;
	} else {
		inner_ipv6(&sender, domain, copy.ip.saddr.in6_u.u6_addr32);
		reason = check_source(packet, &sender, packet->inner_source_mac);
	}
	if (reason)
		return drop(skb, packet->vsid, reason);
	if (neighbour_sum(&copy) != 0xffff)
		return drop(skb, packet->vsid, VERDICT_INNER_MALFORMED);

	mac_copy(asker, copy.message.option_mac);
	__builtin_memset(&copy.ip, 0, 4);
	copy.ip.version = 6;
	copy.ip.daddr = copy.ip.saddr;
	__builtin_memcpy(&copy.ip.saddr, copy.message.target, sizeof(copy.message.target));
	copy.message.type = NEIGHBOUR_ADVERTISEMENT;
	copy.message.flags = bpf_htonl(ADVERTISEMENT_FLAGS);
	copy.message.option_type = OPTION_TARGET_LINK_ADDRESS;
	mac_copy(copy.message.option_mac, record->mac);
	copy.message.checksum = 0;
	copy.message.checksum = (__u16)~neighbour_sum(&copy);
	return answer(skb, packet, &overlay, asker, copy.message.option_mac, &copy, sizeof(copy),
		      VERDICT_NEIGHBOUR_ADVERTISED);
}
