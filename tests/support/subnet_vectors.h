/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vectors of what relays, and hosts of different relays, tell each other (docs/protocol.md,
 * sections 17 and 18), computed from the inputs in the document.
 */
#pragma once

/** Node records, their digests and want-lists, and how relays measure each other. */
void relays_tell_of_relays(void **state);

/** Where a host is: announced, asked for, and told. */
void a_host_is_located(void **state);

/** Frames from relay to relay, and the messages about them. */
void frames_go_from_relay_to_relay(void **state);

/** A punch between hosts of different relays. */
void a_punch_is_relayed(void **state);
void a_side_of_a_punch_is_told_elsewhere(void **state);

/** An application joins a pool, and leaves it. */
void a_pool_is_joined(void **state);

/** A search for relays, and its result. */
void a_search_and_its_result(void **state);

/** Relays lend their addresses to a host that measures its NAT. */
void addresses_are_lent(void **state);
void lifetimes_are_measured(void **state);

/** Lanes: what hosts and relays say of them in sessions, and their frames. */
void lanes_are_opened(void **state);
void lanes_are_bound_and_used(void **state);

/** Behind those above: no message that sections 17 and 18 brought is without a vector. */
void every_message_of_the_subnet_has_a_vector(void **state);
