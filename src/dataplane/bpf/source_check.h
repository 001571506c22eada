/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* N12: does this inner source live at the provider address that the packet came from? */
#pragma once

#include "tunnel.h"

/* A source that no policy object puts at this PA: which of the two is the stranger? */
static __always_inline int wrong_place(const struct tunnel_packet *packet)
{
	return is_provider_peer(packet->subnet->routing_domain, packet->source) ?
		       VERDICT_SPOOFED_ADDRESS :
		       VERDICT_UNKNOWN_PEER;
}

/*
 * 0, or the reason to drop. A source without a record of its own may stand behind a router VM or
 * the subnet's wildcard; then it has to come from there.
 */
static __always_inline int check_source(const struct tunnel_packet *packet,
					const struct lookup_record_key *address, const __u8 *mac)
{
	struct lookup_record *record = find_record(address);
	struct virtual_subnet *home;
	__be32 provider_address;
	const __u8 *home_mac;
	__u32 vsid;

	if (record) {
		if (record->flags & LOOKUP_RECORD_LOCAL)
			return VERDICT_SPOOFED_ADDRESS;
		provider_address = record->provider_address;
		home_mac = record->mac;
		vsid = record->vsid;
	} else {
		struct customer_route *route = find_route(address);

		if (!route || route->target == CUSTOMER_ROUTE_MULTICAST || !route->provider_address)
			return wrong_place(packet);
		provider_address = route->provider_address;
		home_mac = route->mac;
		vsid = route->vsid;
	}
	if (provider_address != packet->source)
		return wrong_place(packet);
	if (mac_equal(mac, home_mac))
		return 0;
	if (vsid == packet->vsid)
		return VERDICT_SPOOFED_MAC;
	/* The host's own distributed router sent it on from the source's subnet into this one. */
	if (mac_equal(mac, packet->subnet->gateway_mac))
		return 0;
	home = find_subnet(vsid);
	return home && mac_equal(mac, home->gateway_mac) ? 0 : VERDICT_SPOOFED_MAC;
}
