/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A packet from the underlay, its outer headers already checked and copied. */
#pragma once

#include "lookup.h"

/* What other filters on the device may still do with a packet that is not ours. */
#define PASS TC_ACT_UNSPEC

struct tunnel_packet {
	__be32 source; /* outer */
	__be32 destination; /* outer; the gateway's own where it was a group */
	__u32 vsid;
	__u16 total_length; /* of the outer IPv4 packet */
	__u8 tos;
	__u8 flow_id;
	struct virtual_subnet *subnet; /* the one that the VSID names */
	__be16 inner_protocol;
	__u8 inner_source_mac[6];
	__u8 inner_destination_mac[6];
	__u8 by_group; /* sent to a PA multicast group of the subnet */
};

static __always_inline int drop(struct __sk_buff *skb, __u32 vsid, enum verdict reason)
{
	count(skb, vsid, reason);
	return TC_ACT_SHOT;
}

/* Bytes behind the inner Ethernet header. */
static __always_inline __u32 inner_length(const struct tunnel_packet *packet)
{
	return packet->total_length - OVERLAY_LENGTH;
}

/*
 * The 42 bytes in front of an inner packet that goes back to the underlay in place. For a packet
 * from another host's checksum-offloading NIC the kernel's running sum is kept right.
 */
static __always_inline long store_overlay(struct __sk_buff *skb, const struct overlay *overlay)
{
	return bpf_skb_store_bytes(skb, OUTER_IP, overlay, sizeof(*overlay), BPF_F_RECOMPUTE_CSUM);
}

static __always_inline void overlay_headers(struct overlay *overlay, __be32 key,
					    const __u8 *destination_mac, const __u8 *source_mac,
					    __be16 protocol)
{
	overlay->nvgre.flags = bpf_htons(GRE_KEY);
	overlay->nvgre.protocol = bpf_htons(ETH_P_TEB);
	overlay->nvgre.key = key;
	mac_copy(overlay->inner.h_dest, destination_mac);
	mac_copy(overlay->inner.h_source, source_mac);
	overlay->inner.h_proto = protocol;
}

/* bpf_redirect_neigh takes no frame for a group, though it replaces the address of every other. */
static __always_inline long clear_destination(struct __sk_buff *skb)
{
	__u8 nobody[6] = {};

	return bpf_skb_store_bytes(skb, 0, nobody, sizeof(nobody), 0);
}

/* Out of the device, to an address that is there: no route is asked. */
static __always_inline int to_neighbour(__u32 device, __be32 address)
{
	struct bpf_redir_neigh next = { .nh_family = FAMILY_IPV4, .ipv4_nh = address };

	return bpf_redirect_neigh(device, &next, sizeof(next), 0);
}

/*
 * Out of the subnet's underlay device, to the provider address of the outer header. A neighbour of
 * the gateway needs no route; the kernel finds its Ethernet address either way. The first and last
 * address of a prefix are left to the routes: nobody's, or everybody's.
 */
static __always_inline int to_underlay(const struct virtual_subnet *subnet, __be32 destination)
{
	__be32 mask = subnet->on_link_mask;
	__be32 host = destination & ~mask;

	if (((destination ^ subnet->provider_address) & mask) || !host || host == ~mask)
		return bpf_redirect_neigh(subnet->underlay_ifindex, NULL, 0, 0);
	return to_neighbour(subnet->underlay_ifindex, destination);
}

/*
 * An answer of the gateway to the host that asked, in the packet that asked: overlay and message
 * stand ready; the packet gets exactly `length` bytes behind the outer Ethernet header.
 */
static __always_inline int answer(struct __sk_buff *skb, const struct tunnel_packet *packet,
				  struct overlay *overlay, const __u8 *to_mac, const __u8 *from_mac,
				  const void *message, __u32 message_length, enum verdict verdict)
{
	__u32 length = OVERLAY_LENGTH + message_length;

	overlay->ip = outer_ipv4(0, length, packet->destination, packet->source);
	overlay_headers(overlay, nvgre_key(packet->vsid, packet->flow_id), to_mac, from_mac,
			packet->inner_protocol);
	if (bpf_skb_change_tail(skb, ETH_HLEN + length, 0) || store_overlay(skb, overlay) ||
	    bpf_skb_store_bytes(skb, INNER_L3, message, message_length, BPF_F_RECOMPUTE_CSUM))
		return drop(skb, packet->vsid, VERDICT_KERNEL_REFUSED);
	count(skb, packet->vsid, verdict);
	return bpf_redirect_neigh(skb->ifindex, NULL, 0, 0);
}
