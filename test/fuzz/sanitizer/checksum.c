// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The helpers that mend a checksum where something that it covers is replaced (RFC 1624). */
#include "packet.h"

#include <errno.h>
#include <string.h>

#define FIELD_MASK 0xfULL /* of the flags: bytes of what is replaced */

static __u16 folded(__u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* Four bytes the kernel replaces in 32 bits, in which no sum gets zero; two in 16. */
static long replace(__u16 *checksum, __u64 from, __u64 to, __u64 size)
{
	switch (size) {
	case 2:
		*checksum = (__u16)~folded((__u64)(__u16)~*checksum +
					   (__u64)(__u16) ~(__u16)from + (__u16)to);
		return 0;
	case 4:
		*checksum = (__u16)~folded((__u64)~(__u32)*checksum +
					   (__u64) ~(__u32)from + (__u32)to);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Where the checksum stands; NULL: it cannot be written there. */
static __u8 *writable_checksum(struct __sk_buff *skb, __u32 offset)
{
	if (offset > 0xffff || offset & 1)
		return NULL;
	if (bpf_skb_pull_data(skb, offset + (__u32)sizeof(__u16)))
		return NULL;
	return packet_of(skb)->linear + offset;
}

long bpf_l3_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags)
{
	__u16 checksum;
	__u8 *at;
	long error;

	if (flags & ~FIELD_MASK)
		return -EINVAL;
	at = writable_checksum(skb, offset);
	if (!at)
		return -EFAULT;
	memcpy(&checksum, at, sizeof(checksum));
	error = replace(&checksum, from, to, flags);
	memcpy(at, &checksum, sizeof(checksum));
	return error;
}

/* No device has promised to sum a packet up here: BPF_F_PSEUDO_HDR makes no difference to its bytes. */
long bpf_l4_csum_replace(struct __sk_buff *skb, __u32 offset, __u64 from, __u64 to, __u64 flags)
{
	int zero_is_none = (flags & BPF_F_MARK_MANGLED_0) != 0;
	__u16 checksum;
	__u8 *at;
	long error;

	if (flags & ~(FIELD_MASK | BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE | BPF_F_PSEUDO_HDR))
		return -EINVAL;
	at = writable_checksum(skb, offset);
	if (!at)
		return -EFAULT;
	memcpy(&checksum, at, sizeof(checksum));
	if (zero_is_none && !(flags & BPF_F_MARK_ENFORCE) && !checksum)
		return 0;
	error = replace(&checksum, from, to, flags & FIELD_MASK);
	if (zero_is_none && !checksum)
		checksum = 0xffff;
	memcpy(at, &checksum, sizeof(checksum));
	return error;
}
