// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * The packet path: four programs for clsact ingress.
 *
 * decap sits on the underlay devices, encap on the gateway's end of each routing domain's vnet
 * pair; inbound on the external devices, outbound on the gateway's end of ext pairs.
 * src/forwarding/ makes the same decisions in TypeScript and is compared with these
 * programs, verdict and bytes.
 */
#include <linux/pkt_cls.h>

/* linux/if_packet.h needs the C library */
#define PACKET_HOST 0
#define PACKET_OTHERHOST 3

#include "decap.h"
#include "encap.h"
#include "inbound.h"

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

SEC("tc")
int inbound(struct __sk_buff *skb)
{
	return inbound_packet(skb);
}

SEC("tc")
int outbound(struct __sk_buff *skb)
{
	return outbound_packet(skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
