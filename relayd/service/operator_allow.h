/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's verbs about keys that may join without an invite (directory_allow.h), beside those
 * of the configuration.
 */
#pragma once

#include "proto/wire/verdict.h"
#include "relayd/service/operator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Allow a key, with the name, groups, note and end of terms. NOT_FOUND: the relay has no ziglan.
 * BAD_REQUEST: one is none, or past. LIMIT, UNAVAILABLE. */
enum verdict operator_allow(struct operator_service *service, const uint8_t key[KEY_SIZE],
                            const struct directory_terms *terms);

/** Allow it no more. *member tells whether it is a member all the same. NOT_FOUND, UNAVAILABLE. */
enum verdict operator_disallow(struct operator_service *service, const uint8_t key[KEY_SIZE],
                               bool *member);

/** Where a listing of allowed keys is: begin with zeros. */
struct operator_allowed {
    size_t configured; /* of those in the configuration, so many were listed */
    uint8_t key[KEY_SIZE];
};

/** The next allowed key: first those of the configuration (*configured), then the others, which are
 * not in it. NOT_FOUND at the end, UNAVAILABLE. */
enum verdict operator_allowed_next(const struct operator_service *service,
                                   struct operator_allowed *at, uint8_t key[KEY_SIZE],
                                   struct directory_terms *out, bool *configured);
