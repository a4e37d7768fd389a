/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a peer is not reached directly, as a sentence for people. */
#pragma once

#include "client/admin/sentences.h"
#include "client/peer/why.h"

/** Why a peer is not reached directly; empty if nothing is known. Writes and returns text. */
const char *why_sentence(const struct why *why, char text[SENTENCE_SIZE]);
