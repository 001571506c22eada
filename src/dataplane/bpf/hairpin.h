/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* N6: from VM to VM, the packet sent on in place with new headers. */
#pragma once

#include "rewrite.h"

/* TTL minus `hops` in place, the checksum with it (RFC 1624). */
static __always_inline long lower_hop_limit(struct __sk_buff *skb, __u32 offset, __u8 hop_limit,
					    __u8 hops, __u8 protocol, __be16 checksum, int is_ipv4)
{
	__u8 left = hop_limit - hops;

	if (is_ipv4) {
		struct {
			__u8 ttl;
			__u8 protocol;
			__be16 checksum;
		} after = { left, protocol, 0 };
		__u16 old_word = bpf_htons(hop_limit << 8 | protocol);
		__u16 new_word = bpf_htons(left << 8 | protocol);

		after.checksum = checksum_replace(checksum, old_word, new_word);
		return bpf_skb_store_bytes(skb, offset + 8, &after, sizeof(after),
					   BPF_F_RECOMPUTE_CSUM);
	}
	return bpf_skb_store_bytes(skb, offset + 7, &left, 1, BPF_F_RECOMPUTE_CSUM);
}

/*
 * Whether the way to the record's host takes the packet as it is (max_length 0: it does); if not, the
 * routing domain's kernel answers its sender. A packet that is still to be segmented counts as its segments.
 */
static __always_inline int fits(struct __sk_buff *skb, const struct tunnel_packet *packet,
				const struct inner_packet *inner, __u32 max_length, int is_ipv4)
{
	__u32 length = is_ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	__u8 *words;

	if (!max_length || inner_length(packet) <= max_length)
		return 1;
	if (!skb->gso_size || inner->protocol != IPPROTO_TCP)
		return 0;
	/* TCP's data offset (RFC 9293 section 3.1). */
	words = bytes_at(skb, INNER_L3 + length + 12, 1);
	return words && length + (*words >> 4) * 4 + skb->gso_size <= max_length;
}

static __always_inline int hairpin(struct __sk_buff *skb, const struct tunnel_packet *packet,
				   const struct inner_packet *inner,
				   const struct lookup_record *record,
				   const struct virtual_subnet *subnet, int is_ipv4)
{
	struct overlay overlay;
	__u32 vsid = record->vsid;

	overlay.ip = outer_ipv4(packet->tos, packet->total_length, subnet->provider_address,
				record->provider_address);
	overlay_headers(&overlay, nvgre_key(vsid, packet->flow_id), record->mac, subnet->source_mac,
			packet->inner_protocol);
	if (lower_hop_limit(skb, INNER_L3, inner->hop_limit, 1, inner->protocol,
			    inner->ipv4_checksum, is_ipv4) ||
	    store_overlay(skb, &overlay))
		return drop(skb, packet->vsid, VERDICT_KERNEL_REFUSED);
	count(skb, packet->vsid, VERDICT_HAIRPINNED);
	return to_underlay(subnet, overlay.ip.daddr);
}

/* The same between two records of rule `nat`: without NVGRE (N13). */
static __always_inline int hairpin_rewritten(struct __sk_buff *skb,
					     const struct tunnel_packet *packet,
					     const struct inner_packet *inner,
					     const struct rewriting *rewriting,
					     const struct virtual_subnet *subnet)
{
	if (lower_hop_limit(skb, INNER_L3, inner->hop_limit, 1, inner->protocol,
			    inner->ipv4_checksum, 1) ||
	    bpf_skb_adjust_room(skb, -OVERLAY_LENGTH, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return drop(skb, packet->vsid, VERDICT_KERNEL_REFUSED);
	return send_rewritten(skb, rewriting, subnet, packet->vsid);
}
