/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a peer is not reached directly: as a word for scripts, and as a sentence for people. */
#pragma once

#include "client/admin/sentences.h"
#include "client/peer/why.h"
#include "client/stun2/guess_state.h"

/** The word for scripts, as in "sym-sym"; "" for WHY_NONE. */
const char *why_word(enum why_code code);

/** Why a peer is not reached directly; empty if nothing is known. Writes and returns text. */
const char *why_sentence(const struct why *why, char text[SENTENCE_SIZE]);

/** How a guess of ports ended, as in "in-vain". */
const char *why_guess_word(enum guess_end end);
