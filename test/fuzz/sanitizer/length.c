// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The helpers that make a packet longer or shorter, as net/core/filter.c has them. */
#include "packet.h"

#include <errno.h>
#include <string.h>
#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#define ENOTSUPP 524		   /* the kernel's own */
#define LENGTH_MAX (16384 - 320) /* SKB_MAX_ALLOC: four pages without what the kernel keeps there */
#define DECAP_L3_IPV4 (1ULL << 7)
#define DECAP_L3_IPV6 (1ULL << 8)
#define DECAP_L3 (DECAP_L3_IPV4 | DECAP_L3_IPV6)
#define ENCAP_L2_SHIFT 56
#define ENCAP_L2_ETH (1ULL << 6)
#define ADJUST_FLAGS                                                                      \
	(BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 |                        \
	 BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE |                     \
	 BPF_F_ADJ_ROOM_ENCAP_L4_UDP | BPF_F_ADJ_ROOM_NO_CSUM_RESET | ENCAP_L2_ETH |      \
	 BPF_F_ADJ_ROOM_ENCAP_L2(BPF_ADJ_ROOM_ENCAP_L2_MASK))

static int is_ipv4(const struct packet *packet)
{
	return packet->skb.protocol == bpf_htons(ETH_P_IP);
}

static int is_ipv6(const struct packet *packet)
{
	return packet->skb.protocol == bpf_htons(ETH_P_IPV6);
}

/* Zeros behind the Ethernet header; linear as they are written there. */
static void push(struct packet *packet, __u32 count)
{
	__u8 *bytes = packet_take(packet);
	__u32 length = packet->skb.len + count, linear = packet->linear_length + count;

	memmove(bytes + NETWORK_OFFSET + count, bytes + NETWORK_OFFSET,
		packet->skb.len - NETWORK_OFFSET);
	memset(bytes + NETWORK_OFFSET, 0, count);
	packet_put(packet, bytes, length, linear);
}

static long pop(struct packet *packet, __u32 offset, __u32 count)
{
	__u32 needed = offset + count, linear = packet->linear_length;
	__u8 *bytes = packet_take(packet);

	if (needed > packet->skb.len)
		return -ENOMEM;
	memmove(bytes + offset, bytes + needed, packet->skb.len - needed);
	packet_put(packet, bytes, packet->skb.len - count,
		   (linear > needed ? linear : needed) - count);
	return 0;
}

