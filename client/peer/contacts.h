/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Contacts: the keys that the user of this host named, by the command line (these are stored) or in
 * the configuration. Each is a peer, whether or not it is a member of a joined ziglan, and has a
 * name here if the user gave it one.
 */
#pragma once

#include "client/stun2/relay_set.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/map.h"
#include "proto/base/mono.h"
#include "proto/crypto/identity.h"
#include "proto/wire/name.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    CONTACTS_MAX = 10000,
    CONTACT_VIA_MAX = 3, /* relays that the user names on the way to it */
};

/** What the relays of this host know of where a contact is (locating.h). */
struct locating {
    struct mono again_at;            /* they may be asked again */
    uint8_t asked, refused;          /* relays, of the latest look-up */
    uint8_t awaited_count;           /* of them those that did not answer, */
    uint32_t awaited[RELAY_SET_MAX]; /* by the ends of their numbers */
    bool found;                      /* by one of them */
    uint8_t denied_count;            /* relays that were asked, and say that it is not with them */
    uint8_t denied[RELAY_SET_MAX][KEY_SIZE];
    bool silent;                 /* the contact did not answer */
    uint64_t sequence;           /* of the attachment that was found */
    uint8_t relay_key[KEY_SIZE]; /* that it names */
};

/** One contact. It is in the list as long as one of the two named it. */
struct contact {
    TAILQ_ENTRY(contact) in_list;
    uint8_t key[KEY_SIZE];
    bool stored, configured;
    char stored_name[NAME_TEXT_SIZE]; /* lower case; empty: none */
    char configured_name[NAME_TEXT_SIZE];
    uint8_t via[CONTACT_VIA_MAX][KEY_SIZE]; /* via_count, by the configuration */
    uint8_t via_count;
    struct locating locating;
};

TAILQ_HEAD(contact_list, contact);

struct contacts {
    struct store *store;
    const struct env *env;
    struct map *by_key;
    struct contact_list list; /* in the order in which they came */
    size_t count;
};

/** Load what is stored. store and env are borrowed. ERR_NOMEM, ERR_SYSTEM. */
int contacts_init(struct contacts *contacts, struct store *store, const struct env *env) MUST_CHECK;

/** Free them. Contacts of zeros are fine. */
void contacts_fini(struct contacts *contacts);

/** The contact with this key, or with this name in any case (size characters); or NULL. */
struct contact *contacts_find(const struct contacts *contacts, const uint8_t key[KEY_SIZE]);
struct contact *contacts_find_name(const struct contacts *contacts, const char *name, size_t size);

/** Its name: the configuration's, else the stored one; empty: none. */
const char *contact_name(const struct contact *contact);

/** Make or rename one, and store it. name is a legal one, or empty. ERR_LIMIT, ERR_NOMEM, or
 * ERR_SYSTEM if it could not be stored; then nothing changed. */
int contacts_add(struct contacts *contacts, const uint8_t key[KEY_SIZE], const char *name,
                 struct contact **out) MUST_CHECK;

/** Forget the stored one. *gone is true if nobody names it any more: then contacts_drop is due.
 * ERR_SYSTEM if the store fails; then nothing changed. */
int contacts_forget(struct contacts *contacts, struct contact *contact, bool *gone) MUST_CHECK;

/** Take out and free one that nobody names any more. */
void contacts_drop(struct contacts *contacts, struct contact *contact);

/** The configuration names this key, and gives it this name (empty: none). NULL if there are too
 * many, or without memory. */
struct contact *contacts_configure(struct contacts *contacts, const uint8_t key[KEY_SIZE],
                                   const char *name);
