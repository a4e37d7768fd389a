/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verbs of a host about peers that its user names, which need no ziglan in common: by the
 * command line, and in the configuration.
 */
#pragma once

#include "client/core/core.h"
#include "client/peer/contacts.h"

/** A peer that the configuration names. */
struct named_peer {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE];              /* a legal one in lower case, or empty */
    uint8_t via[CONTACT_VIA_MAX][KEY_SIZE]; /* via_count relays that frames to it shall pass */
    uint8_t via_count;
};

/** Name a peer by its key as text, and give it a name here (NULL: none, or the one that it has). It
 * is let in from now on. Remembered in the store before this returns ERR_OK. Else `error` tells
 * what is wrong and what to do; ERR_DROP: with key or name. */
int contacting_add(struct host_core *core, const char *key_text, const char *name, char *error,
                   size_t error_size, struct mono now) MUST_CHECK;

/** Forget a peer that contacting_add named, by that name or its key; it stays a peer where it is a
 * member of a joined ziglan. Errors as there; ERR_DROP also if the configuration names it. */
int contacting_remove(struct host_core *core, const char *name_or_key, char *error,
                      size_t error_size, struct mono now) MUST_CHECK;

/** The peers that the configuration names, in place of those that it named before. */
void contacting_configure(struct host_core *core, const struct named_peer *peers, size_t count,
                          struct mono now);
