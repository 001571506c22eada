/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * N13, IP Rewrite: between two records of rule `nat` a packet travels without NVGRE, with a PA in the
 * place of each CA. What this cannot be done to and undone again is encapsulated as ever: IP options,
 * which may hold addresses; GRE, which would be taken for NVGRE; an ICMP redirect, and an ICMP error
 * about a packet that was encapsulated itself.
 */
#pragma once

#include "inner.h"

#define IP_OFFSET 0x1fff

#define ICMP_HEADER_LENGTH 8
#define ICMP_DESTINATION_UNREACHABLE 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_REDIRECT 5
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12

#define UDP_WITHOUT_CHECKSUM 0

struct address_pair {
	__be32 source;
	__be32 destination;
};

struct rewriting {
	struct address_pair before;
	struct address_pair after;
	struct iphdr returned; /* as it will be; version 0: the packet returns no other */
	__u16 returned_before; /* checksum behind the returned header */
	__u16 returned_after;
	__u8 checksum_at;	   /* in the transport header; 0: nothing to do there */
	__u8 returned_checksum_at; /* as checksum_at */
	__u8 protocol;
};

static __always_inline struct rewrite *find_rewrite(__be32 provider_address)
{
	return bpf_map_lookup_elem(&rewrites, &provider_address);
}

/* The address that stands for another in the routing domain; 0: none does. */
static __always_inline __be32 counterpart(__u32 domain, __be32 address, int to_provider)
{
	if (to_provider) {
		struct lookup_record_key key;
		struct lookup_record *record;

		inner_ipv4(&key, domain, address);
		record = find_record(&key);
		return record && record->flags & LOOKUP_RECORD_NAT ? record->provider_address : 0;
	}
	struct rewrite *found = find_rewrite(address);

	return found && found->routing_domain == domain ? found->customer_address : 0;
}

static __always_inline int find_counterparts(__u32 domain, const struct address_pair *before,
					     struct address_pair *after, int to_provider)
{
	after->source = counterpart(domain, before->source, to_provider);
	if (!after->source)
		return 0;
	after->destination = counterpart(domain, before->destination, to_provider);
	return after->destination != 0;
}

/* Where in a transport header the checksum is that covers the addresses; 0: nowhere. */
static __always_inline __u8 checksum_offset(__u8 protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return 6;
	default:
		return 0;
	}
}

static __always_inline __u16 replace_addresses(__u16 checksum, const struct address_pair *before,
					       const struct address_pair *after)
{
	const __u16 *from = (const __u16 *)before;
	const __u16 *to = (const __u16 *)after;

#pragma unroll
	for (int i = 0; i < 4; i++)
		checksum = checksum_replace(checksum, from[i], to[i]);
	return checksum;
}

/* The packet that an ICMP error returns to its sender: as much of it as there is, up to `end`. */
static __always_inline int read_returned(struct __sk_buff *skb, __u32 at, __u32 end, __u32 domain,
					 int to_provider, struct rewriting *rewriting)
{
	__u32 transport = at + sizeof(struct iphdr);
	struct address_pair before, after;
	struct iphdr *ip;
	__u16 *checksum;
	__u8 offset;

	if (transport > end)
		return 0;
	ip = bytes_at(skb, at, sizeof(*ip));
	if (!ip || ip->version != 4 || ip->ihl != 5 || ip->protocol == IPPROTO_GRE)
		return 0;
	rewriting->returned = *ip;
	before.source = ip->saddr;
	before.destination = ip->daddr;
	if (!find_counterparts(domain, &before, &after, to_provider))
		return 0;
	rewriting->returned.check =
		replace_addresses(rewriting->returned.check, &before, &after);
	rewriting->returned.saddr = after.source;
	rewriting->returned.daddr = after.destination;

	offset = checksum_offset(rewriting->returned.protocol);
	if (!offset || (rewriting->returned.frag_off & bpf_htons(IP_OFFSET)) ||
	    transport + offset + 2 > end)
		return 1;
	checksum = bytes_at(skb, transport + offset, 2);
	if (!checksum)
		return 0;
	if (rewriting->returned.protocol == IPPROTO_UDP && *checksum == UDP_WITHOUT_CHECKSUM)
		return 1;
	rewriting->returned_checksum_at = offset;
	rewriting->returned_before = *checksum;
	rewriting->returned_after = replace_addresses(*checksum, &before, &after);
	if (rewriting->returned.protocol == IPPROTO_UDP && !rewriting->returned_after)
		rewriting->returned_after = 0xffff;
	return 1;
}

/*
 * What has to change in the IPv4 packet at `at`. 0: it cannot travel rewritten, or is none that has.
 * Nothing is changed yet.
 */
static __always_inline int read_rewriting(struct __sk_buff *skb, __u32 at, __u32 domain,
					  int to_provider, struct rewriting *rewriting)
{
	__u32 transport = at + sizeof(struct iphdr);
	struct iphdr *ip = bytes_at(skb, at, sizeof(*ip));
	int later_fragment;
	__u8 *type;
	__u32 end;

	if (!ip || ip->ihl != 5 || ip->protocol == IPPROTO_GRE)
		return 0;
	rewriting->before.source = ip->saddr;
	rewriting->before.destination = ip->daddr;
	rewriting->protocol = ip->protocol;
	rewriting->returned.version = 0;
	rewriting->returned_checksum_at = 0;
	end = at + bpf_ntohs(ip->tot_len);
	later_fragment = (ip->frag_off & bpf_htons(IP_OFFSET)) != 0;
	rewriting->checksum_at = later_fragment ? 0 : checksum_offset(ip->protocol);
	if (!find_counterparts(domain, &rewriting->before, &rewriting->after, to_provider))
		return 0;
	if (rewriting->checksum_at)
		return transport + rewriting->checksum_at + 2 <= end &&
		       bytes_at(skb, transport + rewriting->checksum_at, 2);
	if (rewriting->protocol != IPPROTO_ICMP || later_fragment)
		return 1;

	if (transport + ICMP_HEADER_LENGTH > end)
		return 0;
	type = bytes_at(skb, transport, ICMP_HEADER_LENGTH);
	if (!type)
		return 0;
	switch (*type) {
	case ICMP_REDIRECT:
		return 0;
	case ICMP_DESTINATION_UNREACHABLE:
	case ICMP_SOURCE_QUENCH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER_PROBLEM:
		return read_returned(skb, transport + ICMP_HEADER_LENGTH, end, domain, to_provider,
				     rewriting);
	default:
		return 1;
	}
}

