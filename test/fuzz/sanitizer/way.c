// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The helpers that say where a packet goes, and the rest that changes no packet. */
#include "packet.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <linux/pkt_cls.h>

void bpf_set_hash_invalid(struct __sk_buff *skb)
{
}

long bpf_redirect_peer(__u32 ifindex, __u64 flags)
{
	return flags ? TC_ACT_SHOT : TC_ACT_REDIRECT;
}

long bpf_redirect_neigh(__u32 ifindex, struct bpf_redir_neigh *params, int length, __u64 flags)
{
	struct bpf_redir_neigh next_hop = {};

	if (flags || length < 0 || (length && (size_t)length < sizeof(next_hop)))
		return TC_ACT_SHOT;
	if (length)
		memcpy(&next_hop, params, sizeof(next_hop));
	return TC_ACT_REDIRECT;
}

/* What becomes of the copy is another packet's matter; that the packet may move is this one's. */
long bpf_clone_redirect(struct __sk_buff *skb, __u32 ifindex, __u64 flags)
{
	struct packet *packet = packet_of(skb);

	if (flags & ~(__u64)BPF_F_INGRESS)
		return -EINVAL;
	if (is_refused(packet))
		return -ENOMEM;
	packet_put(packet, packet_take(packet), skb->len, packet->linear_length);
	return 0;
}

__u64 bpf_ktime_get_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

/* Of a kernel with 250 of them a second. */
__u64 bpf_jiffies64(void)
{
	return bpf_ktime_get_ns() / (1000000000 / 250);
}
