// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The packet generator: run with live frames (BPF_F_TEST_XDP_LIVE_FRAMES), it hands packets to the
 * kernel as the driver of a device would, 64 at a time, without a system call or a queue in between.
 *
 * The kernel gives the pages of earlier packets again as the stack has left them, so every packet
 * is written anew.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define WORDS 14
#define FRAME_BYTES (WORDS * 8)
#define MOST_FRAMES 1024

struct frame {
	__u64 words[WORDS];
};

struct plan {
	/* When the first packet was made, and every 64th since (CLOCK_MONOTONIC). */
	__u64 began;
	__u64 latest;
	__u32 made;
	__u32 frames; /* taken in turns */
	__u32 next;
	/* An IPv4 address of each frame becomes a random one of so many; zero: it stays. */
	__u32 addresses;
	__u32 address_at;
	__u32 checksum_at; /* of the IPv4 header that the address is in */
	__u32 first_address;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MOST_FRAMES);
	__type(key, __u32);
	__type(value, struct frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct plan);
} plans SEC(".maps");

static __always_inline void write_frame(void *data, void *end, const struct frame *frame)
{
#pragma unroll
	for (int i = 0; i < WORDS; i++) {
		const __u8 *from = (const __u8 *)&frame->words[i];
		__u8 *to = data + 8 * i;

		if ((void *)to + 8 <= end) {
			*(__u64 *)to = *(const __u64 *)from;
			continue;
		}
		if ((void *)to + 4 <= end) {
			*(__u32 *)to = *(const __u32 *)from;
			to += 4;
			from += 4;
		}
		if ((void *)to + 2 <= end)
			*(__u16 *)to = *(const __u16 *)from;
		return;
	}
}

/* RFC 1624. */
static __always_inline __u16 checksum_replace(__u16 checksum, __u32 before, __u32 after)
{
	__u32 sum = (__u16)~checksum;

	sum += (__u16)~(before & 0xffff);
	sum += (__u16)~(before >> 16);
	sum += (after & 0xffff) + (after >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline int vary(void *data, void *end, const struct plan *plan)
{
	__u32 random = bpf_get_prandom_u32() % plan->addresses;
	__be32 after = bpf_htonl(plan->first_address + random);
	void *address = data + (plan->address_at & 0x7f);
	void *checksum = data + (plan->checksum_at & 0x7f);
	__be32 before;

	if (address + 4 > end || checksum + 2 > end)
		return 0;
	before = *(__be32 *)address;
	*(__be32 *)address = after;
	*(__u16 *)checksum = checksum_replace(*(__u16 *)checksum, before, after);
	return 1;
}

SEC("xdp")
int generate(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;
	__u32 zero = 0, index = 0;
	struct plan *plan = bpf_map_lookup_elem(&plans, &zero);
	struct frame *frame;

	if (!plan)
		return XDP_DROP;
	if (!(plan->made++ & 63)) {
		plan->latest = bpf_ktime_get_ns();
		if (!plan->began)
			plan->began = plan->latest;
	}
	if (plan->frames > 1) {
		index = plan->next;
		plan->next = index + 1 < plan->frames ? index + 1 : 0;
	}
	frame = bpf_map_lookup_elem(&frames, &index);
	if (!frame)
		return XDP_DROP;
	write_frame(data, end, frame);
	if (plan->addresses && !vary(data, end, plan))
		return XDP_DROP;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
