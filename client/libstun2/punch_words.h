/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an agent tells relays about punches (docs/protocol.md, section 13). */
#pragma once

#include "client/libstun2/punch_table.h"

#include <stdbool.h>
#include <stdint.h>

/** Ask for it: for the key if that is known, else for any other one of the pool. False if the relay
 * has no open session now. */
bool punch_words_ask(struct app_base *base, struct app_punch *punch);

/** Answer an offer of this relay. */
void punch_words_answer(const struct app_base *base, uint64_t relay, uint64_t offer_id, bool yes);

/** Tell whether the two reach each other. */
void punch_words_result(const struct app_base *base, const struct app_punch *punch, bool direct);

/** Tell the peer the addresses of this machine, if the application told some. The relay passes them
 * on, and cannot read them. */
void punch_words_places(const struct app_base *base, const struct app_punch *punch);

/** Let the relay pass a punch probe on: our NAT is open for the peer now. */
void punch_words_opened(const struct app_base *base, const struct app_punch *punch);
