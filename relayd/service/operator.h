/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operator of a running relay can do: make an invite, list the members, revoke a member
 * and take that back. relayd/admin translates from and to JSON.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/url.h"
#include "proto/wire/verdict.h"
#include "relayd/service/join.h"
#include "rendezvous/directory/directory.h"

#include <stdbool.h>
#include <stdint.h>

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
};

/** Make an invite with these terms, and write its URL to `text`. NOT_FOUND: the relay has no
 * ziglan. BAD_REQUEST: it has no public host for a URL, or the terms are not valid. LIMIT,
 * UNAVAILABLE. If it is not OK, no invite was made, and text is undefined. */
enum verdict operator_invite(struct operator_service *service, const struct directory_terms *terms,
                             char text[URL_SIZE_MAX]);

/** The next member in the order of keys, revoked ones included. `key` is where the listing is:
 * begin with all zero, and leave it alone between calls. NOT_FOUND at the end, UNAVAILABLE. */
enum verdict operator_member_next(struct operator_service *service, uint8_t key[KEY_SIZE],
                                  struct operator_member *out, struct mono now);

/** Revoke the member that `text` names by a key's text form or a name: its session ends, watchers
 * are told, and it cannot come back. `key` is the key that was meant. NOT_FOUND, UNAVAILABLE. */
enum verdict operator_revoke(struct operator_service *service, const char *text,
                             uint8_t key[KEY_SIZE], struct mono now);

/** Take a revocation back: the node may join again, with a fresh invite. text, key and verdicts as
 * for operator_revoke. */
enum verdict operator_restore(struct operator_service *service, const char *text,
                              uint8_t key[KEY_SIZE], struct mono now);
