/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the packet path tells the control plane of itself. */
#pragma once

#include "maps.h"

/*
 * The maps hold what is known; an event that finds no room is missed, and nothing else. A function
 * of its own puts the struct into the BTF, by which the control plane's copy is checked.
 */
static __noinline long tell(const struct event *event)
{
	return bpf_ringbuf_output(&events, (void *)event, sizeof(*event), 0);
}

static __always_inline void tell_of(__be32 provider_address, __u32 kind, __u32 value)
{
	struct event event = {
		.kind = kind,
		.provider_address = provider_address,
		.value = value,
	};

	tell(&event);
}
