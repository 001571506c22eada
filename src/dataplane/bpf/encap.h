/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What leaves a routing domain by vnet: into NVGRE and to the record's provider address. */
#pragma once

#include "flow.h"
#include "rewrite.h"
#include "spread.h"

/* 0 and the target; TO_ALL and the VSID; or the reason to drop, and the VSID to count it under. */
static __always_inline int find_target(const struct lookup_record_key *destination,
				       struct tunnel_target *target)
{
	struct lookup_record *record = find_record(destination);
	struct customer_route *route;

	if (record && record->flags & LOOKUP_RECORD_LOCAL)
		return VERDICT_LOCAL_DESTINATION;
	if (record && record->flags & LOOKUP_RECORD_ON_LINK) {
		target->provider_address = record->provider_address;
		mac_copy(target->mac, record->mac);
		target->vsid = record->vsid;
		target->nat = record->flags & LOOKUP_RECORD_NAT;
		return 0;
	}
	route = find_route(destination);
	if (!route || route->target == CUSTOMER_ROUTE_EXTERNAL)
		return VERDICT_NO_ROUTE;
	target->vsid = route->vsid;
	if (route->target == CUSTOMER_ROUTE_MULTICAST)
		return TO_ALL;
	if (!route->provider_address)
		return VERDICT_NO_RECORD;
	target->provider_address = route->provider_address;
	mac_copy(target->mac, route->mac);
	return 0;
}

#define NEXT_HEADER_OPTIONS 0 /* hop by hop (RFC 8200 section 4.3) */

/* RFC 3810: ICMPv6 behind a hop-by-hop header with just the router alert. */
static __always_inline int is_listener_discovery(struct __sk_buff *skb)
{
	__u8 *options = bytes_at(skb, ETH_HLEN + sizeof(struct ipv6hdr), 9);

	return options && options[0] == IPPROTO_ICMPV6 && !options[1] &&
	       ((options[8] >= 130 && options[8] <= 132) || options[8] == 143);
}

/* 0 or TO_ALL, destination and TOS; or the reason to drop. */
static __always_inline int read_leaving(struct __sk_buff *skb, int is_ipv4,
					struct lookup_record_key *destination, __u8 *tos)
{
	if (is_ipv4) {
		struct iphdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));

		if (!ip)
			return VERDICT_TRUNCATED;
		inner_ipv4(destination, skb->ifindex, ip->daddr);
		*tos = ip->tos;
		if (!ipv4_is_multicast(ip->daddr))
			return 0;
		/* Who listens to a group outside is nobody's business in the virtual network. */
		return ip->protocol == IPPROTO_IGMP && ip->daddr != 0xffffffff ?
			       VERDICT_INNER_MULTICAST :
			       TO_ALL;
	}
	struct ipv6hdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));
	__u8 next_header;

	if (!ip)
		return VERDICT_TRUNCATED;
	inner_ipv6(destination, skb->ifindex, ip->daddr.in6_u.u6_addr32);
	*tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	next_header = ip->nexthdr;
	if (next_header == IPPROTO_ICMPV6) {
		__u8 *type = bytes_at(skb, ETH_HLEN + sizeof(*ip), 1);

		/* No sysctl stops ICMPv6 redirects, and one would break the tenant's TCP. */
		if (type && *type == REDIRECT)
			return VERDICT_REDIRECT_SUPPRESSED;
		if (type && *type >= ROUTER_SOLICITATION && *type < REDIRECT)
			return VERDICT_NEIGHBOUR_IGNORED;
	}
	if (next_header == NEXT_HEADER_OPTIONS && is_listener_discovery(skb))
		return VERDICT_INNER_MULTICAST;
	return ((__u8 *)destination->address.word)[0] == 0xff ? TO_ALL : 0;
}

