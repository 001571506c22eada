/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Underlay ingress: NVGRE for one of the gateway's provider addresses ends here. */
#pragma once

#include "arp.h"
#include "path_mtu.h"
#include "peer_problem.h"
#include "short_way.h"

/* A malformed outer packet is ours to count only when it was sent to us. */
static __always_inline int refuse(struct __sk_buff *skb, const struct tunnel_packet *packet,
				  enum verdict reason)
{
	if (!is_provider_address(packet->destination))
		return PASS;
	note_problem(skb, packet->source, reason);
	return drop(skb, 0, reason);
}

/* As `refuse`, for headers that are right but for the VSID. */
static __always_inline int refuse_vsid(struct __sk_buff *skb, const struct tunnel_packet *packet)
{
	enum verdict reason = packet->vsid < VSID_MIN || packet->vsid > VSID_MAX ?
				      VERDICT_VSID_RESERVED :
				      VERDICT_VSID_UNKNOWN;
	__u32 problem;

	if (!is_provider_address(packet->destination))
		return PASS;
	problem = vsid_problem(skb, packet, reason);
	if (problem)
		note_problem(skb, packet->source, problem);
	return drop(skb, 0, reason);
}

static __always_inline int gre_fault(__be16 flags_in_network_order)
{
	__u16 flags = bpf_ntohs(flags_in_network_order);

	if (flags == GRE_KEY)
		return 0;
	if (flags & GRE_VERSION)
		return VERDICT_GRE_VERSION;
	if (flags & GRE_CHECKSUM)
		return VERDICT_GRE_CHECKSUM;
	if (flags & GRE_SEQUENCE)
		return VERDICT_GRE_SEQUENCE;
	if (!(flags & GRE_KEY))
		return VERDICT_GRE_KEY_MISSING;
	return VERDICT_GRE_RESERVED;
}

/*
 * Takes the 42 bytes away. Of an IPv6 packet the skb's protocol, IPv4 so far, changes: an older
 * kernel does that only as if the packet were translated, with a longer header for a moment.
 */
static __always_inline long take_overlay(struct __sk_buff *skb, int is_ipv4)
{
	if (is_ipv4)
		return bpf_skb_adjust_room(skb, -OVERLAY_LENGTH, BPF_ADJ_ROOM_MAC,
					   BPF_F_ADJ_ROOM_FIXED_GSO);
	if (!bpf_skb_adjust_room(skb, -OVERLAY_LENGTH, BPF_ADJ_ROOM_MAC,
				 BPF_F_ADJ_ROOM_FIXED_GSO | ADJ_ROOM_DECAP_L3_IPV6))
		return 0;
	return bpf_skb_change_proto(skb, bpf_htons(ETH_P_IPV6), 0) ||
	       bpf_skb_adjust_room(skb, -OVERLAY_LENGTH - TRANSLATED_LENGTH, BPF_ADJ_ROOM_MAC,
				   BPF_F_ADJ_ROOM_FIXED_GSO);
}

/*
 * The inner packet alone, given to the routing domain as if vnet had received it. The outer
 * Ethernet header stays in front of it: nobody reads its addresses there, and of an IPv4 packet
 * its type is right already.
 */
static __always_inline int to_routing_domain(struct __sk_buff *skb,
					     const struct tunnel_packet *packet, int is_ipv4)
{
	__u32 domain = packet->subnet->routing_domain;

	if (take_overlay(skb, is_ipv4) ||
	    (!is_ipv4 && bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto),
					     &packet->inner_protocol, 2, 0)))
		return drop(skb, packet->vsid, VERDICT_KERNEL_REFUSED);
	/* What was hashed, if anything was, was the tunnel. */
	bpf_set_hash_invalid(skb);
	count(skb, packet->vsid, VERDICT_DECAPSULATED);
	return bpf_redirect_peer(domain, 0);
}

/* Whether the routing domain has a route out to the destination, and no record of it. */
static __always_inline int leads_outside(const struct lookup_record_key *destination)
{
	struct customer_route *route = find_route(destination);

	return route && route->target == CUSTOMER_ROUTE_EXTERNAL;
}

