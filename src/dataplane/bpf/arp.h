/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* N7: the gateway answers ARP for its own addresses, and nothing of ARP goes any further. */
#pragma once

#include "source_check.h"

static __always_inline int answer_arp(struct __sk_buff *skb, const struct tunnel_packet *packet)
{
	__u32 domain = packet->subnet->routing_domain;
	struct lookup_record_key target, sender;
	struct lookup_record *record;
	struct arp_packet *request;
	struct arp_packet reply;
	struct overlay overlay;
	int reason = 0;

	if (inner_length(packet) < sizeof(reply))
		return drop(skb, packet->vsid, VERDICT_TRUNCATED);
	request = bytes_at(skb, INNER_L3, sizeof(*request));
	if (!request)
		return drop(skb, packet->vsid, VERDICT_TRUNCATED);
	if (request->hardware_type != bpf_htons(1) ||
	    request->protocol_type != bpf_htons(ETH_P_IP) || request->hardware_length != 6 ||
	    request->protocol_length != 4 || request->operation != bpf_htons(1))
		return drop(skb, packet->vsid, VERDICT_ARP_IGNORED);

	inner_ipv4(&target, domain, request->target_ip);
	record = find_record(&target);
	if (!record || !(record->flags & LOOKUP_RECORD_LOCAL) || record->vsid != packet->vsid)
		return drop(skb, packet->vsid, VERDICT_ARP_IGNORED);

	if (request->sender_ip) {
		inner_ipv4(&sender, domain, request->sender_ip);
		reason = check_source(packet, &sender, request->sender_mac);
	} else if (!is_provider_peer(domain, packet->source)) {
		/* A probe (RFC 5227) has no sender address yet. */
		reason = VERDICT_UNKNOWN_PEER;
	}
	if (reason)
		return drop(skb, packet->vsid, reason);

	reply = *request;
	reply.operation = bpf_htons(2);
	mac_copy(reply.target_mac, request->sender_mac);
	reply.target_ip = request->sender_ip;
	mac_copy(reply.sender_mac, record->mac);
	reply.sender_ip = request->target_ip;
	return answer(skb, packet, &overlay, reply.target_mac, reply.sender_mac, &reply,
		      sizeof(reply), VERDICT_ARP_REPLIED);
}