static long grow(struct packet *packet, __u32 count, __u64 flags)
{
	int is_tunnel = (flags & (BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6)) != 0;

	if (is_tunnel) {
		if ((flags & ENCAP_L2_ETH) && flags >> ENCAP_L2_SHIFT < ETH_HLEN)
			return -EINVAL;
		if (packet->is_encapsulated)
			return -EALREADY;
		if (flags >> ENCAP_L2_SHIFT > count)
			return -EINVAL;
	}
	push(packet, count);
	if (!is_tunnel)
		return 0;
	packet->is_encapsulated = 1;
	packet->skb.protocol = bpf_htons(flags & BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	return 0;
}

static long shrink(struct packet *packet, __u32 count, __u64 flags)
{
	long error;

	if (flags & ~(__u64)(BPF_F_ADJ_ROOM_FIXED_GSO | DECAP_L3 | BPF_F_ADJ_ROOM_NO_CSUM_RESET))
		return -EINVAL;
	error = pop(packet, NETWORK_OFFSET, count);
	if (!error && (flags & DECAP_L3))
		packet->skb.protocol = bpf_htons(flags & DECAP_L3_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	return error;
}

long bpf_skb_adjust_room(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags)
{
	struct packet *packet = packet_of(skb);
	__u64 known = packet->is_older_kernel ? ADJUST_FLAGS : ADJUST_FLAGS | DECAP_L3;
	__u32 count = (__u32)(difference < 0 ? -difference : difference);
	__u32 header = is_ipv4(packet) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	__u32 behind = skb->len - NETWORK_OFFSET;

	if (flags & ~known)
		return -EINVAL;
	if (count > 0xfff)
		return -EFAULT;
	if (mode != BPF_ADJ_ROOM_MAC || (!is_ipv4(packet) && !is_ipv6(packet)))
		return -ENOTSUPP;
	if (flags & DECAP_L3) {
		if (difference >= 0 || (flags & DECAP_L3) == DECAP_L3)
			return -EINVAL;
		header = flags & DECAP_L3_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	}
	if (difference < 0 ? count >= behind || behind - count < header :
			     skb->len + count > LENGTH_MAX && !skb->gso_size)
		return -ENOTSUPP;
	if (is_refused(packet))
		return -ENOMEM;
	return difference < 0 ? shrink(packet, count, flags) : grow(packet, count, flags);
}

/* As for a packet that is translated: only the header's length changes, and what the kernel thinks. */
long bpf_skb_change_proto(struct __sk_buff *skb, __be16 protocol, __u64 flags)
{
	const __u32 difference = sizeof(struct ipv6hdr) - sizeof(struct iphdr);
	struct packet *packet = packet_of(skb);
	long error = 0;

	if (flags)
		return -EINVAL;
	if (is_refused(packet))
		return -ENOMEM;
	if (is_ipv4(packet) && protocol == bpf_htons(ETH_P_IPV6))
		push(packet, difference);
	else if (is_ipv6(packet) && protocol == bpf_htons(ETH_P_IP))
		error = pop(packet, NETWORK_OFFSET, difference);
	else
		error = -ENOTSUPP;
	if (!error)
		skb->protocol = protocol;
	return error;
}

long bpf_skb_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags)
{
	struct packet *packet = packet_of(skb);
	__u8 *bytes;

	if (flags || length > LENGTH_MAX || length < NETWORK_OFFSET)
		return -EINVAL;
	if (packet->is_encapsulated)
		return -ENOTSUPP;
	if (is_refused(packet))
		return -ENOMEM;
	bytes = packet_take(packet);
	if (length > skb->len)
		memset(bytes + skb->len, 0, length - skb->len);
	packet_put(packet, bytes, length, length);
	skb->gso_size = 0;
	return 0;
}

/* Ethernet type of what follows, or the numbers that the kernel has for frames without one. */
static __be16 protocol_behind(const __u8 *bytes)
{
	__be16 type, next;

	memcpy(&type, bytes, sizeof(type));
	memcpy(&next, bytes + sizeof(type), sizeof(next));
	if (bpf_ntohs(type) >= ETH_P_802_3_MIN)
		return type;
	return bpf_htons(next == 0xffff ? ETH_P_802_3 : ETH_P_802_2);
}

/* Takes out the tag that stands in the bytes. */
static long take_tag(struct packet *packet, __u16 *tag)
{
	__u8 *bytes;
	long error;

	if (packet->skb.len < ETH_HLEN + 4 || is_refused(packet))
		return -ENOMEM;
	bytes = packet_take(packet);
	*tag = (__u16)(bytes[ETH_HLEN] << 8 | bytes[ETH_HLEN + 1]);
	packet->skb.protocol = protocol_behind(bytes + ETH_HLEN + 2);
	error = pop(packet, 2 * ETH_ALEN, 4);
	return error;
}

static int is_tagged(const struct packet *packet)
{
	return packet->skb.protocol == bpf_htons(ETH_P_8021Q) ||
	       packet->skb.protocol == bpf_htons(ETH_P_8021AD);
}

long bpf_skb_vlan_pop(struct __sk_buff *skb)
{
	struct packet *packet = packet_of(skb);
	__be16 protocol;
	__u16 tag;
	long error;

	if (skb->vlan_present) {
		skb->vlan_present = 0;
	} else {
		if (!is_tagged(packet))
			return 0;
		error = take_tag(packet, &tag);
		if (error)
			return error;
	}
	if (!is_tagged(packet))
		return 0;
	/* A second tag is taken out, too, and noted beside the packet. */
	protocol = skb->protocol;
	error = take_tag(packet, &tag);
	if (error)
		return error;
	skb->vlan_present = 1;
	skb->vlan_proto = protocol;
	skb->vlan_tci = tag;
	return 0;
}
