// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Maps as the kernel has them, of one CPU. */
#include "map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct map *map_named(const char *name)
{
	for (struct map *map = maps; map->name; map++)
		if (!strcmp(map->name, name))
			return map;
	fprintf(stderr, "programs.c: no map %s\n", name);
	abort();
}

static struct map *map_of(const void *handle)
{
	for (struct map *map = maps; map->name; map++)
		if (map->handle == handle)
			return map;
	fprintf(stderr, "programs.c: a program uses a map that is not in its list\n");
	abort();
}

static struct map_entry **bucket_of(struct map *map, const __u8 *key)
{
	__u64 hash = 0xcbf29ce484222325;

	for (__u32 at = 0; at < map->key_size; at++)
		hash = ((hash ^ key[at]) & 0xffffffff) * 0x1b3;
	return &map->buckets[(hash ^ hash >> 8 ^ hash >> 16) % MAP_BUCKETS];
}

static struct map_entry *find(struct map *map, const __u8 *key)
{
	struct map_entry *entry = *bucket_of(map, key);

	while (entry && memcmp(entry->key, key, map->key_size))
		entry = entry->next;
	return entry;
}

/* Bits behind the prefix length that two keys of a trie have in common. */
static __u32 common_bits(const __u8 *one, const __u8 *other, __u32 bytes)
{
	for (__u32 at = 0; at < bytes; at++)
		if (one[at] != other[at])
			return 8 * at + (__u32)__builtin_clz(one[at] ^ other[at]) - 24;
	return 8 * bytes;
}

/* The longest prefix that the key is in. */
static struct map_entry *find_longest(struct map *map, const __u8 *key)
{
	__u32 length, prefix, longest = 0;
	struct map_entry *best = NULL;

	memcpy(&length, key, sizeof(length));
	for (__u32 at = 0; at < MAP_BUCKETS; at++)
		for (struct map_entry *entry = map->buckets[at]; entry; entry = entry->next) {
			memcpy(&prefix, entry->key, sizeof(prefix));
			if (prefix > length || (best && prefix <= longest))
				continue;
			if (common_bits(entry->key + 4, key + 4, map->key_size - 4) < prefix)
				continue;
			best = entry;
			longest = prefix;
		}
	return best;
}

static __u8 *block(const void *bytes, __u32 size)
{
	__u8 *copy = malloc(size);

	if (!copy)
		abort();
	memcpy(copy, bytes, size);
	return copy;
}

void map_clear(struct map *map)
{
	for (__u32 at = 0; at < MAP_BUCKETS; at++)
		while (map->buckets[at]) {
			struct map_entry *entry = map->buckets[at];

			map->buckets[at] = entry->next;
			free(entry->key);
			free(entry->value);
			free(entry);
		}
	map->entries = 0;
}

long map_set(struct map *map, const void *key, const void *value, __u64 flags)
{
	struct map_entry **bucket = bucket_of(map, key), *entry = find(map, key);
	__u8 *old;

	if (entry) {
		if (flags == BPF_NOEXIST)
			return -EEXIST;
		/* What was there is gone at once; the kernel waits until nobody looks at it. */
		old = entry->value;
		entry->value = block(value, map->value_size);
		free(old);
		return 0;
	}
	if (flags == BPF_EXIST)
		return -ENOENT;
	if (map->entries >= map->max_entries)
		return -E2BIG;
	entry = malloc(sizeof(*entry));
	if (!entry)
		abort();
	*entry = (struct map_entry){
		.next = *bucket,
		.key = block(key, map->key_size),
		.value = block(value, map->value_size),
	};
	*bucket = entry;
	map->entries++;
	return 0;
}

/* An array has all its elements from the beginning; here each is made when it is looked at. */
static struct map_entry *find_element(struct map *map, const __u8 *key)
{
	struct map_entry *entry = find(map, key);
	__u8 *zeros;
	__u32 index;

	memcpy(&index, key, sizeof(index));
	if (entry || index >= map->max_entries)
		return entry;
	zeros = calloc(1, map->value_size);
	if (!zeros || map_set(map, key, zeros, BPF_NOEXIST))
		abort();
	free(zeros);
	return find(map, key);
}

static struct map_entry *look_up(struct map *map, const __u8 *key)
{
	switch (map->type) {
	case BPF_MAP_TYPE_LPM_TRIE:
		return find_longest(map, key);
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return find_element(map, key);
	default:
		return find(map, key);
	}
}

void *bpf_map_lookup_elem(void *handle, const void *key)
{
	struct map_entry *entry = look_up(map_of(handle), key);

	return entry ? entry->value : NULL;
}

long bpf_map_update_elem(void *handle, const void *key, const void *value, __u64 flags)
{
	return map_set(map_of(handle), key, value, flags);
}

/* Nobody reads it; but what is written must be there. */
long bpf_ringbuf_output(void *ringbuf, void *data, __u64 size, __u64 flags)
{
	free(block(data, (__u32)size));
	return 0;
}