/*
 * New addresses in the IPv4 packet at `at`. What the kernel keeps of sums over the packet stays
 * right: what the addresses add, a checksum next to them takes away.
 */
static __always_inline long write_rewriting(struct __sk_buff *skb, __u32 at,
					    const struct rewriting *rewriting)
{
	const struct address_pair *before = &rewriting->before;
	const struct address_pair *after = &rewriting->after;
	__u32 transport = at + sizeof(struct iphdr);
	__u32 returned = transport + ICMP_HEADER_LENGTH;
	__u64 flags = BPF_F_PSEUDO_HDR | sizeof(__be32) |
		      (rewriting->protocol == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0);

	if (rewriting->checksum_at &&
	    (bpf_l4_csum_replace(skb, transport + rewriting->checksum_at, before->source,
				 after->source, flags) ||
	     bpf_l4_csum_replace(skb, transport + rewriting->checksum_at, before->destination,
				 after->destination, flags)))
		return -1;
	if (rewriting->returned.version &&
	    bpf_skb_store_bytes(skb, returned, &rewriting->returned, sizeof(rewriting->returned),
				0))
		return -1;
	if (rewriting->returned_checksum_at &&
	    (bpf_skb_store_bytes(skb,
				 returned + sizeof(struct iphdr) + rewriting->returned_checksum_at,
				 &rewriting->returned_after, 2, 0) ||
	     bpf_l4_csum_replace(skb, transport + 2, rewriting->returned_before,
				 rewriting->returned_after, 2)))
		return -1;
	return bpf_l3_csum_replace(skb, at + offsetof(struct iphdr, check), before->source,
				   after->source, 4) ||
	       bpf_l3_csum_replace(skb, at + offsetof(struct iphdr, check), before->destination,
				   after->destination, 4) ||
	       bpf_skb_store_bytes(skb, at + offsetof(struct iphdr, saddr), after, sizeof(*after),
				   0);
}

/* Of an IPv4 packet behind the Ethernet header, to the PA of its destination. */
static __always_inline int send_rewritten(struct __sk_buff *skb, const struct rewriting *rewriting,
					  const struct virtual_subnet *subnet, __u32 vsid)
{
	if (write_rewriting(skb, ETH_HLEN, rewriting))
		return drop(skb, vsid, VERDICT_KERNEL_REFUSED);
	count(skb, vsid, VERDICT_REWRITTEN);
	return to_underlay(subnet, rewriting->after.destination);
}

/*
 * What leaves a routing domain, to a destination of rule `nat`: only the gateway's own addresses have a
 * PA there. Whoever else sends may be anybody outside, with any source address.
 */
static __always_inline int read_own_rewriting(struct __sk_buff *skb, struct rewriting *rewriting)
{
	struct lookup_record_key source;
	struct lookup_record *record;

	if (!read_rewriting(skb, ETH_HLEN, skb->ifindex, 1, rewriting))
		return 0;
	inner_ipv4(&source, skb->ifindex, rewriting->before.source);
	record = find_record(&source);
	return record && record->flags & LOOKUP_RECORD_LOCAL;
}

/*
 * From the underlay, no GRE. Taken is what a record of rule `nat` sends to such a record of the
 * gateway's own in its routing domain (N12). All else is the gateway's own affair, which may use the
 * address for NVGRE and itself.
 */
static __always_inline int receive_rewritten(struct __sk_buff *skb)
{
	struct iphdr *ip = bytes_at(skb, OUTER_IP, sizeof(*ip));
	struct rewriting rewriting;
	struct rewrite *from, *to;
	__u32 domain, vsid;

	if (!ip)
		return PASS;
	to = find_rewrite(ip->daddr);
	if (!to || !to->local)
		return PASS;
	from = find_rewrite(ip->saddr);
	if (!from || from->local || from->routing_domain != to->routing_domain)
		return PASS;
	domain = to->routing_domain;
	vsid = to->vsid;
	if (ip->ihl != 5)
		return drop(skb, vsid, VERDICT_OUTER_OPTIONS);
	if (bpf_ntohs(ip->tot_len) > skb->len - ETH_HLEN || bpf_ntohs(ip->tot_len) < sizeof(*ip))
		return drop(skb, vsid, VERDICT_TRUNCATED);
	if (ipv4_sum(ip) != 0xffff)
		return drop(skb, vsid, VERDICT_OUTER_CHECKSUM);
	if (!read_rewriting(skb, OUTER_IP, domain, 0, &rewriting))
		return PASS;
	if (write_rewriting(skb, OUTER_IP, &rewriting))
		return drop(skb, vsid, VERDICT_KERNEL_REFUSED);
	bpf_set_hash_invalid(skb);
	count(skb, vsid, VERDICT_RESTORED);
	return bpf_redirect_peer(domain, 0);
}
