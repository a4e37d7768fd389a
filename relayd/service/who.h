/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom an operator means by a key or a name. A name may fit several: who had it and is gone, and
 * the members that got a number behind it. Then the operator is shown who fits, and nothing is
 * done.
 */
#pragma once

#include "proto/wire/frame.h"
#include "proto/wire/name.h"
#include "proto/wire/verdict.h"
#include "relayd/base/relay_base.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WHO_MAX = 4 /* that are shown */ };

enum who_state {
    WHO_STATE_MEMBER,
    WHO_STATE_REVOKED,
    WHO_STATE_LEFT,     /* or was forgotten, or gave its place to another */
    WHO_STATE_STRANGER, /* the directory knows nothing of this key */
};

struct who {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE]; /* that it has, or had; or empty */
    enum who_state state;
    bool online;         /* a member with a session */
    uint64_t expires_ms; /* of a member's admission (wall clock) */
};

/** Who fits: one is meant, several are a choice. */
struct who_fits {
    struct who list[WHO_MAX];
    size_t count;
    bool more; /* there was no room for all */
};

/** What the directory says about one of its entries. */
struct who who_of(const struct relay_base *base, const struct directory_entry *row);

/**
 * Find whom `text` means: a key, also a shortened one; the member of that name; or if there is
 * none, those who had the name (of whom the directory knows as long as it keeps their revocation),
 * and the members called so with a number behind it. NOT_FOUND (*out is empty), UNAVAILABLE.
 */
enum verdict who_find(const struct relay_base *base, const char *text, struct who_fits *out);

/** The same among revoked keys alone. */
enum verdict who_find_revoked(const struct relay_base *base, const char *text,
                              struct who_fits *out);
