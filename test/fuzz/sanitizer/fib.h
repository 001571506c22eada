/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What bpf_fib_lookup answers from; filled as a map is, by the name gateway_routes. */
#pragma once

#include <linux/types.h>

struct gateway_route_key {
	__u32 prefix_length; /* 32 bits of family + prefix */
	__u32 family; /* AF_INET or AF_INET6 */
	__u8 address[16];
};

struct gateway_route {
	__u32 ifindex;
	__u32 mtu;
	__u32 result; /* BPF_FIB_LKUP_RET_* of a packet that fits */
};

extern const int gateway_routes_handle;
