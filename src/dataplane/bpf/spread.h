/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * N10: broadcast and multicast that leaves a routing domain goes into one virtual subnet, by a PA
 * multicast group, or as one copy for each host.
 */
#pragma once

#include "inner.h"

struct tunnel_target {
	__be32 provider_address;
	__u8 mac[6];
	__u32 vsid;
	enum verdict verdict; /* once it is on its way */
	int nat; /* whether the PA stands for the destination alone (N13) */
};

/* Beside verdicts: not to one host. */
#define TO_ALL -1

/*
 * A copy comes back to this program with its number in the mark. What comes out of a routing domain
 * has no mark: crossing from one namespace to another takes it off.
 */
#define COPY_MARK 0x76370000u
#define COPY_MASK 0xffff0000u

static __always_inline __u32 copy_number(const struct __sk_buff *skb)
{
	return (skb->mark & COPY_MASK) == COPY_MARK ? skb->mark & ~COPY_MASK : 0;
}

/*
 * Lets packets_per_second through on average, and as many at once after a second of silence. What a
 * packet costs is added to what is owed; while more is owed than time has passed none goes.
 */
static __always_inline int within_limit(struct __sk_buff *skb, __u32 vsid,
					__u32 packets_per_second)
{
	__u64 cost, seen, from, now = bpf_ktime_get_ns();
	__u64 *debt;

	if (!packets_per_second)
		return 1;
	cost = SECOND / packets_per_second * segments(skb);
	debt = bpf_map_lookup_elem(&multicast_debts, &vsid);
	if (!debt) {
		__u64 none = 0;

		bpf_map_update_elem(&multicast_debts, &vsid, &none, BPF_NOEXIST);
		debt = bpf_map_lookup_elem(&multicast_debts, &vsid);
		if (!debt)
			return 0;
	}
	/* Of CPUs that meet here each gets its turn, or its packet counts as one too many. */
#pragma unroll
	for (int attempt = 0; attempt < 4; attempt++) {
		seen = *(volatile __u64 *)debt;
		if (seen > now)
			return 0;
		from = seen + SECOND > now ? seen : now - SECOND;
		if (__sync_val_compare_and_swap(debt, seen, from + cost) == seen)
			return 1;
	}
	return 0;
}

/* Where an inner frame for the group goes (RFC 1112 section 6.4, RFC 2464 section 7). */
static __always_inline void group_mac(__u8 *mac, const struct lookup_record_key *destination)
{
	const __u8 *address = (const __u8 *)destination->address.word;
	__u32 is_ipv4 = destination->routing_domain & DOMAIN_IPV4;

	if (!is_ipv4 && address[0] == 0xff) {
		mac[0] = 0x33;
		mac[1] = 0x33;
		__builtin_memcpy(mac + 2, address + 12, 4);
	} else if (is_ipv4 && (address[0] & 0xf0) == 0xe0) {
		mac[0] = 0x01;
		mac[1] = 0x00;
		mac[2] = 0x5e;
		mac[3] = address[1] & 0x7f;
		mac[4] = address[2];
		mac[5] = address[3];
	} else {
		__builtin_memset(mac, 0xff, 6);
	}
}

/*
 * 0 and the VSID; or the reason to drop. `target` has the VSID already where the destination is a
 * subnet's broadcast address.
 */
static __always_inline int find_spread_subnet(struct __sk_buff *skb, int is_ipv4,
					      const struct lookup_record_key *destination,
					      struct tunnel_target *target)
{
	struct lookup_record_key source;
	struct lookup_record *sender;
	struct customer_route *route;

	if (is_ipv4) {
		struct iphdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));

		if (!ip)
			return VERDICT_TRUNCATED;
		inner_ipv4(&source, skb->ifindex, ip->saddr);
	} else {
		struct ipv6hdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));

		if (!ip)
			return VERDICT_TRUNCATED;
		inner_ipv6(&source, skb->ifindex, ip->saddr.in6_u.u6_addr32);
	}
	sender = find_record(&source);
	if (sender && sender->flags & LOOKUP_RECORD_LOCAL) {
		if (!target->vsid)
			target->vsid = sender->vsid;
		return 0;
	}
	/* From elsewhere to a subnet's broadcast address: RFC 2644. */
	if (target->vsid)
		return VERDICT_INNER_MULTICAST;
	route = find_route(destination);
	if (!route || route->target != CUSTOMER_ROUTE_MULTICAST)
		return VERDICT_INNER_MULTICAST;
	target->vsid = route->vsid;
	return 0;
}

static __always_inline __be32 find_group(__u32 vsid, const struct lookup_record_key *destination)
{
	__u32 family = destination->routing_domain & DOMAIN_IPV4;
	struct multicast_route_key key = {
		.prefix_length = 32 + (family ? 32 : 128),
		.vsid = vsid | family,
		.address = destination->address,
	};
	struct multicast_route *route = bpf_map_lookup_elem(&multicast_routes, &key);

	return route ? route->group : 0;
}

/*
 * Sends the next copy after this one through this program: one waits at a time, however many hosts
 * there are. Should the kernel have no room for it, those behind it are lost, too.
 */
static __always_inline void pass_on(struct __sk_buff *skb, __u32 vsid, __u32 copy, __u32 hosts)
{
	if (copy + 1 >= hosts)
		return;
	skb->mark = COPY_MARK | (copy + 1);
	if (bpf_clone_redirect(skb, skb->ifindex, BPF_F_INGRESS))
		count_times(skb, vsid, VERDICT_KERNEL_REFUSED, hosts - copy - 1);
}

/* 0 and the target; or the reason to drop, and the VSID to count it under. */
static __always_inline int spread(struct __sk_buff *skb, int is_ipv4,
				  const struct lookup_record_key *destination,
				  struct tunnel_target *target)
{
	__u32 copy = copy_number(skb);
	struct replication *hosts;
	int reason;

	reason = find_spread_subnet(skb, is_ipv4, destination, target);
	if (reason)
		return reason;
	hosts = bpf_map_lookup_elem(&replications, &target->vsid);
	if (!hosts) {
		target->vsid = 0;
		return VERDICT_SUBNET_UNKNOWN;
	}
	if (!copy && !within_limit(skb, target->vsid, hosts->packets_per_second))
		return VERDICT_MULTICAST_LIMITED;

	group_mac(target->mac, destination);
	target->provider_address = find_group(target->vsid, destination);
	if (target->provider_address) {
		target->verdict = VERDICT_GROUP_ENCAPSULATED;
	} else {
		if (copy >= hosts->hosts || copy >= REPLICATION_MAX)
			return VERDICT_NO_RECORD;
		target->provider_address = hosts->provider_address[copy];
		target->verdict = VERDICT_COPY_ENCAPSULATED;
	}
	return 0;
}

/* What there is to do for a packet that goes to more than one host before it goes itself. */
static __always_inline long before_spread(struct __sk_buff *skb, const struct tunnel_target *target)
{
	__u32 copy = copy_number(skb);

	if (target->verdict == VERDICT_COPY_ENCAPSULATED) {
		struct replication *hosts = bpf_map_lookup_elem(&replications, &target->vsid);

		if (!hosts)
			return -1;
		if (!copy && hosts->left_out)
			count_times(skb, target->vsid, VERDICT_HOSTS_LEFT_OUT, hosts->left_out);
		pass_on(skb, target->vsid, copy, hosts->hosts);
	}
	skb->mark = 0;
	return clear_destination(skb);
}
