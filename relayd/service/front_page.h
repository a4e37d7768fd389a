/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page of a relay that a person looks at: whether it is alive, whose it is, and for its
 * operator how it does. HTML with its style and its picture in it: no script, nothing that is
 * fetched from elsewhere, and nothing about who looks or about any host.
 */
#pragma once

#include "proto/base/err.h"
#include "relayd/base/counters.h"

#include <stdbool.h>
#include <stddef.h>

struct front_page {
    const char *name;                     /* of the ziglan, one DNS label; NULL: it serves none */
    bool healthy;                         /* the storage works */
    const struct relay_snapshot *figures; /* NULL: the reader is anybody, who gets none */
};

/** Print it. text is given: malloc'ed, *size bytes and a NUL. ERR_NOMEM: *text is NULL. */
int front_page_print(char **text, size_t *size, const struct front_page *page) MUST_CHECK;
