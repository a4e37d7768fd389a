/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joins: a node becomes a member, or a member comes back. It gets an admission, a name and its
 * addresses in one change of the directory.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/verdict.h"
#include "rendezvous/directory/directory_invite.h"
#include "rendezvous/directory/directory_pick.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct directory;

/** A request to join; everything in it is borrowed for the call. */
struct directory_join {
    const uint8_t *key;    /* KEY_SIZE bytes, authenticated by the session */
    const uint8_t *invite; /* NULL, or of size 0: the node has none */
    size_t invite_size;
    const struct directory_terms *granted; /* how it may join without an invite, or with one that is
                                              not good any more; NULL: not at all */
    const char *wanted_name;    /* any text, of which a label is made; NULL or empty: none */
    const uint8_t *member_part; /* signed record, as it came */
    size_t member_part_size;
    bool unchanged_only; /* do not change the directory: answer LIMIT instead */
};

/** What a join gives. */
struct directory_joined {
    char name[NAME_TEXT_SIZE];
    uint8_t admission[RECORD_OTHER_SIGNED_SIZE_MAX];
    size_t admission_size;
    uint64_t expires_ms;                      /* of the admission */
    bool ends;                                /* the membership ends with it */
    uint64_t sequence;                        /* of the directory */
    bool changed;                             /* tell the watchers; false: nothing is new */
    bool granted;                             /* a newcomer, by the request's `granted` */
    char invite_id[DIRECTORY_INVITE_ID_SIZE]; /* of the invite that was used, or empty */
    struct directory_name_why why;            /* the name is not the wanted one */
    bool replaced;                            /* the name was another member's, which has ended */
    uint8_t replaced_key[KEY_SIZE];           /* replaced: whose */
};

/**
 * Admit a node, or renew a member. A member keeps its name and needs no invite; an invite that it
 * brings is not used up. It gets the same admission again if its part is the known one and more
 * than half of the time is left. A newcomer gets the name of the invite, else the wanted one, else
 * that of its member part; if that is taken, the name with -2, -3 ... behind it. If the name of the
 * invite was a member's when it was made, and still is, that member ends as if it had left.
 *
 * BAD_REQUEST (the member part is not the key's own, not valid, or older than the known one), CLOCK
 * (the part is not live by our wall clock), INVITE_INVALID (unknown, used up or expired; these are
 * not told apart), NOT_MEMBER (neither a member nor an invite), REVOKED, ENDED (its membership is
 * over), NAME_TAKEN (no free name was found), LIMIT (the directory is full, or unchanged_only),
 * UNAVAILABLE (the store failed, which was traced). On all but VERDICT_OK *out and the invite stay
 * as they were.
 */
enum verdict directory_join(struct directory *directory, const struct directory_join *join,
                            struct directory_joined *out);

/**
 * Many joins as one transaction, which costs one wait for the disk instead of many. Between begin
 * and end only directory_join may be called, and nobody may be told of an admission that it gave
 * before end returned ERR_OK. rc tells end whether to keep the joins: if it is not ERR_OK, end
 * undoes them all and returns it. If end returns an error of its own, none of them happened either.
 * ERR_NOMEM, ERR_SYSTEM.
 */
int directory_group_begin(struct directory *directory) MUST_CHECK;
int directory_group_end(struct directory *directory, int rc) MUST_CHECK;
