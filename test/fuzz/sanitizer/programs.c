// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The BPF programs themselves, as functions of this process, and their maps by what they declare. */
#include "nvgate.bpf.c"

#include "fib.h"
#include "map.h"
#include "programs.h"

/* Of declarations as libbpf reads them: a number is the length of an array, a type is pointed to. */
#define NUMBER(field) (sizeof(*(field)) / sizeof(int))
#define MAP(map)                                                                           \
	{                                                                                  \
		.name = #map, .handle = &(map), .type = NUMBER((map).type),                \
		.key_size = sizeof(*(map).key), .value_size = sizeof(*(map).value),        \
		.max_entries = NUMBER((map).max_entries),                                  \
	}

struct map maps[] = {
	MAP(provider_addresses),
	MAP(virtual_subnets),
	MAP(lookup_records),
	MAP(customer_routes),
	MAP(provider_peers),
	MAP(ways),
	MAP(external_ends),
	MAP(rewrites),
	MAP(provider_groups),
	MAP(multicast_routes),
	MAP(replications),
	MAP(multicast_debts),
	MAP(counters),
	MAP(path_mtus),
	MAP(peer_problems),
	/* No map of theirs: where the kernel would look. */
	{
		.name = "gateway_routes", .handle = (void *)&gateway_routes_handle,
		.type = BPF_MAP_TYPE_LPM_TRIE, .key_size = sizeof(struct gateway_route_key),
		.value_size = sizeof(struct gateway_route), .max_entries = 1024,
	},
	{},
};
