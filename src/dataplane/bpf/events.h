/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the packet path tells the control plane of itself. */
#pragma once

#include "maps.h"

/*
 * Nobody calls it: it puts the struct into the BTF, by which the control plane's copy is checked. A
 * function that is called would take 32 bytes of the 512 of stack, which older kernels do not spare.
 */
static __attribute__((used)) void event_layout(const struct event *event)
{
}

/* The maps hold what is known; an event that finds no room is missed, and nothing else. */
static __always_inline void tell_of(__be32 provider_address, __u32 kind, __u32 value)
{
	struct event event = {
		.kind = kind,
		.provider_address = provider_address,
		.value = value,
	};

	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
}
