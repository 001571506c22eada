// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Runs the programs on packets for the process at the other end of two pipes: orders come on standard
 * input, answers go to standard output. sanitized-process.ts says what they look like.
 */
#include "map.h"
#include "packet.h"
#include "programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILL_MAP = 1, READ_MAP, RUN_DECAP, RUN_ENCAP, RUN_INBOUND, RUN_OUTBOUND };

struct order {
	__u32 kind;
	__u32 length; /* of what follows */
};

struct map_order {
	char name[24];
};

struct run_order {
	__u32 ifindex;
	__u32 mark;
	__u32 gso_size;
	__be16 protocol;
	__u16 packet_type;
	__u32 linear_length;
	__u32 refused_call;
	__u8 is_older_kernel;
	__u8 is_encapsulated;
	__u8 vlan_present;
	__u8 unused;
};

struct answer {
	__s32 returned;
	__u32 length; /* of what follows */
};

static void read_all(void *to, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t got = read(STDIN_FILENO, (char *)to + at, length - at);

		if (got == 0 && at == 0)
			exit(0);
		if (got <= 0) {
			perror("reading an order");
			exit(2);
		}
		at += (size_t)got;
	}
}

static void answer(int returned, const void *bytes, __u32 length)
{
	struct answer head = { .returned = returned, .length = length };
	static __u8 whole[sizeof(head) + PACKET_MAX];
	size_t end = sizeof(head) + length;

	memcpy(whole, &head, sizeof(head));
	memcpy(whole + sizeof(head), bytes, length);
	for (size_t at = 0; at < end;) {
		ssize_t put = write(STDOUT_FILENO, whole + at, end - at);

		if (put < 0) {
			perror("writing an answer");
			exit(2);
		}
		at += (size_t)put;
	}
}

/* Keys and values, one pair behind the other, in place of what was there. */
static void fill_map(struct map *map, const __u8 *pairs, __u32 length)
{
	__u32 size = map->key_size + map->value_size;

	map_clear(map);
	for (__u32 at = 0; at + size <= length; at += size)
		if (map_set(map, pairs + at, pairs + at + map->key_size, BPF_ANY)) {
			fprintf(stderr, "map %s is full\n", map->name);
			exit(2);
		}
}

static void read_map(const struct map *map)
{
	static __u8 pairs[PACKET_MAX];
	__u32 size = map->key_size + map->value_size, at = 0;

	for (__u32 bucket = 0; bucket < MAP_BUCKETS; bucket++)
		for (struct map_entry *entry = map->buckets[bucket]; entry; entry = entry->next) {
			if (at + size > sizeof(pairs)) {
				fprintf(stderr, "map %s is too long for an answer\n", map->name);
				exit(2);
			}
			memcpy(pairs + at, entry->key, map->key_size);
			memcpy(pairs + at + map->key_size, entry->value, map->value_size);
			at += size;
		}
	answer(0, pairs, at);
}

static void run(int (*program)(struct __sk_buff *), const struct run_order *order,
		const __u8 *bytes, __u32 length)
{
	/* In the heap, as it is no longer than what a program may look at. */
	struct packet *packet = calloc(1, sizeof(*packet));
	int action;

	if (!packet)
		abort();
	packet->skb.ifindex = order->ifindex;
	packet->skb.mark = order->mark;
	packet->skb.gso_size = order->gso_size;
	packet->skb.protocol = order->protocol;
	packet->skb.vlan_present = order->vlan_present;
	packet->skb.pkt_type = order->packet_type;
	packet->refused_call = order->refused_call;
	packet->is_older_kernel = order->is_older_kernel;
	packet->is_encapsulated = order->is_encapsulated;
	packet_put(packet, bytes, length, order->linear_length);
	action = program(&packet->skb);
	answer(action, packet_take(packet), packet->skb.len);
	packet_free(packet);
	free(packet);
}

static int (*program_of(__u32 kind))(struct __sk_buff *)
{
	switch (kind) {
	case RUN_DECAP:
		return decap;
	case RUN_ENCAP:
		return encap;
	case RUN_INBOUND:
		return inbound;
	default:
		return outbound;
	}
}

int main(void)
{
	static union {
		__u8 bytes[1 << 20];
		struct map_order map;
		struct run_order run;
	} body;
	struct order order;

	for (;;) {
		read_all(&order, sizeof(order));
		if (order.length > sizeof(body)) {
			fprintf(stderr, "an order of %u bytes\n", order.length);
			exit(2);
		}
		read_all(&body, order.length);
		switch (order.kind) {
		case FILL_MAP:
			fill_map(map_named(body.map.name), body.bytes + sizeof(body.map),
				 order.length - (__u32)sizeof(body.map));
			break;
		case READ_MAP:
			read_map(map_named(body.map.name));
			break;
		case RUN_DECAP:
		case RUN_ENCAP:
		case RUN_INBOUND:
		case RUN_OUTBOUND:
			run(program_of(order.kind), &body.run, body.bytes + sizeof(body.run),
			    order.length - (__u32)sizeof(body.run));
			break;
		}
	}
}
