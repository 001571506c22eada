// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The BPF programs themselves, as functions of this process, and their maps by what they declare. */
#include "nvgate.bpf.c"

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
	MAP(provider_groups),
	MAP(multicast_routes),
	MAP(replications),
	MAP(multicast_debts),
	MAP(counters),
	MAP(path_mtus),
	MAP(peer_problems),
	{},
};
