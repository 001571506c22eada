/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Generated from src/forwarding/verdict.ts by `npm run generate`. */
#pragma once

enum verdict {
	VERDICT_DECAPSULATED = 1, /* Taken out of NVGRE and given to the routing domain. */
	VERDICT_ENCAPSULATED = 2, /* Put into NVGRE and sent to the record’s provider address. */
	VERDICT_HAIRPINNED = 3, /* VM to VM: sent on with a new NVGRE header without leaving the packet path. */
	VERDICT_ARP_REPLIED = 4, /* ARP request for an address of the gateway, answered. */
	VERDICT_NEIGHBOUR_ADVERTISED = 5, /* IPv6 neighbour solicitation for an address of the gateway, answered. */
	VERDICT_GROUP_ENCAPSULATED = 6, /* Broadcast or multicast of the routing domain, sent to the PA multicast group of a virtual subnet (N10). */
	VERDICT_COPY_ENCAPSULATED = 7, /* Broadcast or multicast of the routing domain, a copy sent to one host of a virtual subnet (N10). */
	VERDICT_REWRITTEN = 8, /* Between two records of rule nat: sent with their provider addresses in place of the customer addresses, without NVGRE (N13). */
	VERDICT_RESTORED = 9, /* From a record of rule nat to an address of the gateway with such a record: customer addresses put back, given to the routing domain (N13). */
	VERDICT_EXTERNAL_IN = 16, /* From the physical network straight into NVGRE, past the kernel (shortWay); by way of the kernel it would be encapsulated. */
	VERDICT_EXTERNAL_OUT = 17, /* Taken out of NVGRE and straight to the physical network, past the kernel (shortWay); by way of the kernel it would be decapsulated. */
	VERDICT_RELAYED_IN = 18, /* From the physical network straight into a routing domain that has to see its packets, past the gateway’s own kernel (shortWay); counted for all routing domains together, and in its subnet once more as encapsulated. */
	VERDICT_RELAYED_OUT = 19, /* Out of such a routing domain straight to the physical network, past the gateway’s own kernel (shortWay); counted for all routing domains together, and in its subnet before as decapsulated. */
	VERDICT_TRUNCATED = 32, /* Shorter than its headers say. */
	VERDICT_OUTER_OPTIONS = 33, /* The outer IPv4 header has options. */
	VERDICT_OUTER_CHECKSUM = 34, /* The outer IPv4 header checksum is wrong. */
	VERDICT_OUTER_FRAGMENT = 35, /* A fragment of an outer packet; NVGRE is never fragmented (N8). */
	VERDICT_GRE_VERSION = 36, /* GRE version is not 0. */
	VERDICT_GRE_CHECKSUM = 37, /* GRE has the checksum bit set (RFC 7637 section 3.2: must be 0). */
	VERDICT_GRE_SEQUENCE = 38, /* GRE has the sequence bit set (RFC 7637 section 3.2: must be 0). */
	VERDICT_GRE_KEY_MISSING = 39, /* GRE has no key, so no VSID. */
	VERDICT_GRE_RESERVED = 40, /* GRE has reserved bits set. */
	VERDICT_GRE_PROTOCOL = 41, /* GRE protocol type is not 0x6558. */
	VERDICT_VSID_RESERVED = 42, /* The VSID is outside 4097..16777214. */
	VERDICT_VSID_UNKNOWN = 43, /* The policy has no such virtual subnet. */
	VERDICT_INNER_VLAN = 44, /* The inner frame has an 802.1Q tag (RFC 7637 section 3.3). */
	VERDICT_INNER_PROTOCOL = 45, /* The inner frame is neither IPv4, IPv6 nor ARP. */
	VERDICT_INNER_MALFORMED = 46, /* The inner IP header is malformed or its checksum is wrong. */
	VERDICT_UNKNOWN_PEER = 47, /* The outer source is not a provider address of the routing domain (N12). */
	VERDICT_SPOOFED_ADDRESS = 48, /* The inner source address does not live at that provider address (N12). */
	VERDICT_SPOOFED_MAC = 49, /* The inner source MAC is not the one of the record (N12). */
	VERDICT_INNER_MULTICAST = 50, /* Broadcast or multicast of the routing domain that belongs into no virtual subnet. */
	VERDICT_ARP_IGNORED = 51, /* ARP that is not a request for an address of the gateway. */
	VERDICT_NEIGHBOUR_IGNORED = 52, /* Neighbour discovery that is not a solicitation for an address of the gateway. */
	VERDICT_CONGESTION_MISMATCH = 53, /* Outer ECN says congestion, inner flow has no ECN (RFC 6040 section 4.2). */
	VERDICT_MULTICAST_HEARD = 54, /* Broadcast or multicast of a VM: its host sends it to the others itself, the gateway does not pass it on. */
	VERDICT_GROUP_UNICAST = 55, /* A unicast packet that came by a PA multicast group: every host has got it. */
	VERDICT_NO_ROUTE = 64, /* No customer route for the destination. */
	VERDICT_NO_RECORD = 65, /* On link, but no lookup record and no wildcard for the destination. */
	VERDICT_LOCAL_DESTINATION = 66, /* A packet for the gateway’s own address came back out of the routing domain. */
	VERDICT_TOO_BIG = 67, /* With the NVGRE header longer than an IPv4 packet can be. */
	VERDICT_REDIRECT_SUPPRESSED = 68, /* An ICMPv6 redirect of the gateway; tenants never get one. */
	VERDICT_NOT_IP = 69, /* Neither IPv4 nor IPv6 came out of the routing domain. */
	VERDICT_SUBNET_UNKNOWN = 70, /* The record names a virtual subnet that the packet path does not have. */
	VERDICT_KERNEL_REFUSED = 71, /* The kernel could not grow, shrink, copy or rewrite the packet. */
	VERDICT_MULTICAST_LIMITED = 72, /* More broadcast and multicast for the virtual subnet than multicastPacketsPerSecond. */
	VERDICT_HOSTS_LEFT_OUT = 73, /* Copies that were not made: the virtual subnet has more hosts than one packet is copied to. */
};
