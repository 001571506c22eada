/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The policy as the packet path reads it: one map a noun. These structs are the layout; the
 * control plane's copy (layout.ts) is compared with this object's BTF before anything is loaded.
 *
 * Builds whose layout of a map agrees, down to the names of the fields, share it while one takes over
 * from the other (pins.ts): whoever gives a field another meaning gives it another name.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/*
 * A routing domain is named by the ifindex of its vnet's peer: encap knows it without a lookup,
 * decap needs it anyway to redirect. Beside an address the top bit says IPv4, so that an IPv4
 * address and an IPv6 address with the same first bytes never meet.
 */
#define DOMAIN_IPV4 0x80000000u

/* IPv4 in the first word, the others zero; IPv6 in all four. Network order. */
struct customer_address {
	__be32 word[4];
};

struct virtual_subnet {
	__u32 routing_domain;
	__u32 underlay_ifindex;
	__be32 provider_address;
	__u8 source_mac[6];
	__u8 gateway_mac[6];
	__be32 on_link_mask; /* same bits as provider_address: a neighbour on the underlay device */
	__u32 external_peer; /* gateway's end of the routing domain's ext pair; 0: no short way */
	__u32 external_ifindex; /* where the short way leads out */
	__u32 max_length; /* of an inner packet that comes by the short way */
};

#define LOOKUP_RECORD_LOCAL 0x1   /* an address of the gateway itself */
#define LOOKUP_RECORD_ON_LINK 0x2 /* usable without looking at the routes */
#define LOOKUP_RECORD_NAT 0x4	  /* its PA stands for it alone (N13) */

struct lookup_record_key {
	__u32 routing_domain; /* | DOMAIN_IPV4 */
	struct customer_address address;
};

struct lookup_record {
	__be32 provider_address;
	__u8 mac[6];
	__u16 flags;
	__u32 vsid;
	__u32 max_length; /* of an inner packet sent there in place; 0: no limit of its own */
};

#define CUSTOMER_ROUTE_ON_LINK 1
#define CUSTOMER_ROUTE_ROUTER 2
#define CUSTOMER_ROUTE_MULTICAST 3
#define CUSTOMER_ROUTE_EXTERNAL 4 /* out by ext; only where there is a short way */

struct customer_route_key {
	__u32 prefix_length;  /* 32 bits of routing domain + prefix */
	__u32 routing_domain; /* | DOMAIN_IPV4 */
	struct customer_address address;
};

struct customer_route {
	__be32 provider_address; /* router, or wildcard (0: none) */
	__u8 mac[6];
	__u16 target;
	__u32 vsid;
};

/* Where a routing domain meets the physical network. */
struct external_end {
	__u32 routing_domain; /* whose namespace need not see the packets; 0: it has to */
	__u32 external_ifindex;
};

struct provider_peer_key {
	__u32 routing_domain;
	__be32 provider_address;
};

/* A PA that stands for one CA (N13). */
struct rewrite {
	__u32 routing_domain;
	__be32 customer_address;
	__u32 vsid;
	__u32 local; /* 1: an address of the gateway itself */
};

/* As customer_routes, but of one virtual subnet: how its broadcast and multicast travels (N10). */
struct multicast_route_key {
	__u32 prefix_length; /* 32 bits of VSID + prefix */
	__u32 vsid;	     /* | DOMAIN_IPV4 */
	struct customer_address address;
};

struct multicast_route {
	__u32 routing_domain;
	__be32 group; /* 0: a copy to each host */
};

#define REPLICATION_MAX 64

/* The hosts of a virtual subnet. */
struct replication {
	__u32 routing_domain;
	__u32 packets_per_second; /* before they are copied; 0: without limit */
	__u32 hosts;
	__u32 left_out; /* hosts for which there is no room here */
	__be32 provider_address[REPLICATION_MAX];
};

/* A PA multicast group in which packets of the virtual subnet come. */
struct provider_group_key {
	__u32 vsid;
	__be32 group;
};

struct counter_key {
	__u32 vsid; /* 0: the packet named none of ours */
	__u32 verdict;
};

struct counter {
	__u64 packets;
	__u64 bytes;
};

/* What the underlay carries to a provider address, as a router on the way has said (N9). */
struct path_mtu {
	__u64 learned; /* bpf_ktime_get_ns of the last word of it */
	__u32 mtu;     /* of the outer packet */
	__be32 router;
};

struct peer_problem_key {
	__be32 provider_address;
	__u32 problem;
};

struct peer_problem {
	__u64 packets;
	__u64 reported; /* bpf_ktime_get_ns of the last event, at most a second before the last packet */
};

#define EVENT_PATH_MTU 1
#define EVENT_PEER_PROBLEM 2

struct event {
	__u32 kind;
	__be32 provider_address;
	__u32 value; /* MTU, or number of the problem */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32);
	__type(value, __u32);
} provider_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct virtual_subnet);
} virtual_subnets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1048576);
	__type(key, struct lookup_record_key);
	__type(value, struct lookup_record);
} lookup_records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct customer_route_key);
	__type(value, struct customer_route);
} customer_routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1048576);
	__type(key, struct provider_peer_key);
	__type(value, __u32);
} provider_peers SEC(".maps");

/*
 * What the gateway's kernel has lately answered where packets go that take the short way: its
 * routes are asked once in a while for each flow, not for each packet.
 */
#define WAYS 1024
#define WAY_WORDS 6

struct way {
	__u64 question[WAY_WORDS]; /* struct bpf_fib_lookup up to the destination */
	__u64 answered;
	__u32 leads_to; /* external device, or gateway's end of an ext pair */
	__u32 routing_domain; /* that the gateway leads into past its namespace; 0: none */
	__u16 family; /* of the next hop */
	__u16 max_length;
	__be32 next_hop[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WAYS);
	__type(key, __u32);
	__type(value, struct way);
} ways SEC(".maps");

/* By the gateway's end of an ext pair: what may go past the kernel there. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct external_end);
} external_ends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1048576);
	__type(key, __be32);
	__type(value, struct rewrite);
} rewrites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct provider_group_key);
	__type(value, __u32);
} provider_groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct multicast_route_key);
	__type(value, struct multicast_route);
} multicast_routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct replication);
} replications SEC(".maps");

/* By VSID: when, in bpf_ktime_get_ns, what has been let through will have been paid for. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} multicast_debts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 262144);
	__type(key, struct counter_key);
	__type(value, struct counter);
} counters SEC(".maps");

/* Only peers of the policy get in; the control plane takes out what is too old. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __be32);
	__type(value, struct path_mtu);
} path_mtus SEC(".maps");

/* Anybody gets in, so that the least recent makes room. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct peer_problem_key);
	__type(value, struct peer_problem);
} peer_problems SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} events SEC(".maps");
