/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Which packets may go between the physical network and a virtual network past the kernel, and which
 * way its routes lead them.
 *
 * The short way is for routing domains of which the control plane has found that their namespace
 * does nothing but route between vnet and ext (compile/short-way.ts). A packet takes it only where
 * both namespaces would have forwarded the very same bytes; every other packet is the kernel's:
 *
 * - Routes. The gateway's own FIB is asked for each packet: addresses of the gateway, blackholes, devices that
 *   must not forward, next hops whose Ethernet address is not known yet are the kernel's. From a VM
 *   it has to lead out of the domain's external device, from outside into the domain's ext pair: other
 *   routing domains (`between_domains` of the firewall) and the provider network are never reached.
 *   The domain's own routes stand in customer_routes.
 * - Sources. The FIB has to lead back to where the packet came from. That is stricter than
 *   rp_filter and the kernel's martian check: addresses of the gateway's are the kernel's to judge.
 * - Size. What is longer than the way ahead carries is the kernel's, which answers or fragments. Of a
 *   route's own MTU the FIB tells only where it is locked.
 * - TTL. Both hops are counted; what would not survive them is the kernel's to answer. So is what one
 *   hop alone would leave a TTL of 1 (relay.h).
 * - IPv4 options and IPv6 extension headers, fragments, multicast, broadcast, frames for others
 *   (an external device may be promiscuous), VLAN tags, neighbour discovery (the gateway answers it
 *   for external addresses), malformed headers are the kernel's.
 * - Rules of others. What else hooks into forwarding in these namespaces does not see the packets:
 *   dataPlane.shortWay in the configuration is for who has such rules.
 */
#pragma once

#include "flow.h"
#include "hairpin.h"

/* Routing domain and gateway. */
#define SHORT_WAY_HOPS 2

/* Answers of the kernel serve for so long: four of its ticks, at most 40 ms. */
#define WAYS_TIME (bpf_jiffies64() >> 2)

/* No action of TC: the packet is not for the short way. */
#define TO_KERNEL 255

/* A packet whose header has nothing that only the kernel should handle. */
struct short_way_packet {
	struct bpf_fib_lookup way; /* tot_len left out */
	__u16 length; /* as the IP header says: what is behind it is padding */
	__u16 on_wire; /* of a packet that is still to be segmented, a segment's */
	__be16 checksum; /* IPv4 */
	__u8 hop_limit;
	__u8 tos; /* IPv6: traffic class */
};

/*
 * Link-local (with all transit addresses), this network, loopback, multicast and class E; and the
 * dummy address that each ext has (RFC 7600).
 */
static __always_inline int ipv4_is_special(__be32 address)
{
	__u8 first = *(__u8 *)&address;

	return !first || first == 127 || first >= 224 || address == bpf_htonl(0xc0000008) ||
	       (address & bpf_htonl(0xffff0000)) == bpf_htonl(0xa9fe0000);
}

