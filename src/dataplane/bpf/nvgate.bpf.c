// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The NVGRE packet path: two programs for clsact ingress.
 *
 * decap sits on the underlay devices, encap on the gateway's end of each routing domain's vnet
 * pair. src/forwarding/ makes the same decisions in TypeScript and is compared with these
 * programs, verdict and bytes.
 */
#include <linux/pkt_cls.h>

#define PACKET_OTHERHOST 3 /* linux/if_packet.h needs the C library */

#include "decap.h"
#include "encap.h"

SEC("tc")
int decap(struct __sk_buff *skb)
{
	return decap_packet(skb);
}

SEC("tc")
int encap(struct __sk_buff *skb)
{
	return encap_packet(skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
