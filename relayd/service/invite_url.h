/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The URL by which somebody joins (docs/protocol.md, section 15): key, places and name of a ziglan,
 * and an invite. A relay that has an address of its own is found there. One that has none, as at
 * home behind a router, is looked up at the relays that it names to others.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/url.h"

#include <stddef.h>
#include <stdint.h>

/** Where the relay is found. */
struct invite_places {
    const char *hosts;              /* "HOST[:PORT],...", may be empty */
    const struct url_relay *relays; /* that know where it is; they count if hosts is empty */
    size_t relays_count;            /* the first URL_RELAYS_MAX are used */
};

/**
 * Write ziglan://KEY@HOSTS?invite=...&name=NAME to text; without hosts
 * ziglan://KEY?relay=...&invite=...&name=NAME.
 *
 * name  of the ziglan
 *
 * ERR_DROP if there is no place or the hosts are not valid, ERR_LIMIT if it does not fit; text is
 * undefined then.
 */
int invite_url_print(char text[URL_SIZE_MAX], const uint8_t key[KEY_SIZE],
                     const struct invite_places *places, const char *name,
                     const uint8_t invite[INVITE_SIZE]) MUST_CHECK;
