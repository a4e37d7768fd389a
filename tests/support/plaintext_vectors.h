/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors of what hosts say to each other inside their session: packets without their IP headers,
 * and messages of the tunnel itself (docs/protocol.md, sections 9 to 11), computed from the inputs
 * in the document.
 */
#pragma once

/** Packets of all kinds, from one host's kernel to the other's. */
void plaintexts_of_packets(void **state);

/** A plaintext that is larger than a frame. */
void a_plaintext_in_fragments(void **state);

/** Where a host may be reached, that it goes, and that a way is open. */
void candidates_inside_the_tunnel(void **state);

/** Which ports a host is going to guess. */
void aims_inside_the_tunnel(void **state);