/* Past both kernels to the physical network; TO_KERNEL where they should see the packet. */
static __always_inline int outward(struct __sk_buff *skb, const struct tunnel_packet *tunnel,
				   const struct lookup_record_key *destination, int is_ipv4)
{
	__u32 device = tunnel->subnet->external_ifindex;
	struct bpf_redir_neigh next = {};
	struct short_way_packet packet;
	struct way *way;

	if (!tunnel->subnet->external_peer ||
	    !read_short(skb, INNER_L3, inner_length(tunnel), &packet, is_ipv4))
		return TO_KERNEL;
	packet.way.ifindex = tunnel->subnet->external_peer;
	way = way_for(&packet.way, is_ipv4);
	if (!way)
		return TO_KERNEL;
	if (!is_known(way, &packet)) {
		if (!leads_outside(destination) || ask_routes(skb, &packet, way, 1) != device)
			return TO_KERNEL;
		note_way(way, &packet.way, device);
	}
	if (way->leads_to != device)
		return TO_KERNEL;
	next.nh_family = way->family;
	__builtin_memcpy(next.ipv6_nh, way->next_hop, sizeof(next.ipv6_nh));
	if (lower_hop_limit(skb, INNER_L3, packet.hop_limit, SHORT_WAY_HOPS,
			    packet.way.l4_protocol, packet.checksum, is_ipv4) ||
	    take_overlay(skb, is_ipv4) || cut_padding(skb, packet.length))
		return drop(skb, tunnel->vsid, VERDICT_KERNEL_REFUSED);
	bpf_set_hash_invalid(skb);
	if (is_ipv4)
		skb->priority = priority_of(packet.tos);
	count(skb, tunnel->vsid, VERDICT_EXTERNAL_OUT);
	return bpf_redirect_neigh(device, &next, sizeof(next), 0);
}

static __always_inline int forward_inner(struct __sk_buff *skb, const struct tunnel_packet *packet,
					 int is_ipv4)
{
	struct inner_packet inner;
	struct lookup_record *record;
	struct virtual_subnet *subnet;
	struct rewriting rewriting;
	__u32 max_length;
	int reason, nat;

	reason = is_ipv4 ? read_inner_ipv4(skb, packet, &inner) :
			   read_inner_ipv6(skb, packet, &inner);
	if (reason)
		return drop(skb, packet->vsid, reason);
	if (!is_ipv4 && inner.neighbour_discovery)
		return answer_neighbour(skb, packet);

	reason = check_source(packet, &inner.source, packet->inner_source_mac);
	if (reason)
		return drop(skb, packet->vsid, reason);
	/* The sender's host sends it to the others itself (RFC 7637 section 4.2). */
	if (inner.multicast || packet->inner_destination_mac[0] & 1)
		return drop(skb, packet->vsid, VERDICT_MULTICAST_HEARD);
	if (packet->by_group)
		return drop(skb, packet->vsid, VERDICT_GROUP_UNICAST);

	if ((packet->tos & ECN_MASK) == ECN_CE && (inner.tos & ECN_MASK) != ECN_CE) {
		if (!(inner.tos & ECN_MASK))
			return drop(skb, packet->vsid, VERDICT_CONGESTION_MISMATCH);
		if (mark_congestion(skb, &inner, is_ipv4))
			return drop(skb, packet->vsid, VERDICT_KERNEL_REFUSED);
	}

	record = find_record(&inner.destination);
	if (record && (record->flags & LOOKUP_RECORD_ON_LINK) && inner.hop_limit > 1 && inner.plain) {
		nat = is_ipv4 && record->flags & LOOKUP_RECORD_NAT &&
		      read_rewriting(skb, INNER_L3, packet->subnet->routing_domain, 1, &rewriting);
		max_length = record->max_length;
		if (nat && max_length)
			max_length += OVERLAY_LENGTH;
		subnet = find_subnet(record->vsid);
		if (subnet && fits(skb, packet, &inner, max_length, is_ipv4))
			return nat ? hairpin_rewritten(skb, packet, &inner, &rewriting, subnet) :
				     hairpin(skb, packet, &inner, record, subnet, is_ipv4);
	}
	if (!record && inner.plain) {
		int action = outward(skb, packet, &inner.destination, is_ipv4);

		if (action != TO_KERNEL)
			return action;
	}
	return to_routing_domain(skb, packet, is_ipv4);
}

