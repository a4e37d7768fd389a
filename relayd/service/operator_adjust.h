/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs about what a member has beside its name: an end, groups, a note. Whom `text`
 * means, and what fits tells, is as in relayd/service/operator.h; so are REFUSED, NOT_FOUND and
 * UNAVAILABLE.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/wire/verdict.h"
#include "relayd/service/operator.h"
#include "relayd/service/who.h"
#include "rendezvous/directory/directory_groups.h"

#include <stdint.h>

/** The membership ends at ends_ms (wall clock; 0: never): the session ends then, and the member is
 * refused until it gets more time. BAD_REQUEST: that is past. */
enum verdict operator_expire(struct operator_service *service, const char *text, uint64_t ends_ms,
                             struct who_fits *fits, struct mono now);

/** Which groups a member gets and loses. */
struct operator_groups {
    struct directory_groups add, remove;
    struct directory_groups result; /* written: those that it is in */
};

/** Change the groups of a member; *groups tells what came of it. LIMIT: it would be in too many,
 * and nothing was changed. */
enum verdict operator_group(struct operator_service *service, const char *text,
                            struct operator_groups *groups, struct who_fits *fits, struct mono now);

/** Keep a note; empty: none. BAD_REQUEST: it is no note (directory_note_is). */
enum verdict operator_note(struct operator_service *service, const char *text, const char *note,
                           struct who_fits *fits, struct mono now);
