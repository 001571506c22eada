/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Past the kernel of the gateway's own namespace, between an external device and the ext pair of a
 * routing domain whose namespace has to see each packet: it translates, or does more than its tables
 * say. The gateway only routes what passes there, so that what short_way.h says of the gateway's
 * half of the way holds here, and nothing else has to.
 *
 * Of an external address that several routing domains share the gateway translates, too: it holds that
 * address itself, and what it knows the domains by are transit addresses. Neither is for read_short
 * and the FIB to forward.
 */
#pragma once

#include "short_way.h"

/* The gateway. */
#define RELAY_HOPS 1

static __always_inline long relayed(struct __sk_buff *skb, const struct short_way_packet *packet,
				    int is_ipv4)
{
	return lower_hop_limit(skb, ETH_HLEN, packet->hop_limit, RELAY_HOPS,
			       packet->way.l4_protocol, packet->checksum, is_ipv4) ||
	       cut_padding(skb, packet->length);
}

/* Into the routing domain as if ext had received it. Nobody reads the Ethernet addresses there. */
static __always_inline int relay_in(struct __sk_buff *skb, __u32 external_peer,
				    const struct short_way_packet *packet, int is_ipv4)
{
	if (relayed(skb, packet, is_ipv4))
		return drop(skb, 0, VERDICT_KERNEL_REFUSED);
	count(skb, 0, VERDICT_RELAYED_IN);
	return bpf_redirect_peer(external_peer, 0);
}

/* Out of the external device that the way leads to. */
static __always_inline int to_next_hop(const struct way *way)
{
	struct bpf_redir_neigh next = { .nh_family = way->family };

	__builtin_memcpy(next.ipv6_nh, way->next_hop, sizeof(next.ipv6_nh));
	return bpf_redirect_neigh(way->leads_to, &next, sizeof(next), 0);
}

static __always_inline int relay_out(struct __sk_buff *skb, int is_ipv4)
{
	struct short_way_packet packet;
	__u32 external_peer = skb->ifindex;
	struct external_end *end;
	struct way *way;

	if (!read_short(skb, ETH_HLEN, skb->len - ETH_HLEN, &packet, is_ipv4))
		return PASS;
	packet.way.ifindex = external_peer;
	way = way_for(&packet.way, is_ipv4);
	if (!way)
		return PASS;
	if (!is_known(way, &packet)) {
		end = bpf_map_lookup_elem(&external_ends, &external_peer);
		if (!end || ask_routes(skb, &packet, way, 1) != end->external_ifindex)
			return PASS;
		note_way(way, &packet.way, end->external_ifindex);
	}
	if (relayed(skb, &packet, is_ipv4))
		return drop(skb, 0, VERDICT_KERNEL_REFUSED);
	if (is_ipv4)
		skb->priority = priority_of(packet.tos);
	count(skb, 0, VERDICT_RELAYED_OUT);
	return to_next_hop(way);
}

static __always_inline int outbound_packet(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST || skb->vlan_present)
		return PASS;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return relay_out(skb, 1);
	case bpf_htons(ETH_P_IPV6):
		return relay_out(skb, 0);
	default:
		return PASS;
	}
}