static __always_inline int decap_packet(struct __sk_buff *skb)
{
	struct tunnel_packet packet = {};
	struct overlay *overlay;
	struct iphdr *ip;
	int reason;

	if (skb->protocol != bpf_htons(ETH_P_IP) || skb->vlan_present ||
	    skb->pkt_type == PACKET_OTHERHOST)
		return PASS;
	ip = bytes_at(skb, OUTER_IP, sizeof(*ip));
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return PASS;
	if (ip->protocol != IPPROTO_GRE) {
		if (ip->protocol == IPPROTO_ICMP)
			read_path_mtu(skb, ip);
		return receive_rewritten(skb);
	}

	packet.source = ip->saddr;
	packet.destination = ip->daddr;
	packet.tos = ip->tos;
	packet.total_length = bpf_ntohs(ip->tot_len);
	if (ip->ihl != 5)
		return refuse(skb, &packet, VERDICT_OUTER_OPTIONS);
	if (ip->frag_off & bpf_htons(IP_FRAGMENT))
		return refuse(skb, &packet, VERDICT_OUTER_FRAGMENT);
	if (packet.total_length > skb->len - ETH_HLEN || packet.total_length < 24)
		return refuse(skb, &packet, VERDICT_TRUNCATED);
	if (ipv4_sum(ip) != 0xffff)
		return refuse(skb, &packet, VERDICT_OUTER_CHECKSUM);

	if (packet.total_length < OVERLAY_LENGTH) {
		struct nvgre_header *gre = bytes_at(skb, OUTER_GRE, 4);

		if (!gre)
			return refuse(skb, &packet, VERDICT_TRUNCATED);
		reason = gre_fault(gre->flags);
		if (!reason)
			reason = gre->protocol != bpf_htons(ETH_P_TEB) ? VERDICT_GRE_PROTOCOL :
									 VERDICT_TRUNCATED;
		return refuse(skb, &packet, reason);
	}
	overlay = bytes_at(skb, OUTER_IP, sizeof(*overlay));
	if (!overlay)
		return refuse(skb, &packet, VERDICT_TRUNCATED);
	reason = gre_fault(overlay->nvgre.flags);
	if (reason)
		return refuse(skb, &packet, reason);
	if (overlay->nvgre.protocol != bpf_htons(ETH_P_TEB))
		return refuse(skb, &packet, VERDICT_GRE_PROTOCOL);

	packet.vsid = bpf_ntohl(overlay->nvgre.key) >> 8;
	packet.flow_id = bpf_ntohl(overlay->nvgre.key) & 0xff;
	packet.inner_protocol = overlay->inner.h_proto;
	mac_copy(packet.inner_source_mac, overlay->inner.h_source);
	mac_copy(packet.inner_destination_mac, overlay->inner.h_dest);

	packet.subnet = find_subnet(packet.vsid);
	if (!packet.subnet)
		return refuse_vsid(skb, &packet);
	/* The routing domain's own PA is the rule; any other of the gateway's will do. */
	if (packet.subnet->provider_address != packet.destination &&
	    !is_provider_address(packet.destination)) {
		if (!is_provider_group(packet.vsid, packet.destination))
			return PASS;
		/* An answer goes from the gateway's own address to one host. */
		packet.by_group = 1;
		packet.destination = packet.subnet->provider_address;
		if (clear_destination(skb))
			return drop(skb, packet.vsid, VERDICT_KERNEL_REFUSED);
	}
	/* Ethernet padding would become part of what is sent on. */
	if (skb->len > ETH_HLEN + packet.total_length && !skb->gso_size &&
	    bpf_skb_change_tail(skb, ETH_HLEN + packet.total_length, 0))
		return drop(skb, packet.vsid, VERDICT_KERNEL_REFUSED);

	switch (packet.inner_protocol) {
	case bpf_htons(ETH_P_IP):
		return forward_inner(skb, &packet, 1);
	case bpf_htons(ETH_P_IPV6):
		return forward_inner(skb, &packet, 0);
	case bpf_htons(ETH_P_ARP):
		return answer_arp(skb, &packet);
	case bpf_htons(ETH_P_8021Q):
	case bpf_htons(ETH_P_8021AD):
		return drop(skb, packet.vsid, VERDICT_INNER_VLAN);
	default:
		return drop(skb, packet.vsid, VERDICT_INNER_PROTOCOL);
	}
}
