/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#pragma once

#include <bpf/bpf_helpers.h>

/* The programs of nvgate.bpf.c. */
int decap(struct __sk_buff *skb);
int encap(struct __sk_buff *skb);
int inbound(struct __sk_buff *skb);
int outbound(struct __sk_buff *skb);
