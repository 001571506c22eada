// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The ends of what is measured, cheaper than anything in between.
 *
 * `arrive` counts and drops the generator's packets (UDP to port 9) before any stack sees them, bare
 * or inside NVGRE or VXLAN. `leave` and `arrive` also make a host of an NVGRE network of a namespace,
 * as a NIC with NVGRE offload would: what its VMs' addresses send is wrapped, what comes for them
 * is unwrapped.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DISCARD_PORT 9
#define VXLAN_PORT 4789
#define OVERLAY 42 /* outer IPv4 20, GRE 8, inner Ethernet 14 */

/* Where the destination port of UDP stands: bare, inside NVGRE, inside VXLAN. */
#define PORT_BARE (ETH_HLEN + 20 + 2)
#define PORT_NVGRE (PORT_BARE + OVERLAY)
#define PORT_VXLAN (PORT_BARE + OVERLAY + 8)

/* Where the addresses of VMs are: 192.168.N.0/24 is the virtual subnet `first_vsid` + N. */
#define VM_NETWORK 0xc0a80000
#define VM_MASK 0xffff0000

struct overlay {
	struct iphdr ip;
	__be16 flags;
	__be16 protocol;
	__be32 key;
	struct ethhdr inner;
} __attribute__((packed));

struct host {
	__be32 source; /* PAs; zero where the namespace is no host of an NVGRE network */
	__be32 destination;
	__u32 first_vsid;
	__u8 destination_mac[6]; /* inner */
	__u8 source_mac[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct host);
} hosts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

static __always_inline int is_port(void *data, void *end, int offset, __u16 port)
{
	return data + offset + 2 <= end && *(__be16 *)(data + offset) == bpf_htons(port);
}

static __always_inline int take(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&arrived, &zero);

	if (count)
		*count += 1;
	return TC_ACT_SHOT;
}

SEC("tc")
int arrive(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;

	if (skb->protocol != bpf_htons(ETH_P_IP) || (void *)(ip + 1) > end)
		return TC_ACT_OK;
	if (ip->protocol == IPPROTO_UDP) {
		if (is_port(data, end, PORT_BARE, DISCARD_PORT) ||
		    (is_port(data, end, PORT_BARE, VXLAN_PORT) &&
		     is_port(data, end, PORT_VXLAN, DISCARD_PORT)))
			return take();
		return TC_ACT_OK;
	}
	if (ip->protocol != IPPROTO_GRE)
		return TC_ACT_OK;
	if (data + ETH_HLEN + OVERLAY + 20 <= end &&
	    *(__u8 *)(data + ETH_HLEN + OVERLAY + 9) == IPPROTO_UDP &&
	    is_port(data, end, PORT_NVGRE, DISCARD_PORT))
		return take();
	if (bpf_skb_adjust_room(skb, -OVERLAY, BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

static __always_inline struct iphdr outer_header(const struct host *host, __u16 length)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = bpf_htons(length),
		.frag_off = bpf_htons(0x4000), /* DF */
		.ttl = 64,
		.protocol = IPPROTO_GRE,
		.saddr = host->source,
		.daddr = host->destination,
	};
	const __u16 *half = (const __u16 *)&ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += half[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip.check = ~sum;
	return ip;
}

static __always_inline struct overlay overlay_for(const struct host *host, __u32 vsid, __u8 flow,
						  __u16 length)
{
	struct overlay overlay = {
		.ip = outer_header(host, length),
		.flags = bpf_htons(0x2000), /* key present */
		.protocol = bpf_htons(ETH_P_TEB),
		.key = bpf_htonl(vsid << 8 | flow),
		.inner = { .h_proto = bpf_htons(ETH_P_IP) },
	};

	__builtin_memcpy(overlay.inner.h_dest, host->destination_mac, 6);
	__builtin_memcpy(overlay.inner.h_source, host->source_mac, 6);
	return overlay;
}

SEC("tc")
int leave(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	__u32 zero = 0, length = skb->len - ETH_HLEN + OVERLAY;
	struct host *host = bpf_map_lookup_elem(&hosts, &zero);
	struct overlay overlay;
	__u32 source, hash;

	if (!host || !host->source || skb->protocol != bpf_htons(ETH_P_IP) ||
	    (void *)(ip + 1) > end)
		return TC_ACT_OK;
	source = bpf_ntohl(ip->saddr);
	if ((source & VM_MASK) != VM_NETWORK)
		return TC_ACT_OK;
	if (length > 0xffff)
		return TC_ACT_SHOT;
	hash = bpf_get_hash_recalc(skb);
	overlay = overlay_for(host, host->first_vsid + (source >> 8 & 0xff), hash ^ hash >> 16, length);
	if (bpf_skb_adjust_room(skb, OVERLAY, BPF_ADJ_ROOM_MAC,
				BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_GRE |
					BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) |
					BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_FIXED_GSO) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, &overlay, sizeof(overlay), BPF_F_INVALIDATE_HASH))
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
