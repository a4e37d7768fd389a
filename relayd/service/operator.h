/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the operator of a running relay can ask: invites, the list of members, and who is thrown
 * out. Which texts and JSON say so is relayd/admin's.
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
    struct relay_base *base;    /* these are borrowed */
    struct join_service *joins; /* carried out before a member is looked at */
    struct session_service *sessions;
};

/** One member for a listing. */
struct operator_member {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE];
    bool online, revoked;
    uint64_t expires_ms;    /* of the admission, wall clock */
    struct endpoint remote; /* online: where its session comes from */
    uint64_t online_ms;     /* online: for how long */
};

/** Make an invite; `text` is its URL. NOT_FOUND: no ziglan here. BAD_REQUEST: the relay has no
 * public host to name, or the terms are not valid. LIMIT, UNAVAILABLE. */
enum verdict operator_invite(struct operator_service *service, const struct directory_terms *terms,
                             char text[URL_SIZE_MAX]);

/** The next member in key order; `key` is the last one seen, all zero to begin. NOT_FOUND at the
 * end. */
enum verdict operator_member_next(struct operator_service *service, uint8_t key[KEY_SIZE],
                                  struct operator_member *out, struct mono now);

/** Throw out whom `text` means (a key's text form or a name): its session ends, watchers are told,
 * and it cannot come back. `key` is whom it meant. */
enum verdict operator_revoke(struct operator_service *service, const char *text,
                             uint8_t key[KEY_SIZE], struct mono now);

/** Take a revocation back: the node may join again with a fresh invite. */
enum verdict operator_restore(struct operator_service *service, const char *text,
                              uint8_t key[KEY_SIZE], struct mono now);
