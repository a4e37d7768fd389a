/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A node becomes a member, or a member comes back: admission, name and addresses in one change.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_invite.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;

/** How long an admission is valid. */
#define DIRECTORY_ADMISSION_MS (UINT64_C(7) * 24 * 3600 * 1000)

struct directory_join {
    const uint8_t *key;    /* KEY_SIZE, authenticated by the session */
    const uint8_t *invite; /* NULL for a member who comes back */
    size_t invite_size;
    const char *wanted_name;    /* any text or NULL; it is made a label, or a name is made up */
    const uint8_t *member_part; /* signed record, as it came */
    size_t member_part_size;
    bool unchanged_only; /* LIMIT instead of a change of the directory */
};

struct directory_joined {
    char name[NAME_TEXT_SIZE];
    uint8_t admission[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t admission_size;
    uint64_t expires_ms;                      /* of the admission */
    uint64_t sequence;                        /* of the directory */
    bool changed;                             /* the directory changed: tell the watchers */
    char invite_id[DIRECTORY_INVITE_ID_SIZE]; /* of the invite that was used; empty: none was */
};

/**
 * Admit a node, or renew a member. A member keeps its name and needs no invite; an invite that it
 * brings is not used up. A newcomer gets the invite's name, else the wanted one, else that with
 * -2, -3 ... behind it.
 *
 * BAD_REQUEST (a member part that is not its own, not valid, or older than the known one), CLOCK
 * (one that is not live by our wall clock),
 * INVITE_INVALID (unknown, used up, expired: not told apart), NOT_MEMBER (no invite, no member),
 * REVOKED, NAME_TAKEN (no free name found), LIMIT (full, or a change where none was allowed),
 * UNAVAILABLE. Only VERDICT_OK writes *out and
 * uses the invite.
 */
enum verdict directory_join(struct directory *directory, const struct directory_join *join,
                            struct directory_joined *out);

/**
 * Many joins as one transaction, which costs one wait for the disk instead of many. Between begin
 * and end only directory_join may be called; an admission that it gave may be told to nobody before
 * end says ERR_OK. On anything else, also for rc other than ERR_OK, nothing of the group happened.
 * ERR_NOMEM, ERR_SYSTEM.
 */
int directory_group_begin(struct directory *directory) MUST_CHECK;
int directory_group_end(struct directory *directory, int rc) MUST_CHECK;
