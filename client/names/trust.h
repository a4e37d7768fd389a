/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user agrees that a name means another key from now on. A name goes on to mean the key that
 * was first seen under it, while that is a member (rendezvous/roster/roster.h): an entry point
 * alone cannot put another host in its place.
 */
#pragma once

#include "client/ziglan/ziglan_list.h"

#include <stdbool.h>
#include <stdint.h>

enum trust_result {
    TRUST_RESULT_AGREED,  /* the name means the new key */
    TRUST_RESULT_ALREADY, /* there is nothing to agree to: it means the only key that has it */
    TRUST_RESULT_UNKNOWN, /* no member has this name or key */
    TRUST_RESULT_SEVERAL, /* it fits members of several ziglans; nothing was changed */
    TRUST_RESULT_FAILED,  /* it could not be stored; nothing was changed */
};

/** Whom it was about. */
struct trust_outcome {
    char name[NAME_TEXT_SIZE];
    const char *ziglan_name; /* borrowed from the ziglan */
    uint8_t key[KEY_SIZE];
    uint8_t before[KEY_SIZE]; /* AGREED: what the name meant until now */
};

/** Agree to a name, as "nas" or "nas.home" (any case), or to that of a key. *out has a meaning with
 * AGREED and ALREADY. */
enum trust_result trust_name(const struct ziglan_list *ziglans, const char *text,
                             struct trust_outcome *out);
