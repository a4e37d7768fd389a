/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sentences for people, of the codes in which the core speaks. */
#pragma once

#include "client/ziglan/ziglan_state.h"

enum { SENTENCE_SIZE = CONTROL_TEXT_SIZE_MAX + 64 };

/** Why a ziglan does not work; empty if it does. Writes and returns text. */
const char *sentence_of_trouble(const struct ziglan_trouble *trouble, char text[SENTENCE_SIZE]);

/** Why an entry point that is sought by its key is not found, better than `trouble` tells; empty if
 * it does. guided: there are relays that could be asked. Writes and returns text. */
const char *sentence_of_sought(const struct ziglan *ziglan, bool guided, char text[SENTENCE_SIZE]);

/** Why this host is called otherwise than it wants in a ziglan, and what its operator can do; empty
 * if it is not, if nobody asked for the name, or if the entry point does not tell. Writes and
 * returns text. */
const char *sentence_of_name(const struct ziglan *ziglan, char text[SENTENCE_SIZE]);
