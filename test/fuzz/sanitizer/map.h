/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The maps of the programs. */
#pragma once

#include <bpf/bpf_helpers.h>

#define MAP_BUCKETS 256

/* Key and value are a block of the heap each, exactly as long as the map says. */
struct map_entry {
	struct map_entry *next;
	__u8 *key;
	__u8 *value;
};

struct map {
	const char *name;
	void *handle; /* what the programs call it by */
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 entries;
	struct map_entry *buckets[MAP_BUCKETS];
};

/* In programs.c, as declared there; the last has no name. */
extern struct map maps[];

struct map *map_named(const char *name);
void map_clear(struct map *map);
/* 0 or the kernel's number for what is wrong. */
long map_set(struct map *map, const void *key, const void *value, __u64 flags);
