/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* External ingress: the short way from the physical network to a VM. */
#pragma once

#include "encap.h"
#include "relay.h"

static __always_inline int inward(struct __sk_buff *skb, int is_ipv4)
{
	struct short_way_packet packet;
	struct lookup_record_key inner;
	struct virtual_subnet *subnet;
	struct lookup_record *record;
	struct overlay overlay;
	struct external_end *end;
	struct way *way;
	__u32 length;

	if (!read_short(skb, ETH_HLEN, skb->len - ETH_HLEN, &packet, is_ipv4))
		return PASS;
	packet.way.ifindex = skb->ifindex;
	if (is_ipv4)
		inner_ipv4(&inner, 0, packet.way.ipv4_dst);
	else
		inner_ipv6(&inner, 0, packet.way.ipv6_dst);
	way = way_for(&packet.way, is_ipv4);
	if (!way)
		return PASS;
	if (!is_known(way, &packet)) {
		__u32 peer = ask_routes(skb, &packet, way, 0);

		end = bpf_map_lookup_elem(&external_ends, &peer);
		if (!end)
			return PASS;
		note_way(way, &packet.way, peer);
		way->routing_domain = end->routing_domain;
	}
	if (!way->routing_domain)
		return relay_in(skb, way->leads_to, &packet, is_ipv4);
	inner.routing_domain |= way->routing_domain;
	record = find_record(&inner);
	if (!record || !(record->flags & LOOKUP_RECORD_ON_LINK))
		return PASS;
	subnet = find_subnet(record->vsid);
	length = packet.length + OVERLAY_LENGTH;
	if (!subnet || packet.on_wire > subnet->max_length ||
	    (record->max_length && packet.on_wire > record->max_length) || length > 0xffff)
		return PASS;

	overlay.ip = outer_ipv4(packet.tos, length, subnet->provider_address,
				record->provider_address);
	overlay_headers(&overlay, nvgre_key(record->vsid, flow_id(skb, is_ipv4)), record->mac,
			subnet->source_mac, is_ipv4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6));
	if (lower_hop_limit(skb, ETH_HLEN, packet.hop_limit, SHORT_WAY_HOPS,
			    packet.way.l4_protocol, packet.checksum, is_ipv4) ||
	    cut_padding(skb, packet.length) || make_room(skb, is_ipv4) ||
	    store_overlay(skb, &overlay))
		return drop(skb, record->vsid, VERDICT_KERNEL_REFUSED);
	bpf_set_hash_invalid(skb);
	if (is_ipv4)
		skb->priority = priority_of(packet.tos);
	count(skb, record->vsid, VERDICT_EXTERNAL_IN);
	return to_underlay(subnet, overlay.ip.daddr);
}

static __always_inline int inbound_packet(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST || skb->vlan_present)
		return PASS;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return inward(skb, 1);
	case bpf_htons(ETH_P_IPV6):
		return inward(skb, 0);
	default:
		return PASS;
	}
}
