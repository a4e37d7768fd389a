/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a roster keeps in the host's store, and how it is read again. The rows, with sizes in bytes:
 *
 *     ROSTER    ziglan key || member key -> a member: 1(1), part, admission (each after its
 *               length(2)); or a revocation: 2(1), sequence(8), to be forgotten at(8)
 *     BINDINGS  ziglan key || name -> key; ziglan key || 0 || EUI-64 -> key
 *     META      "roster.sequence" || ziglan key -> sequence(8); "roster.delegations" || ziglan key
 *               -> signed delegations, each after its length(2)
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

/** Keep a member: the signed bytes of part and admission. ERR_DROP if they are too long. */
int roster_save_member(struct roster *roster, const uint8_t key[KEY_SIZE], struct member_bytes part,
                       struct member_bytes admission) MUST_CHECK;

/** Keep a revocation for eight days, in place of the member. */
int roster_save_revoked(struct roster *roster, const uint8_t key[KEY_SIZE],
                        uint64_t sequence) MUST_CHECK;

/** Keep the roster's sequence. */
int roster_save_sequence(struct roster *roster) MUST_CHECK;

/** Remove what is kept about a key. */
int roster_remove_saved(struct roster *roster, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** Remove everything of this ziglan. */
int roster_erase_saved(struct roster *roster) MUST_CHECK;

/** Set the roster's sequence to the one that was kept last; as it was if there is none, or it is
 * damaged. */
int roster_read_sequence(struct roster *roster) MUST_CHECK;

/** Keep the delegations that the roster has, in place of those that were kept. */
int roster_save_delegations(struct roster *roster) MUST_CHECK;

/** The delegations that were kept, one after the other, each after its length(2), in value, which
 * has room for STORE_VALUE_SIZE_MAX bytes; *size 0: none. */
int roster_read_delegations(struct roster *roster, uint8_t *value, size_t *size) MUST_CHECK;

/** The key that is remembered under a name (1 to 63 bytes), or under what roster_eui64_binding
 * made. *found is false if there is none, or it is damaged; key is then not meaningful. */
int roster_binding_read(struct roster *roster, const void *name, size_t size, uint8_t key[KEY_SIZE],
                        bool *found) MUST_CHECK;

/** Remember a key under a name, in place of another one if there is one. Does nothing, and returns
 * ERR_OK, if the name is new and twice as many as members may be are remembered already. */
int roster_binding_write(struct roster *roster, const void *name, size_t size,
                         const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** What stands in the place of a name for a claimed EUI-64. */
void roster_eui64_binding(uint8_t out[1 + EUI64_SIZE], const uint8_t eui64[EUI64_SIZE]);

/** Count the names and EUI-64s that are remembered, at the start. */
int roster_bindings_count(struct roster *roster) MUST_CHECK;

/** What is kept about one key. */
struct roster_saved {
    const uint8_t *key; /* into the cursor; NULL: we did not write this, and the rest is 0 */
    bool revoked;
    struct member_bytes part, admission; /* a member's, into the value that was read */
    uint64_t sequence, forgotten_ms;     /* a revocation's; forget it at forgotten_ms */
};

/** What is kept of this key, in value, which has room for STORE_VALUE_SIZE_MAX bytes. out->key is
 * NULL if there is nothing, or we did not write it. */
int roster_read_saved(struct roster *roster, const uint8_t *key, uint8_t *value,
                      struct roster_saved *out) MUST_CHECK;

/** A cursor before all that is kept about members and revocations. */
struct store_cursor roster_saved_first(const struct roster *roster);

/** Go to the next row. value has room for STORE_VALUE_SIZE_MAX bytes, and *out points into it and
 * into the cursor. At the end *more is false, and *out as it was. */
int roster_saved_next(struct roster *roster, struct store_cursor *cursor, uint8_t *value,
                      struct roster_saved *out, bool *more) MUST_CHECK;

/** Remove the row at which the cursor stands; the walk can go on. */
int roster_saved_drop(struct roster *roster, const struct store_cursor *cursor) MUST_CHECK;
