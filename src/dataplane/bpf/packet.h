/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Headers, checksums and safe access to packet bytes. */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VSID_MIN 4097u
#define VSID_MAX 16777214u

#define GRE_VERSION 0x0007
#define GRE_CHECKSUM 0x8000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000

#define IP_DF 0x4000
#define IP_FRAGMENT 0x3fff /* more fragments, or an offset */

#define ECN_MASK 3
#define ECN_CE 3

#define TUNNEL_TTL 64

/* The kernel's AF_INET and AF_INET6. */
#define FAMILY_IPV4 2
#define FAMILY_IPV6 10

#define SECOND 1000000000ull

/* Since Linux 6.3, and not in Debian 12's headers. */
#define ADJ_ROOM_DECAP_L3_IPV4 (1ULL << 7)
#define ADJ_ROOM_DECAP_L3_IPV6 (1ULL << 8)

/* What an IPv4 header grows by when bpf_skb_change_proto makes it an IPv6 header. */
#define TRANSLATED_LENGTH ((__s32)(sizeof(struct ipv6hdr) - sizeof(struct iphdr)))

/* RFC 7637 section 3.2. */
struct nvgre_header {
	__be16 flags;
	__be16 protocol;
	__be32 key; /* VSID << 8 | FlowID */
} __attribute__((packed));

/* What stands between the outer Ethernet header and the inner IP packet: 42 bytes (N1). */
struct overlay {
	struct iphdr ip;
	struct nvgre_header nvgre;
	struct ethhdr inner;
} __attribute__((packed));

/* RFC 826 for Ethernet and IPv4. */
struct arp_packet {
	__be16 hardware_type;
	__be16 protocol_type;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__be32 sender_ip;
	__u8 target_mac[6];
	__be32 target_ip;
} __attribute__((packed));

/* RFC 4861 sections 4.3 and 4.4, with one link-layer address option. */
struct neighbour_message {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 flags;
	__be32 target[4];
	__u8 option_type;
	__u8 option_length;
	__u8 option_mac[6];
};

#define OUTER_IP ETH_HLEN
#define OUTER_GRE (OUTER_IP + (int)sizeof(struct iphdr))
#define INNER_ETH (OUTER_GRE + (int)sizeof(struct nvgre_header))
#define INNER_L3 (INNER_ETH + ETH_HLEN)
#define OVERLAY_LENGTH ((int)sizeof(struct overlay))

_Static_assert(sizeof(struct overlay) == 42, "N1: 42 bytes over the inner IP packet");
_Static_assert(sizeof(struct arp_packet) == 28, "RFC 826");
_Static_assert(sizeof(struct neighbour_message) == 32, "RFC 4861");

/*
 * skb->data and skb->data_end as pointers. In assembly, because the compiler would zero-extend the
 * 32-bit fields once more, which makes the verifier forget that they are packet pointers. A build for
 * another machine than BPF (test/fuzz/sanitizer) says itself where a packet is.
 */
#ifdef __bpf__
#define PACKET_POINTER(skb, field)                                            \
	({                                                                    \
		void *pointer;                                                \
		asm volatile("%0 = *(u32 *)(%1 + %2)"                         \
			     : "=r"(pointer)                                  \
			     : "r"(skb), "i"(__builtin_offsetof(struct __sk_buff, field)) \
			     : "memory");                                     \
		pointer;                                                      \
	})
#endif

/* The packet's bytes from `offset`, `length` of them linear, or NULL where it is shorter. */
static __always_inline void *bytes_at(struct __sk_buff *skb, __u32 offset, __u32 length)
{
	void *data = PACKET_POINTER(skb, data);

	if (data + offset + length > PACKET_POINTER(skb, data_end)) {
		if (bpf_skb_pull_data(skb, offset + length))
			return NULL;
		data = PACKET_POINTER(skb, data);
		if (data + offset + length > PACKET_POINTER(skb, data_end))
			return NULL;
	}
	return data + offset;
}

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum over an IPv4 header without options; folds to 0xffff when the checksum is right. */
static __always_inline __u16 ipv4_sum(const struct iphdr *ip)
{
	const __u16 *half = (const __u16 *)ip;
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += half[i];
	return fold(sum);
}

/* RFC 1624: the checksum after one 16-bit word changed from `before` to `after`. */
static __always_inline __u16 checksum_replace(__u16 checksum, __u16 before, __u16 after)
{
	return (__u16)~fold((__u64)(__u16)~checksum + (__u16)~before + after);
}

static __always_inline int mac_equal(const __u8 *a, const __u8 *b)
{
	int differs = 0;

#pragma unroll
	for (int i = 0; i < 6; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

static __always_inline void mac_copy(__u8 *to, const __u8 *from)
{
#pragma unroll
	for (int i = 0; i < 6; i++)
		to[i] = from[i];
}

static __always_inline int ipv4_is_multicast(__be32 address)
{
	return (address & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || address == 0xffffffff;
}

/* The outer header as the gateway writes it: never fragmented (N8), no options. */
static __always_inline struct iphdr outer_ipv4(__u8 tos, __u16 total_length, __be32 source,
					       __be32 destination)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tos = tos,
		.tot_len = bpf_htons(total_length),
		.frag_off = bpf_htons(IP_DF),
		.ttl = TUNNEL_TTL,
		.protocol = IPPROTO_GRE,
		.saddr = source,
		.daddr = destination,
	};

	ip.check = (__u16)~ipv4_sum(&ip);
	return ip;
}

static __always_inline __be32 nvgre_key(__u32 vsid, __u8 flow_id)
{
	return bpf_htonl(vsid << 8 | flow_id);
}
