/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Candidates one after the other, each looked up in NAMES and among the open invites. */
#include "rendezvous/directory/directory_pick.h"

#include "proto/crypto/key_form.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"

#include <stdio.h>
#include <string.h>

enum {
    NAME_TRIES_MAX = 200,  /* "nas", "nas-2" ... "nas-200"; then one with a part of the key */
    NAME_SUFFIX_SIZE = 12, /* "-" and ten characters, NUL */
};

/* base, cut so that the suffix still fits into a label, and the suffix. */
static void name_compose(char name[NAME_TEXT_SIZE], const char *base, const char *suffix)
{
    size_t room = NAME_SIZE_MAX - strlen(suffix);
    size_t size = strlen(base);

    if (size > room) {
        size = room;
    }
    while (size > 1 && base[size - 1] == '-') {
        size--;
    }
    memcpy(name, base, size);
    memcpy(name + size, suffix, strlen(suffix) + 1);
}

/* True if the operator granted just this name by the invite. */
static bool is_granted(const struct directory_open_invite *invite, const char *name)
{
    return invite != NULL && strcmp(invite->terms.name, name) == 0;
}

/* May the key have this name? If so, out->takes tells whether another member loses it. */
static int candidate_try(struct directory *d, const uint8_t key[KEY_SIZE],
                         const struct directory_open_invite *invite, struct directory_pick *out)
{
    struct directory_name holder;
    bool reserved = false;
    int rc = directory_name_read(d, out->name, &holder);

    out->takes = false;
    if (rc == ERR_OK && is_granted(invite, out->name)) {
        bool held = holder.found && holder.freed_ms == 0;
        out->takes = held && memcmp(holder.key, invite->terms.replaces, KEY_SIZE) == 0;
        out->found = !held || out->takes;
        memcpy(out->taken, holder.key, KEY_SIZE);
        return ERR_OK;
    }
    if (rc == ERR_OK && directory_name_is_free(d, &holder, key)) {
        rc = directory_invite_reserves(d, out->name, &reserved);
        out->found = !reserved;
    }
    return rc;
}

int directory_pick(struct directory *directory, const uint8_t key[KEY_SIZE],
                   const struct directory_open_invite *invite, const char *wanted,
                   struct directory_pick *out)
{
    char base[NAME_TEXT_SIZE];
    char suffix[NAME_SUFFIX_SIZE] = "";
    char short_key[KEY_SHORT_SIZE];

    memset(out, 0, sizeof(*out));
    if (invite->terms.name[0] != '\0') {
        wanted = invite->terms.name;
    }
    (void)name_sanitise(base, wanted, strlen(wanted));
    for (int i = 1; i <= NAME_TRIES_MAX + 1 && !out->found; i++) {
        if (i > NAME_TRIES_MAX) {
            (void)snprintf(suffix, sizeof(suffix), "-%s", key_short(key, short_key));
        } else if (i > 1) {
            (void)snprintf(suffix, sizeof(suffix), "-%d", i);
        }
        name_compose(out->name, base, suffix);
        if (name_problem(out->name, strlen(out->name)) != NULL) {
            continue;
        }
        int rc = candidate_try(directory, key, invite, out);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

int directory_pick_why(struct directory *directory, const uint8_t key[KEY_SIZE],
                       const struct directory_open_invite *invite, const char *wanted,
                       const char *granted, struct directory_name_why *out)
{
    struct directory_name holder;
    char base[NAME_TEXT_SIZE];
    bool reserved = false;

    memset(out, 0, sizeof(*out));
    if (wanted[0] == '\0' || strcmp(name_sanitise(base, wanted, strlen(wanted)), granted) == 0) {
        return ERR_OK;
    }
    out->note = DIRECTORY_NAME_CHOSEN;
    if (invite != NULL && invite->terms.name[0] != '\0') {
        return ERR_OK;
    }
    int rc = directory_name_read(directory, base, &holder);
    if (rc == ERR_OK && directory_name_is_free(directory, &holder, key)) {
        /* Members come back by thousands after a restart: the invites are not read for each. */
        rc = invite == NULL ? ERR_OK : directory_invite_reserves(directory, base, &reserved);
        out->note = reserved ? DIRECTORY_NAME_RESERVED : DIRECTORY_NAME_CHOSEN;
    } else if (rc == ERR_OK) {
        out->note = holder.freed_ms == 0 ? DIRECTORY_NAME_TAKEN : DIRECTORY_NAME_FREED;
        out->free_ms = holder.freed_ms == 0 ? 0 : holder.freed_ms + DIRECTORY_NAME_FREED_MS;
        memcpy(out->key, holder.key, KEY_SIZE);
    }
    return rc;
}
