/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * N2: which flow a packet belongs to. Both addresses, and where every packet of the flow shows
 * them, protocol and ports (IPv4, IPv6 TCP and UDP) or the flow label (other IPv6). The kernel's
 * own hash would read more of the packet, and differs from boot to boot.
 */
#pragma once

#include "packet.h"

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static __always_inline int has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Both ports as one number; 0 where the packet ends before. */
static __always_inline __u32 ports_behind(struct __sk_buff *skb, __u32 header)
{
	__be32 *ports = bytes_at(skb, ETH_HLEN + header, 4);

	return ports ? bpf_ntohl(*ports) : 0;
}

/* As ports_behind; a distance that the verifier does not know takes a copy. */
static __always_inline __u32 ports_behind_options(struct __sk_buff *skb, __u32 header)
{
	__be32 ports;

	return bpf_skb_load_bytes(skb, ETH_HLEN + header, &ports, 4) ? 0 : bpf_ntohl(ports);
}

static __always_inline __u64 ipv4_flow(struct __sk_buff *skb)
{
	struct iphdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));
	__u32 header, ports = 0;
	__u8 protocol;
	__u64 hash;
	int whole;

	if (!ip)
		return 0;
	hash = mix(0, (__u64)bpf_ntohl(ip->saddr) << 32 | bpf_ntohl(ip->daddr));
	protocol = ip->protocol;
	header = ip->ihl * 4;
	/* Only the first fragment has ports, and all are to stay together. */
	whole = !(ip->frag_off & bpf_htons(IP_FRAGMENT));
	if (whole && has_ports(protocol))
		ports = header == sizeof(*ip) ? ports_behind(skb, sizeof(*ip)) :
						ports_behind_options(skb, header);
	return mix(hash, (__u64)protocol << 32 | ports);
}

static __always_inline __u64 mix_ipv6(__u64 hash, const __be32 *address)
{
	hash = mix(hash, (__u64)bpf_ntohl(address[0]) << 32 | bpf_ntohl(address[1]));
	return mix(hash, (__u64)bpf_ntohl(address[2]) << 32 | bpf_ntohl(address[3]));
}

static __always_inline __u64 ipv6_flow(struct __sk_buff *skb)
{
	struct ipv6hdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));
	__u8 protocol;
	__u32 label;
	__u64 hash;

	if (!ip)
		return 0;
	hash = mix_ipv6(mix_ipv6(0, ip->saddr.in6_u.u6_addr32), ip->daddr.in6_u.u6_addr32);
	protocol = ip->nexthdr;
	label = bpf_ntohl(*(__be32 *)ip) & 0xfffff;
	if (has_ports(protocol))
		return mix(hash, (__u64)protocol << 32 | ports_behind(skb, sizeof(*ip)));
	return mix(hash, label);
}

/* Folded to 8 bits: one flow, one FlowID. */
static __always_inline __u8 flow_id(struct __sk_buff *skb, int is_ipv4)
{
	__u32 hash = (is_ipv4 ? ipv4_flow(skb) : ipv6_flow(skb)) >> 32;

	hash ^= hash >> 16;
	return (__u8)(hash ^ hash >> 8);
}
