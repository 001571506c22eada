// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
#include "packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static __u8 *block(const __u8 *bytes, __u32 length)
{
	__u8 *copy = malloc(length);

	if (!copy)
		abort();
	memcpy(copy, bytes, length);
	return copy;
}

__u8 *packet_take(struct packet *packet)
{
	static __u8 whole[PACKET_MAX + 0x1000]; /* what adjust_room adds at most */

	memcpy(whole, packet->linear, packet->linear_length);
	memcpy(whole + packet->linear_length, packet->rest,
	       packet->skb.len - packet->linear_length);
	return whole;
}

void packet_put(struct packet *packet, const __u8 *bytes, __u32 length, __u32 linear)
{
	__u8 *old_linear = packet->linear, *old_rest = packet->rest;

	if (length > PACKET_MAX)
		abort();
	if (linear > length)
		linear = length;
	/* Before the old ones are free, so that the new ones stand elsewhere. */
	packet->linear = block(bytes, linear);
	packet->rest = block(bytes + linear, length - linear);
	packet->linear_length = linear;
	packet->skb.len = length;
	free(old_linear);
	free(old_rest);
}

void packet_free(struct packet *packet)
{
	free(packet->linear);
	free(packet->rest);
}

int is_refused(struct packet *packet)
{
	return packet->refused_call && --packet->refused_call == 0;
}

void *packet_data(const struct __sk_buff *skb)
{
	return packet_of(skb)->linear;
}

void *packet_data_end(const struct __sk_buff *skb)
{
	return packet_of(skb)->linear + packet_of(skb)->linear_length;
}

/* skb_ensure_writable: at least so many bytes in the linear part, somewhere else. */
static long make_writable(struct packet *packet, __u32 length)
{
	if (length > packet->skb.len || is_refused(packet))
		return -ENOMEM;
	packet_put(packet, packet_take(packet), packet->skb.len,
		   length > packet->linear_length ? length : packet->linear_length);
	return 0;
}

long bpf_skb_pull_data(struct __sk_buff *skb, __u32 length)
{
	return make_writable(packet_of(skb), length ? length : packet_of(skb)->linear_length);
}

long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length,
			 __u64 flags)
{
	__u8 copy[256];

	if (flags & ~(__u64)(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH))
		return -EINVAL;
	if (offset > 0x7fffffff || length > sizeof(copy))
		return -EFAULT;
	/* It may not come from the packet itself: that moves. */
	memcpy(copy, from, length);
	if (make_writable(packet_of(skb), offset + length))
		return -EFAULT;
	memcpy(packet_of(skb)->linear + offset, copy, length);
	return 0;
}

long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length)
{
	if (offset > 0x7fffffff || offset > skb->len || length > skb->len - offset) {
		memset(to, 0, length);
		return -EFAULT;
	}
	memcpy(to, packet_take(packet_of(skb)) + offset, length);
	return 0;
}