/* 42 bytes of room behind the Ethernet header, the skb marked as an IPv4 tunnel packet. */
static __always_inline long make_room(struct __sk_buff *skb, int is_ipv4)
{
	__u64 tunnel = BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE |
		       BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH |
		       BPF_F_ADJ_ROOM_FIXED_GSO;
	long error = bpf_skb_adjust_room(skb, OVERLAY_LENGTH, BPF_ADJ_ROOM_MAC, tunnel);

	if (error != -114 /* EALREADY */)
		return error;
	/*
	 * A packet that came out of a tunnel is marked as one for good and may not be marked
	 * again; grow it plainly. An IPv6 packet takes a detour through shrinking, which is what
	 * turns the skb's protocol into IPv4; an older kernel does that only as if the packet were
	 * translated, which spoils one that is still to be segmented.
	 */
	if (is_ipv4)
		return bpf_skb_adjust_room(skb, OVERLAY_LENGTH, BPF_ADJ_ROOM_MAC,
					   BPF_F_ADJ_ROOM_FIXED_GSO);
	if (bpf_skb_adjust_room(skb, OVERLAY_LENGTH + TRANSLATED_LENGTH, BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_FIXED_GSO))
		return -1;
	if (!bpf_skb_adjust_room(skb, -TRANSLATED_LENGTH, BPF_ADJ_ROOM_MAC,
				 BPF_F_ADJ_ROOM_FIXED_GSO | ADJ_ROOM_DECAP_L3_IPV4))
		return 0;
	return skb->gso_size || bpf_skb_change_proto(skb, bpf_htons(ETH_P_IP), 0);
}

static __always_inline int encap_ip(struct __sk_buff *skb, int is_ipv4)
{
	__u32 length = skb->len - ETH_HLEN + OVERLAY_LENGTH;
	struct lookup_record_key destination;
	struct virtual_subnet *subnet;
	struct tunnel_target target = { .verdict = VERDICT_ENCAPSULATED };
	struct rewriting rewriting;
	struct overlay overlay;
	int reason;
	__u8 tos;

	reason = read_leaving(skb, is_ipv4, &destination, &tos);
	if (!reason)
		reason = find_target(&destination, &target);
	if (reason == TO_ALL)
		reason = spread(skb, is_ipv4, &destination, &target);
	if (reason)
		return drop(skb, target.vsid, reason);
	subnet = find_subnet(target.vsid);
	if (!subnet)
		return drop(skb, 0, VERDICT_SUBNET_UNKNOWN);
	if (is_ipv4 && target.nat && read_own_rewriting(skb, &rewriting))
		return send_rewritten(skb, &rewriting, subnet, target.vsid);
	if (length > 0xffff)
		return drop(skb, target.vsid, VERDICT_TOO_BIG);
	if (target.verdict != VERDICT_ENCAPSULATED && before_spread(skb, &target))
		return drop(skb, target.vsid, VERDICT_KERNEL_REFUSED);

	overlay.ip = outer_ipv4(tos, length, subnet->provider_address, target.provider_address);
	overlay_headers(&overlay, nvgre_key(target.vsid, flow_id(skb, is_ipv4)), target.mac,
			subnet->source_mac, is_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6));
	if (make_room(skb, is_ipv4) ||
	    bpf_skb_store_bytes(skb, OUTER_IP, &overlay, sizeof(overlay), BPF_F_INVALIDATE_HASH))
		return drop(skb, target.vsid, VERDICT_KERNEL_REFUSED);
	count(skb, target.vsid, target.verdict);
	if (target.verdict == VERDICT_GROUP_ENCAPSULATED)
		return to_neighbour(subnet->underlay_ifindex, target.provider_address);
	return to_underlay(subnet, target.provider_address);
}

static __always_inline int encap_packet(struct __sk_buff *skb)
{
	/* N3: a tag means nothing in the virtual subnet. */
	if (skb->vlan_present || skb->protocol == bpf_htons(ETH_P_8021Q) ||
	    skb->protocol == bpf_htons(ETH_P_8021AD)) {
		__u32 length = skb->len;

		if (bpf_skb_vlan_pop(skb) && length < ETH_HLEN + 4)
			return drop(skb, 0, VERDICT_TRUNCATED);
		/* The kernel has looked for a second tag behind the first, too. */
		if (skb->vlan_present || skb->protocol == bpf_htons(ETH_P_8021Q) ||
		    skb->protocol == bpf_htons(ETH_P_8021AD))
			return drop(skb, 0, VERDICT_NOT_IP);
	}
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return encap_ip(skb, 1);
	case bpf_htons(ETH_P_IPV6):
		return encap_ip(skb, 0);
	default:
		return drop(skb, 0, VERDICT_NOT_IP);
	}
}
