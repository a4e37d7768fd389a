/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a roster keeps in the host's store, and how it is read again. In the store:
 *
 *     ROSTER    ziglan key || member key -> 1, part, admission (each with a 16-bit length), or
 *               2, sequence(8), forgotten at(8)
 *     BINDINGS  ziglan key || name -> key; ziglan key || 0 || EUI-64 -> key
 *     META      "roster.sequence" || ziglan key -> sequence(8)
 *
 * All functions: ERR_NOMEM, ERR_SYSTEM of the store.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/addrplan.h"
#include "proto/wire/frame.h"
#include "rendezvous/roster/member.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster;

/** Keep a member by the bytes that were signed. ERR_DROP if they are too long. */
int roster_save_member(struct roster *roster, const uint8_t key[KEY_SIZE], struct member_bytes part,
                       struct member_bytes admission) MUST_CHECK;

/** Keep a revocation in the member's place, for eight days. */
int roster_save_revoked(struct roster *roster, const uint8_t key[KEY_SIZE],
                        uint64_t sequence) MUST_CHECK;

/** Keep the roster's sequence. */
int roster_save_sequence(struct roster *roster) MUST_CHECK;

/** Keep nothing about a key any more. */
int roster_remove_saved(struct roster *roster, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Everything of this ziglan leaves the store. */
int roster_erase_saved(struct roster *roster) MUST_CHECK;

/** Read the sequence that was kept last into the roster. */
int roster_read_sequence(struct roster *roster) MUST_CHECK;

/** Who is remembered under a name; *found false if nobody. Sizes 1 to 63 for names. */
int roster_binding_read(struct roster *roster, const void *name, size_t size, uint8_t key[KEY_SIZE],
                        bool *found) MUST_CHECK;

/** Remember, or change what is remembered. Quietly nothing if too much is remembered already. */
int roster_binding_write(struct roster *roster, const void *name, size_t size,
                         const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** The same key for a claimed EUI-64, as roster_binding_* want it. */
void roster_eui64_binding(uint8_t out[1 + EUI64_SIZE], const uint8_t eui64[EUI64_SIZE]);

/** Count what is remembered, at the start. */
int roster_bindings_count(struct roster *roster) MUST_CHECK;

/** What is kept about one key. */
struct roster_saved {
    const uint8_t *key; /* in the cursor; NULL: nothing that we write */
    bool revoked;
    struct member_bytes part, admission; /* of a member: into the value that was read */
    uint64_t sequence, forgotten_ms;     /* of a revocation */
};

/** Walk over all that is kept about members, with a value of STORE_VALUE_SIZE_MAX bytes for what is
 * read. *more is false at the end; then out is untouched. What the cursor stands on may be dropped.
 */
struct store_cursor roster_saved_first(const struct roster *roster);
int roster_saved_next(struct roster *roster, struct store_cursor *cursor, uint8_t *value,
                      struct roster_saved *out, bool *more) MUST_CHECK;
int roster_saved_drop(struct roster *roster, const struct store_cursor *cursor) MUST_CHECK;
