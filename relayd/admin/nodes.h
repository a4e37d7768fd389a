/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an operator hears of other relays, as JSON (relayd/admin/admin.h): those that this one
 * believes in, and whether they reach it.
 */
#pragma once

#include "relayd/core/core.h"

#include <jansson.h>

enum {
    NODES_LISTED_MAX = 1000, /* of all that are known; neighbours come first */
    REACH_TEXT_SIZE = 256,
};

/** List the relays that are believed. Given; NULL only without memory. */
json_t *nodes_list(const struct relay_core *core);

/** Whether others reach this relay, as a word: "public", "not_reachable"... */
const char *reach_word(const struct relay_core *core);

/** The same as one sentence, with what to do about it. Returns text. */
const char *reach_text(const struct relay_core *core, char text[REACH_TEXT_SIZE]);
