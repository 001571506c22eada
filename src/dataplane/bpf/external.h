/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The short way on the external side: inbound sits on the external devices and hands packets to
 * the routing domain that the gateway's routes name, outbound sits on the gateway's end of each ext
 * pair and sends straight out. Routing, translation and filters of the routing domain stay where
 * they are; saved is the second routing step, in the gateway's namespace.
 *
 * Nothing that this namespace refuses may pass, so the short way is taken only where its kernel
 * would have forwarded the packet the very same way, and every other packet goes on to the kernel:
 *
 * - Routes. The namespace's own FIB is asked, so that addresses of the gateway, shared external
 *   addresses, blackholes, and devices that must not forward are the kernel's. From outside it has
 *   to lead into an ext pair, from an ext pair to an external device: the provider network, other
 *   routing domains (`between_domains` of the firewall) and other devices are the kernel's.
 * - Sources. The FIB has to lead back to where the packet came from. That is stricter than
 *   rp_filter and the kernel's martian check: the gateway's own addresses, another domain's, and
 *   those of the provider network are the kernel's to judge.
 * - Connection tracking. The firewall tracks what has to do with shared addresses, and their
 *   packets bear a transit address inside: transit addresses never take the short way. All the
 *   rest is not tracked in this namespace in either direction.
 * - Size. What is longer than the route ahead carries is the kernel's, which answers or fragments.
 * - IPv4 options and IPv6 extension headers, fragments, multicast, broadcast, frames for others
 *   (an external device may be promiscuous), VLAN tags, neighbour discovery (the gateway answers it
 *   for external addresses) are the kernel's.
 * - TTL. The gateway is one hop less. No loop: each way in or out passes a routing domain, whose
 *   kernel counts.
 * - Rules of others. Only our own table is known here: what else hooks into forwarding in this
 *   namespace does not see these packets, as it sees none that decap and encap handle.
 *
 * IKE, ESP and what else a domain's daemons speak are packets as any other here.
 */
#pragma once

#include "tunnel.h"

#define FAMILY_IPV4 2 /* AF_INET */
#define FAMILY_IPV6 10 /* AF_INET6 */

/* Since Linux 6.3, and not in Debian 12's headers. */
#define FIB_LOOKUP_SKIP_NEIGH (1U << 2)

/* Where a packet goes by the namespace's routes: filled in by read_external, asked by leads_to. */
struct ways {
	struct bpf_fib_lookup ahead;
	struct bpf_fib_lookup back;
};

/* Link-local (with all transit addresses), this network, loopback, multicast and class E. */
static __always_inline int ipv4_is_special(__be32 address)
{
	__u8 first = *(__u8 *)&address;

	return !first || first == 127 || first >= 224 ||
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
static __always_inline __u32 length_on_wire(struct __sk_buff *skb, __u32 header, __u8 protocol)
{
	__u8 *words;

	if (!skb->gso_size)
		return skb->len - ETH_HLEN;
	if (protocol == IPPROTO_UDP)
		return header + 8 + skb->gso_size;
	if (protocol != IPPROTO_TCP)
		return 0;
	words = bytes_at(skb, ETH_HLEN + header + 12, 1);
	return words ? header + (*words >> 4) * 4 + skb->gso_size : 0;
}

/* Multipath routes and routing rules may look at them. */
static __always_inline void read_ports(struct __sk_buff *skb, __u32 header,
				       struct bpf_fib_lookup *fib)
{
	__be16 *ports;

	if (fib->l4_protocol != IPPROTO_TCP && fib->l4_protocol != IPPROTO_UDP)
		return;
	ports = bytes_at(skb, ETH_HLEN + header, 4);
	if (!ports)
		return;
	fib->sport = ports[0];
	fib->dport = ports[1];
}

/* 0 where the kernel should see the packet whatever its routes say. */
static __always_inline int read_external_ipv4(struct __sk_buff *skb, struct bpf_fib_lookup *fib)
{
	struct iphdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));
	__u32 length;

	if (!ip || ip->version != 4 || ip->ihl != 5 || (ip->frag_off & bpf_htons(IP_FRAGMENT)) ||
	    ipv4_is_special(ip->saddr) || ipv4_is_special(ip->daddr))
		return 0;
	fib->family = FAMILY_IPV4;
	fib->l4_protocol = ip->protocol;
	fib->tos = ip->tos;
	fib->ipv4_src = ip->saddr;
	fib->ipv4_dst = ip->daddr;
	length = length_on_wire(skb, sizeof(*ip), fib->l4_protocol);
	if (!length || length > 0xffff)
		return 0;
	fib->tot_len = length;
	read_ports(skb, sizeof(*ip), fib);
	return 1;
}

