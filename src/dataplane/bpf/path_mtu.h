/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* N9: a router of the underlay says that a packet of ours did not fit (RFC 1191). */
#pragma once

#include "events.h"
#include "rewrite.h"

#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4

/* What every host must be able to take (RFC 1122 section 3.3.2); less is a lie. */
#define PATH_MTU_MIN 576

/* RFC 1191 section 4, and of the packet in question what every router sends back (RFC 792). */
struct fragmentation_needed {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 unused;
	__be16 mtu;
	struct iphdr ip;
	struct nvgre_header nvgre;
};

#define RETURNED_INNER_ETH (OUTER_GRE + (int)sizeof(struct fragmentation_needed))

_Static_assert(sizeof(struct fragmentation_needed) == 36, "ICMP 8, IPv4 20, GRE 8");

/* Whether the gateway sends such a packet without NVGRE: between two records of rule `nat` (N13). */
static __always_inline int is_returned_rewritten(const struct iphdr *ip, __be32 own)
{
	struct rewrite *from, *to;

	if (ip->version != 4 || ip->ihl != 5 || ip->protocol == IPPROTO_GRE || ip->saddr != own ||
	    (ip->frag_off & bpf_htons(IP_DF | IP_FRAGMENT)) != bpf_htons(IP_DF))
		return 0;
	from = find_rewrite(own);
	if (!from || !from->local)
		return 0;
	to = find_rewrite(ip->daddr);
	return to && !to->local && to->routing_domain == from->routing_domain;
}

/* Whether the gateway sends such headers: to that peer, for that subnet, from that address. */
static __always_inline struct virtual_subnet *
subnet_of_returned(const struct fragmentation_needed *message, __be32 own)
{
	const struct iphdr *ip = &message->ip;
	struct virtual_subnet *subnet;

	if (ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_GRE || ip->saddr != own ||
	    (ip->frag_off & bpf_htons(IP_DF | IP_FRAGMENT)) != bpf_htons(IP_DF))
		return NULL;
	if (message->nvgre.flags != bpf_htons(GRE_KEY) ||
	    message->nvgre.protocol != bpf_htons(ETH_P_TEB))
		return NULL;
	subnet = find_subnet(bpf_ntohl(message->nvgre.key) >> 8);
	if (!subnet || subnet->provider_address != own ||
	    !is_provider_peer(subnet->routing_domain, ip->daddr))
		return NULL;
	return subnet;
}

/* Never larger than it was: what has got better shows when the entry is too old (section 6.3). */
static __always_inline void note_path_mtu(__be32 peer, __u32 mtu, __be32 router)
{
	struct path_mtu *known = bpf_map_lookup_elem(&path_mtus, &peer);
	struct path_mtu learned = {
		.learned = bpf_ktime_get_ns(),
		.mtu = mtu,
		.router = router,
	};

	if (known && mtu > known->mtu)
		return;
	if (known && mtu == known->mtu) {
		known->learned = learned.learned;
		return;
	}
	if (!bpf_map_update_elem(&path_mtus, &peer, &learned, BPF_ANY))
		tell_of(peer, EVENT_PATH_MTU, mtu);
}

/*
 * The packet itself goes on to the kernel. A message about a packet that the gateway cannot have
 * sent changes nothing: as much is compared as the router has sent back.
 */
static __always_inline void read_path_mtu(struct __sk_buff *skb, const struct iphdr *outer)
{
	__u32 length = bpf_ntohs(outer->tot_len);
	struct fragmentation_needed *message;
	struct virtual_subnet *subnet;
	__be32 router = outer->saddr;
	__be32 own = outer->daddr;
	struct ethhdr *inner;
	__be32 peer;
	__u32 mtu;

	if (outer->ihl != 5 || (outer->frag_off & bpf_htons(IP_FRAGMENT)) ||
	    length > skb->len - ETH_HLEN || length < sizeof(*outer) + sizeof(*message) ||
	    ipv4_sum(outer) != 0xffff)
		return;
	message = bytes_at(skb, OUTER_GRE, sizeof(*message));
	if (!message || message->type != ICMP_UNREACHABLE ||
	    message->code != ICMP_FRAGMENTATION_NEEDED)
		return;
	mtu = bpf_ntohs(message->mtu);
	peer = message->ip.daddr;
	if (mtu < PATH_MTU_MIN || mtu >= bpf_ntohs(message->ip.tot_len))
		return;
	if (is_returned_rewritten(&message->ip, own)) {
		note_path_mtu(peer, mtu, router);
		return;
	}
	subnet = subnet_of_returned(message, own);
	if (!subnet)
		return;
	if (length >= RETURNED_INNER_ETH - ETH_HLEN + sizeof(*inner)) {
		inner = bytes_at(skb, RETURNED_INNER_ETH, sizeof(*inner));
		if (!inner || !mac_equal(inner->h_source, subnet->source_mac) ||
		    (inner->h_proto != bpf_htons(ETH_P_IP) &&
		     inner->h_proto != bpf_htons(ETH_P_IPV6)))
			return;
	}
	note_path_mtu(peer, mtu, router);
}
