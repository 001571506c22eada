/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Generated from src/forwarding/peer-problem.ts by `npm run generate`. */
#pragma once

/* A packet that is dropped for what it shows has the verdict's number (verdict.h). */
enum peer_problem_number {
	PEER_PROBLEM_NVGRE_REFUSED = 1, /* refuses the NVGRE that the gateway sends (ICMP type 3 code 10 in VSID 16777215), as hosts with the pre-standard header do */
	PEER_PROBLEM_KEY_UNSHIFTED = 2, /* writes the VSID into the low 24 bits of the GRE key, where the FlowID belongs */
};
