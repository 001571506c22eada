/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * In the place of libbpf's header of this name: what the BPF programs ask of the kernel, as functions
 * of this process. A helper that is not here is one that nobody has modelled: it does not compile.
 */
#pragma once

#include <stddef.h>
#include <linux/bpf.h>

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))

/* Maps are declared as for libbpf; programs.c reads the declarations. */
#define SEC(name)
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

/* packet.c */
#define PACKET_POINTER(skb, field) packet_##field(skb)
void *packet_data(const struct __sk_buff *skb);
void *packet_data_end(const struct __sk_buff *skb);
long bpf_skb_pull_data(struct __sk_buff *skb, __u32 length);
long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length);
long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length,
			 __u64 flags);

/* length.c */
long bpf_skb_adjust_room(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags);
long bpf_skb_change_proto(struct __sk_buff *skb, __be16 protocol, __u64 flags);
long bpf_skb_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags);
long bpf_skb_vlan_pop(struct __sk_buff *skb);

/* way.c */
void bpf_set_hash_invalid(struct __sk_buff *skb);
long bpf_redirect_peer(__u32 ifindex, __u64 flags);
long bpf_redirect_neigh(__u32 ifindex, struct bpf_redir_neigh *params, int length, __u64 flags);
long bpf_clone_redirect(struct __sk_buff *skb, __u32 ifindex, __u64 flags);
__u64 bpf_ktime_get_ns(void);
__u64 bpf_jiffies64(void);

/* fib.c */
long bpf_fib_lookup(void *context, struct bpf_fib_lookup *params, int length, __u32 flags);

/* checksum.c */
long bpf_l3_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags);
long bpf_l4_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags);

/* map.c */
void *bpf_map_lookup_elem(void *map, const void *key);
long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags);
long bpf_ringbuf_output(void *ringbuf, void *data, __u64 size, __u64 flags);
