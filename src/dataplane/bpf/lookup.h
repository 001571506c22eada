/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Questions to the maps, and the counting of what became of packets. */
#pragma once

#include "maps.h"
#include "packet.h"
#include "verdict.h"

/* An inner address as a key: it belongs to a routing domain. */
static __always_inline void inner_ipv4(struct lookup_record_key *inner, __u32 domain, __be32 address)
{
	inner->routing_domain = domain | DOMAIN_IPV4;
	inner->address.word[0] = address;
	inner->address.word[1] = 0;
	inner->address.word[2] = 0;
	inner->address.word[3] = 0;
}

static __always_inline void inner_ipv6(struct lookup_record_key *inner, __u32 domain,
				       const __be32 *address)
{
	inner->routing_domain = domain;
	inner->address.word[0] = address[0];
	inner->address.word[1] = address[1];
	inner->address.word[2] = address[2];
	inner->address.word[3] = address[3];
}

static __always_inline struct lookup_record *find_record(const struct lookup_record_key *inner)
{
	return bpf_map_lookup_elem(&lookup_records, inner);
}

static __always_inline struct customer_route *find_route(const struct lookup_record_key *inner)
{
	struct customer_route_key key = {
		.prefix_length = 32 + (inner->routing_domain & DOMAIN_IPV4 ? 32 : 128),
		.routing_domain = inner->routing_domain,
		.address = inner->address,
	};

	return bpf_map_lookup_elem(&customer_routes, &key);
}

static __always_inline struct virtual_subnet *find_subnet(__u32 vsid)
{
	return bpf_map_lookup_elem(&virtual_subnets, &vsid);
}

static __always_inline int is_provider_address(__be32 address)
{
	return bpf_map_lookup_elem(&provider_addresses, &address) != NULL;
}

static __always_inline int is_provider_peer(__u32 domain, __be32 address)
{
	struct provider_peer_key key = { .routing_domain = domain, .provider_address = address };

	return bpf_map_lookup_elem(&provider_peers, &key) != NULL;
}

static __always_inline int is_provider_group(__u32 vsid, __be32 group)
{
	struct provider_group_key key = { .vsid = vsid, .group = group };

	return bpf_map_lookup_elem(&provider_groups, &key) != NULL;
}

/* A GSO packet stands for its segments. */
static __always_inline __u32 segments(const struct __sk_buff *skb)
{
	return skb->gso_segs ? skb->gso_segs : 1;
}

static __always_inline void count_times(struct __sk_buff *skb, __u32 vsid, enum verdict verdict,
					__u32 times)
{
	struct counter_key key = { .vsid = vsid, .verdict = verdict };
	struct counter *counter = bpf_map_lookup_elem(&counters, &key);

	if (!counter) {
		struct counter zero = {};

		bpf_map_update_elem(&counters, &key, &zero, BPF_NOEXIST);
		counter = bpf_map_lookup_elem(&counters, &key);
		if (!counter)
			return;
	}
	/* Per CPU: nobody else writes here. */
	counter->packets += times * segments(skb);
	counter->bytes += times * (__u64)skb->len;
}

static __always_inline void count(struct __sk_buff *skb, __u32 vsid, enum verdict verdict)
{
	count_times(skb, vsid, verdict, 1);
}
