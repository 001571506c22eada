/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* N11: who sends the gateway what is not NVGRE, and in which way it is not. */
#pragma once

#include "events.h"
#include "path_mtu.h"
#include "peer_problem_number.h"
#include "tunnel.h"

#define ICMP_ADMINISTRATIVELY_PROHIBITED 10
#define VSID_MESSAGES 0xffffffu

/*
 * Counts every packet and tells of one a second and peer at most, so that a flood costs the control
 * plane nothing.
 */
static __always_inline void note_problem(struct __sk_buff *skb, __be32 source, __u32 problem)
{
	struct peer_problem_key key = { .provider_address = source, .problem = problem };
	struct peer_problem *entry = bpf_map_lookup_elem(&peer_problems, &key);
	__u64 now = bpf_ktime_get_ns();
	__u64 reported;

	if (!entry) {
		struct peer_problem zero = {};

		bpf_map_update_elem(&peer_problems, &key, &zero, BPF_NOEXIST);
		entry = bpf_map_lookup_elem(&peer_problems, &key);
		if (!entry)
			return;
	}
	__sync_fetch_and_add(&entry->packets, segments(skb));
	reported = entry->reported;
	if (reported && now - reported < SECOND)
		return;
	/* Of several CPUs one tells. */
	if (__sync_val_compare_and_swap(&entry->reported, reported, now) == reported)
		tell_of(source, EVENT_PEER_PROBLEM, problem);
}

/* The NVEs' own VSID carries ICMP from a host that refuses what it was sent. */
static __always_inline int is_refusal(struct __sk_buff *skb, const struct tunnel_packet *packet)
{
	struct {
		struct iphdr ip;
		__u8 type;
		__u8 code;
		__u8 rest[6];
	} __attribute__((packed)) *message;

	if (packet->vsid != VSID_MESSAGES || packet->inner_protocol != bpf_htons(ETH_P_IP) ||
	    inner_length(packet) < sizeof(*message))
		return 0;
	message = bytes_at(skb, INNER_L3, sizeof(*message));
	return message && message->ip.version == 4 && message->ip.ihl == 5 &&
	       message->ip.protocol == IPPROTO_ICMP && message->type == ICMP_UNREACHABLE &&
	       message->code == ICMP_ADMINISTRATIVELY_PROHIBITED;
}

/* A known peer's packet whose key is one of its VSIDs as it stands, not shifted by the FlowID. */
static __always_inline int is_unshifted(const struct tunnel_packet *packet)
{
	struct virtual_subnet *subnet = find_subnet(packet->vsid << 8 | packet->flow_id);

	return subnet && is_provider_peer(subnet->routing_domain, packet->source);
}

/* For a packet whose headers are right but for the VSID. */
static __always_inline __u32 vsid_problem(struct __sk_buff *skb,
					  const struct tunnel_packet *packet, enum verdict reason)
{
	if (is_refusal(skb, packet))
		return PEER_PROBLEM_NVGRE_REFUSED;
	if (is_unshifted(packet))
		return PEER_PROBLEM_KEY_UNSHIFTED;
	/* What is unknown may come from a host that is told of a new subnet before the gateway. */
	return reason == VERDICT_VSID_RESERVED ? reason : 0;
}