/* Unspecified, loopback and IPv4-mapped, link-local, multicast; and transit addresses. */
static __always_inline int ipv6_is_special(const __be32 *address)
{
	return !address[0] || *(__u8 *)address == 0xff ||
	       (address[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000) ||
	       (address[0] == bpf_htonl(0xfd4e5647) && address[1] == bpf_htonl(0x41540000));
}

/* Of a packet that is still to be segmented, the length of a segment; 0 for one of neither protocol. */
static __always_inline __u32 length_on_wire(struct __sk_buff *skb, __u32 behind, __u32 header,
					    __u8 protocol, __u32 length)
{
	__u8 *words;

	if (!skb->gso_size)
		return length;
	if (protocol == IPPROTO_UDP)
		return header + 8 + skb->gso_size;
	if (protocol != IPPROTO_TCP)
		return 0;
	/* TCP's data offset (RFC 9293 section 3.1). */
	words = bytes_at(skb, behind + 12, 1);
	return words ? header + (*words >> 4) * 4 + skb->gso_size : 0;
}

/* Multipath routes and routing rules may look at them. */
static __always_inline void read_ports(struct __sk_buff *skb, __u32 behind,
				       struct bpf_fib_lookup *way)
{
	__be16 *ports;

	if (way->l4_protocol != IPPROTO_TCP && way->l4_protocol != IPPROTO_UDP)
		return;
	ports = bytes_at(skb, behind, 4);
	if (!ports)
		return;
	way->sport = ports[0];
	way->dport = ports[1];
}

static __always_inline int read_short_ipv4(struct __sk_buff *skb, __u32 offset, __u32 available,
					   struct short_way_packet *packet)
{
	struct bpf_fib_lookup *way = &packet->way;
	struct iphdr *ip = bytes_at(skb, offset, sizeof(*ip));
	__u32 length;

	if (!ip || ip->version != 4 || ip->ihl != 5 || (ip->frag_off & bpf_htons(IP_FRAGMENT)) ||
	    ip->ttl <= SHORT_WAY_HOPS || ipv4_is_special(ip->saddr) || ipv4_is_special(ip->daddr))
		return 0;
	/* decap has summed up what came in NVGRE. */
	if (offset == ETH_HLEN && ipv4_sum(ip) != 0xffff)
		return 0;
	packet->length = bpf_ntohs(ip->tot_len);
	if (packet->length < sizeof(*ip) || packet->length > available)
		return 0;
	packet->checksum = ip->check;
	packet->hop_limit = ip->ttl;
	packet->tos = ip->tos;
	way->family = FAMILY_IPV4;
	way->l4_protocol = ip->protocol;
	way->tos = ip->tos;
	way->ipv4_src = ip->saddr;
	way->ipv4_dst = ip->daddr;
	length = length_on_wire(skb, offset + sizeof(*ip), sizeof(*ip), way->l4_protocol,
				packet->length);
	if (!length || length > 0xffff)
		return 0;
	packet->on_wire = length;
	read_ports(skb, offset + sizeof(*ip), way);
	return 1;
}

static __always_inline int read_short_ipv6(struct __sk_buff *skb, __u32 offset, __u32 available,
					   struct short_way_packet *packet)
{
	struct bpf_fib_lookup *way = &packet->way;
	struct ipv6hdr *ip = bytes_at(skb, offset, sizeof(*ip));
	__u32 length;
	__u8 *type;

	if (!ip || ip->version != 6 || ip->hop_limit <= SHORT_WAY_HOPS ||
	    ipv6_is_special(ip->saddr.in6_u.u6_addr32) || ipv6_is_special(ip->daddr.in6_u.u6_addr32))
		return 0;
	length = sizeof(*ip) + bpf_ntohs(ip->payload_len);
	if (length > available || length > 0xffff)
		return 0;
	packet->length = length;
	packet->hop_limit = ip->hop_limit;
	packet->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	way->family = FAMILY_IPV6;
	way->l4_protocol = ip->nexthdr;
	way->flowinfo = *(__be32 *)ip & bpf_htonl(0x0fffffff);
	__builtin_memcpy(way->ipv6_src, &ip->saddr, sizeof(way->ipv6_src));
	__builtin_memcpy(way->ipv6_dst, &ip->daddr, sizeof(way->ipv6_dst));
	switch (way->l4_protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
		return 0;
	case IPPROTO_ICMPV6:
		type = bytes_at(skb, offset + sizeof(*ip), 1);
		if (!type || (*type >= ROUTER_SOLICITATION && *type <= REDIRECT))
			return 0;
	}
	length = length_on_wire(skb, offset + sizeof(*ip), sizeof(*ip), way->l4_protocol, length);
	if (!length || length > 0xffff)
		return 0;
	packet->on_wire = length;
	read_ports(skb, offset + sizeof(*ip), way);
	return 1;
}

/*
 * The IP packet at `offset`, of which the frame has `available` bytes; 0 where the kernel should see
 * it whatever its routes say.
 */
static __always_inline int read_short(struct __sk_buff *skb, __u32 offset, __u32 available,
				      struct short_way_packet *packet, int is_ipv4)
{
	__builtin_memset(packet, 0, sizeof(*packet));
	if (is_ipv4 ? !read_short_ipv4(skb, offset, available, packet) :
		      !read_short_ipv6(skb, offset, available, packet))
		return 0;
	/* A packet that is still to be segmented cannot be cut. */
	return packet->length == available || !skb->gso_size;
}

/* Where the gateway's kernel would forward the packet to; 0 where it would do anything else. */
static __always_inline __u32 leads_to(struct __sk_buff *skb, struct bpf_fib_lookup *way,
				      long other_result)
{
	long result = bpf_fib_lookup(skb, way, sizeof(*way), 0);

	return result == BPF_FIB_LKUP_RET_SUCCESS || result == other_result ? way->ifindex : 0;
}

/* The place in `ways` for packets as this one. */
static __always_inline struct way *way_for(const struct bpf_fib_lookup *question, int is_ipv4)
{
	const __u64 *word = (const __u64 *)question;
	__u64 hash = mix(mix(mix(0, word[0]), word[2]), word[4]);
	__u32 place;

	if (!is_ipv4)
		hash = mix(mix(hash, word[3]), word[5]);
	place = hash >> 32 & (WAYS - 1);
	return bpf_map_lookup_elem(&ways, &place);
}

/* Whether the kernel has answered the question lately. */
static __always_inline int is_known(const struct way *way, const struct short_way_packet *packet)
{
	const __u64 *word = (const __u64 *)&packet->way;
	__u64 differs = way->answered ^ WAYS_TIME;

#pragma unroll
	for (int i = 0; i < WAY_WORDS; i++)
		differs |= way->question[i] ^ word[i];
	return !differs && packet->on_wire <= way->max_length;
}

/*
 * Asks the kernel: 0, or the device by which the packet would leave, the next hop then in
 * `packet->way`. The source has to be there where the packet came from. Who is the neighbour there is
 * not of interest.
 */
static __always_inline __u32 ask_routes(struct __sk_buff *skb, struct short_way_packet *packet,
					struct way *way, int neighbour_needed)
{
	struct bpf_fib_lookup *fib = &packet->way;
	const struct bpf_fib_lookup *question = (const void *)way->question;
	__u32 ifindex = fib->ifindex;

	way->answered = 0;
	__builtin_memcpy(way->question, fib, sizeof(way->question));
	fib->tot_len = 1; /* without one the frame as it is now would have to fit */
	fib->sport = question->dport;
	fib->dport = question->sport;
	__builtin_memcpy(fib->ipv6_src, question->ipv6_dst, sizeof(fib->ipv6_src));
	__builtin_memcpy(fib->ipv6_dst, question->ipv6_src, sizeof(fib->ipv6_dst));
	if (leads_to(skb, fib, BPF_FIB_LKUP_RET_NO_NEIGH) != ifindex)
		return 0;
	__builtin_memcpy(fib, way->question, sizeof(way->question));
	fib->tot_len = packet->on_wire;
	return leads_to(skb, fib, neighbour_needed ? BPF_FIB_LKUP_RET_SUCCESS : BPF_FIB_LKUP_RET_NO_NEIGH);
}

/* Keeps the answer for packets to come. */
static __always_inline void note_way(struct way *way, const struct bpf_fib_lookup *answer,
				     __u32 leads_to)
{
	way->leads_to = leads_to;
	way->routing_domain = 0;
	way->family = answer->family;
	way->max_length = answer->mtu_result; /* without a neighbour the packet's own length */
	__builtin_memcpy(way->next_hop, answer->ipv6_dst, sizeof(way->next_hop));
	way->answered = WAYS_TIME;
}

/* As ip_forward has it: the band of a device that sends by TOS (RFC 1349). */
static __always_inline __u32 priority_of(__u8 tos)
{
	return 0x4620 >> (tos >> 3 & 3) * 4 & 0xf;
}

/* What stands behind the IP packet. */
static __always_inline long cut_padding(struct __sk_buff *skb, __u16 length)
{
	return skb->len > ETH_HLEN + (__u32)length && !skb->gso_size &&
	       bpf_skb_change_tail(skb, ETH_HLEN + length, 0);
}
