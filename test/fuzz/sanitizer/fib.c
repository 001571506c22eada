// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The gateway's routes, of one table and without rules. Each next hop is the destination itself: what
 * it is shows in no packet's bytes.
 */
#include "fib.h"
#include "map.h"
#include "packet.h"

#include <errno.h>
#include <string.h>

#define FAMILY_IPV4 2
#define FAMILY_IPV6 10

const int gateway_routes_handle;

static const struct gateway_route *find_route(const struct bpf_fib_lookup *params)
{
	struct gateway_route_key key = { .prefix_length = 8 * (sizeof(key) - sizeof(__u32)) };

	key.family = params->family;
	if (params->family == FAMILY_IPV4)
		memcpy(key.address, &params->ipv4_dst, sizeof(params->ipv4_dst));
	else
		memcpy(key.address, params->ipv6_dst, sizeof(params->ipv6_dst));
	return bpf_map_lookup_elem((void *)&gateway_routes_handle, &key);
}

long bpf_fib_lookup(void *context, struct bpf_fib_lookup *params, int length, __u32 flags)
{
	const struct gateway_route *route;
	__u16 length_on_wire;

	if (length < (int)sizeof(*params) ||
	    flags & ~(__u32)(BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_OUTPUT))
		return -EINVAL;
	if (params->family != FAMILY_IPV4 && params->family != FAMILY_IPV6)
		return -EAFNOSUPPORT;
	route = find_route(params);
	if (!route)
		return BPF_FIB_LKUP_RET_NOT_FWDED;
	if (route->result == BPF_FIB_LKUP_RET_BLACKHOLE ||
	    route->result == BPF_FIB_LKUP_RET_NOT_FWDED)
		return route->result;
	/* Without a length the packet as it is now would have to fit. */
	length_on_wire = params->tot_len;
	if (length_on_wire > route->mtu) {
		params->mtu_result = (__u16)route->mtu;
		return BPF_FIB_LKUP_RET_FRAG_NEEDED;
	}
	params->rt_metric = 0;
	params->ifindex = route->ifindex;
	if (route->result == BPF_FIB_LKUP_RET_NO_NEIGH)
		return BPF_FIB_LKUP_RET_NO_NEIGH;
	memset(params->smac, 0x02, sizeof(params->smac));
	memset(params->dmac, 0x02, sizeof(params->dmac));
	params->h_vlan_proto = 0;
	params->h_vlan_TCI = 0;
	if (length_on_wire)
		params->mtu_result = (__u16)route->mtu;
	else if (packet_of(context)->skb.len - NETWORK_OFFSET > route->mtu)
		return BPF_FIB_LKUP_RET_FRAG_NEEDED;
	return BPF_FIB_LKUP_RET_SUCCESS;
}