static __always_inline int read_external_ipv6(struct __sk_buff *skb, struct bpf_fib_lookup *fib)
{
	struct ipv6hdr *ip = bytes_at(skb, ETH_HLEN, sizeof(*ip));
	__u32 length;
	__u8 *type;

	if (!ip || ip->version != 6 || ipv6_is_special(ip->saddr.in6_u.u6_addr32) ||
	    ipv6_is_special(ip->daddr.in6_u.u6_addr32))
		return 0;
	fib->family = FAMILY_IPV6;
	fib->l4_protocol = ip->nexthdr;
	fib->flowinfo = *(__be32 *)ip & bpf_htonl(0x0fffffff);
	__builtin_memcpy(fib->ipv6_src, &ip->saddr, sizeof(fib->ipv6_src));
	__builtin_memcpy(fib->ipv6_dst, &ip->daddr, sizeof(fib->ipv6_dst));
	switch (fib->l4_protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_FRAGMENT:
	case IPPROTO_DSTOPTS:
		return 0;
	case IPPROTO_ICMPV6:
		type = bytes_at(skb, ETH_HLEN + sizeof(*ip), 1);
		if (!type || (*type >= ROUTER_SOLICITATION && *type <= REDIRECT))
			return 0;
	}
	length = length_on_wire(skb, sizeof(*ip), fib->l4_protocol);
	if (!length || length > 0xffff)
		return 0;
	fib->tot_len = length;
	read_ports(skb, sizeof(*ip), fib);
	return 1;
}

static __always_inline int read_external(struct __sk_buff *skb, struct ways *ways)
{
	struct bpf_fib_lookup *ahead = &ways->ahead;
	struct bpf_fib_lookup *back = &ways->back;

	__builtin_memset(ahead, 0, sizeof(*ahead));
	if (skb->pkt_type != PACKET_HOST || skb->vlan_present)
		return 0;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		if (!read_external_ipv4(skb, ahead))
			return 0;
		break;
	case bpf_htons(ETH_P_IPV6):
		if (!read_external_ipv6(skb, ahead))
			return 0;
		break;
	default:
		return 0;
	}
	ahead->ifindex = skb->ifindex;
	*back = *ahead;
	back->sport = ahead->dport;
	back->dport = ahead->sport;
	__builtin_memcpy(back->ipv6_src, ahead->ipv6_dst, sizeof(back->ipv6_src));
	__builtin_memcpy(back->ipv6_dst, ahead->ipv6_src, sizeof(back->ipv6_dst));
	return 1;
}

/*
 * The device; 0 where the kernel would do anything but forward. Who is the next hop's neighbour is
 * not of interest, but an older kernel always looks.
 */
static __always_inline __u32 leads_to(struct __sk_buff *skb, struct bpf_fib_lookup *fib)
{
	long result = bpf_fib_lookup(skb, fib, sizeof(*fib), FIB_LOOKUP_SKIP_NEIGH);

	if (result == -22 /* EINVAL */)
		result = bpf_fib_lookup(skb, fib, sizeof(*fib), 0);
	return result == BPF_FIB_LKUP_RET_SUCCESS || result == BPF_FIB_LKUP_RET_NO_NEIGH ?
		       fib->ifindex :
		       0;
}

static __always_inline int ends_at(__u32 ifindex, __u32 end)
{
	__u32 *found = bpf_map_lookup_elem(&external_ends, &ifindex);

	return found && *found == end;
}

static __always_inline int inbound_packet(struct __sk_buff *skb)
{
	struct ways ways;
	__u32 domain;

	if (!read_external(skb, &ways))
		return PASS;
	domain = leads_to(skb, &ways.ahead);
	if (!ends_at(domain, EXTERNAL_END_DOMAIN) || leads_to(skb, &ways.back) != skb->ifindex)
		return PASS;
	count(skb, 0, VERDICT_EXTERNAL_IN);
	return bpf_redirect_peer(domain, 0);
}

/* As ip_forward has it: the band of a device that sends by TOS (RFC 1349). */
static __always_inline __u32 priority_of(__u8 tos)
{
	return 0x4620 >> (tos >> 3 & 3) * 4 & 0xf;
}

static __always_inline int outbound_packet(struct __sk_buff *skb)
{
	struct bpf_redir_neigh next = {};
	struct ways ways;
	__u32 device;
	__u8 tos;

	if (!read_external(skb, &ways))
		return PASS;
	tos = ways.back.tos;
	device = leads_to(skb, &ways.ahead);
	if (!ends_at(device, EXTERNAL_END_OUTSIDE) || leads_to(skb, &ways.back) != skb->ifindex)
		return PASS;
	next.nh_family = ways.ahead.family;
	__builtin_memcpy(next.ipv6_nh, ways.ahead.ipv6_dst, sizeof(next.ipv6_nh));
	if (skb->protocol == bpf_htons(ETH_P_IP))
		skb->priority = priority_of(tos);
	count(skb, 0, VERDICT_EXTERNAL_OUT);
	return bpf_redirect_neigh(device, &next, sizeof(next), 0);
}
