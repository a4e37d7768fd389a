/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operator of a running relay can do: make, list and withdraw invites; list members, give
 * them other names, forget them, revoke them and take that back. relayd/admin translates from and
 * to JSON.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/url.h"
#include "proto/wire/verdict.h"
#include "relayd/service/join.h"
#include "relayd/service/who.h"
#include "rendezvous/directory/directory.h"

#include <stdbool.h>
#include <stdint.h>

/** An invite ends after so long if the operator says nothing else. */
#define OPERATOR_INVITE_MS (UINT64_C(7) * 24 * 3600 * 1000)

struct operator_service {
    struct relay_base *base;          /* these are borrowed */
    struct join_service *joins;       /* carried out before members are seen or changed */
    struct session_service *sessions; /* told who was revoked */
};

/** One member for a listing. */
struct operator_member {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE];
    bool online, revoked;
    uint64_t expires_ms;    /* of the admission, wall clock */
    struct endpoint remote; /* online: the address of its session */
    uint64_t online_ms;     /* online: the age of its session */
    bool ended;             /* its membership is over; this and the rest: not if it is revoked */
    struct directory_details details;
    struct directory_groups groups;
    struct directory_use use;
};

/** Make an invite with these terms, which become those that are kept, and write its URL to `text`.
 * NOT_FOUND: the relay has no ziglan. BAD_REQUEST: it has no public host for a URL, or the terms
 * are not valid. LIMIT, UNAVAILABLE. If it is not OK, no invite was made, and text is undefined. */
enum verdict operator_invite(struct operator_service *service, struct directory_terms *terms,
                             char text[URL_SIZE_MAX]);

/** The next invite that may still be used. `at` is where the listing is: begin with all zero, and
 * leave it alone between calls. NOT_FOUND at the end, UNAVAILABLE. */
enum verdict operator_invite_next(struct operator_service *service,
                                  uint8_t at[DIRECTORY_INVITE_HASH_SIZE],
                                  struct directory_invite_row *out, struct mono now);

/** Withdraw the invite that `text` names: its id, or a URL that has it. id is the one that was
 * meant. NOT_FOUND, UNAVAILABLE. */
enum verdict operator_uninvite(struct operator_service *service, const char *text,
                               char id[DIRECTORY_INVITE_ID_SIZE], struct mono now);

/** The next member in the order of keys, revoked ones included, but not those who left. `key` is
 * where the listing is: begin with all zero, and leave it alone between calls. NOT_FOUND at the
 * end, UNAVAILABLE. */
enum verdict operator_member_next(struct operator_service *service, uint8_t key[KEY_SIZE],
                                  struct operator_member *out, struct mono now);

/**
 * The verbs about one member. `text` is a key, or a name; fits tells whom it fits, as it was before
 * (who_find). If they are several, the verdict is REFUSED, and nothing was done. NOT_FOUND: nobody.
 * UNAVAILABLE.
 */

/** Find whom `text` means, after the joins that wait. One who fits is meant; several are a choice
 * for the operator (REFUSED), and so is a member that only has the name with a number. revoked:
 * only revoked keys fit. */
enum verdict operator_choose(struct operator_service *service, const char *text, bool revoked,
                             struct who_fits *fits, struct mono now);

/** Revoke: its session ends, watchers are told, and it cannot come back. OK also for a key that is
 * no member, or revoked already. LIMIT (directory_revoke). */
enum verdict operator_revoke(struct operator_service *service, const char *text,
                             struct who_fits *fits, struct mono now);

/** Take a revocation back: the node may join again, with a fresh invite. Only revoked keys fit. */
enum verdict operator_restore(struct operator_service *service, const char *text,
                              struct who_fits *fits, struct mono now);

/** Give a member another name (directory_rename). BAD_REQUEST: no name may be so. NAME_TAKEN: then
 * fits has who has it. */
enum verdict operator_rename(struct operator_service *service, const char *text, const char *name,
                             struct who_fits *fits, struct mono now);

/** Forget a host that is no more: the member ends as if it had left, with its session if there is
 * one, and others may have its name. If no member has the name, but somebody had it, the name
 * becomes free and nothing else changes; fits has who that was. */
enum verdict operator_forget(struct operator_service *service, const char *text,
                             struct who_fits *fits, struct mono now);
