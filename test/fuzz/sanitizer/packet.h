/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* A packet as the kernel holds it while a program looks at it. */
#pragma once

#include <bpf/bpf_helpers.h>

#define NETWORK_OFFSET 14 /* of the kernel's network header: behind the Ethernet header, always */
#define PACKET_MAX 65536

/*
 * The bytes stand in two blocks of the heap: those that the program may look at, and those that it
 * has to ask for first. Each is exactly as long as its bytes, so that the sanitizer sees an access to
 * the byte behind them; and after every helper that may move a packet they stand somewhere else, so
 * that it sees an access through an old pointer.
 */
struct packet {
	struct __sk_buff skb; /* first: the program holds no more than this */
	__u8 *linear;
	__u32 linear_length;
	__u8 *rest;
	int is_encapsulated; /* marked as a tunnel's, as what came out of one is for good */
	int is_older_kernel; /* before 6.3: knows no BPF_F_ADJ_ROOM_DECAP_L3_* */
	/* Of the calls that may fail, this one does; 0: none does. Counts down. */
	__u32 refused_call;
};

static inline struct packet *packet_of(const struct __sk_buff *skb)
{
	return (struct packet *)skb;
}

/* The bytes in one piece, where they may be changed before `packet_put`; one packet at a time. */
__u8 *packet_take(struct packet *packet);
/* @param linear bytes that the program may look at; as many as there are, if it is more */
void packet_put(struct packet *packet, const __u8 *bytes, __u32 length, __u32 linear);
void packet_free(struct packet *packet);

/* Whether it is this call's turn to fail, as it would without memory. */
int is_refused(struct packet *packet);
