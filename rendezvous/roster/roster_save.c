/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encodes and decodes the rows of a roster in the store. */
#include "rendezvous/roster/roster_save.h"

#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "rendezvous/roster/roster_internal.h"

#include <string.h>

static const char sequence_label[] = "roster.sequence";
static const char delegations_label[] = "roster.delegations";

enum {
    SEQUENCE_KEY_SIZE = sizeof(sequence_label) - 1 + KEY_SIZE,
    DELEGATIONS_KEY_SIZE = sizeof(delegations_label) - 1 + KEY_SIZE,
    MEMBER_KEY_SIZE = 2 * KEY_SIZE,
    BINDING_KEY_SIZE_MAX = KEY_SIZE + NAME_TEXT_SIZE,
    MEMBER_VALUE_SIZE_MAX = 1 + 2 + RECORD_SIGNED_SIZE_MAX + 2 + RECORD_OTHER_SIGNED_SIZE_MAX,
    REVOKED_VALUE_SIZE = 1 + 8 + 8,
    KIND_MEMBER = 1,
    KIND_REVOKED = 2,
};

static void member_key(uint8_t out[MEMBER_KEY_SIZE], const struct roster *r,
                       const uint8_t key[KEY_SIZE])
{
    memcpy(out, r->ziglan_key, KEY_SIZE);
    memcpy(out + KEY_SIZE, key, KEY_SIZE);
}

int roster_save_member(struct roster *roster, const uint8_t key[KEY_SIZE], struct member_bytes part,
                       struct member_bytes admission)
{
    uint8_t name[MEMBER_KEY_SIZE];
    uint8_t value[MEMBER_VALUE_SIZE_MAX];
    struct wbuf w = wbuf_over(value, sizeof(value));

    member_key(name, roster, key);
    wbuf_u8(&w, KIND_MEMBER);
    size_t mark = wbuf_open_u16(&w);
    wbuf_put(&w, part.data, part.size);
    wbuf_close_u16(&w, mark);
    mark = wbuf_open_u16(&w);
    wbuf_put(&w, admission.data, admission.size);
    wbuf_close_u16(&w, mark);
    if (!wbuf_ok(&w)) {
        return ERR_DROP;
    }
    return store_write(roster->store, STORE_TABLE_ROSTER, name, sizeof(name), value, wbuf_size(&w));
}

int roster_save_revoked(struct roster *roster, const uint8_t key[KEY_SIZE], uint64_t sequence)
{
    uint8_t name[MEMBER_KEY_SIZE];
    uint8_t value[REVOKED_VALUE_SIZE];
    struct wbuf w = wbuf_over(value, sizeof(value));

    member_key(name, roster, key);
    wbuf_u8(&w, KIND_REVOKED);
    wbuf_u64(&w, sequence);
    /* Our clock may still stand in 1970. The sequence is at least the entry point's wall clock in
       ms, so the eight days begin at the later of the two. */
    uint64_t from_ms = env_wall_ms(roster->env);
    from_ms = from_ms > sequence ? from_ms : sequence;
    uint64_t forgotten_ms =
        from_ms < UINT64_MAX - RECORD_REVOCATION_MS ? from_ms + RECORD_REVOCATION_MS : UINT64_MAX;
    wbuf_u64(&w, forgotten_ms);
    roster->forget_ms = forgotten_ms < roster->forget_ms ? forgotten_ms : roster->forget_ms;
    return store_write(roster->store, STORE_TABLE_ROSTER, name, sizeof(name), value, wbuf_size(&w));
}

int roster_remove_saved(struct roster *roster, const uint8_t key[KEY_SIZE])
{
    uint8_t name[MEMBER_KEY_SIZE];

    member_key(name, roster, key);
    return store_remove(roster->store, STORE_TABLE_ROSTER, name, sizeof(name));
}

static void sequence_key(uint8_t out[SEQUENCE_KEY_SIZE], const struct roster *r)
{
    memcpy(out, sequence_label, sizeof(sequence_label) - 1);
    memcpy(out + sizeof(sequence_label) - 1, r->ziglan_key, KEY_SIZE);
}

int roster_save_sequence(struct roster *roster)
{
    uint8_t name[SEQUENCE_KEY_SIZE];
    uint8_t value[8];
    struct wbuf w = wbuf_over(value, sizeof(value));

    sequence_key(name, roster);
    wbuf_u64(&w, roster->sequence);
    return store_write(roster->store, STORE_TABLE_META, name, sizeof(name), value, wbuf_size(&w));
}

/* ---- delegations ---- */

_Static_assert(ROSTER_ENTRY_COUNT_MAX *(2 + RECORD_OTHER_SIGNED_SIZE_MAX) <= STORE_VALUE_SIZE_MAX,
               "all delegations fit into a value");

static void delegations_key(uint8_t out[DELEGATIONS_KEY_SIZE], const struct roster *r)
{
    memcpy(out, delegations_label, sizeof(delegations_label) - 1);
    memcpy(out + sizeof(delegations_label) - 1, r->ziglan_key, KEY_SIZE);
}

int roster_save_delegations(struct roster *roster)
{
    uint8_t name[DELEGATIONS_KEY_SIZE];
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct wbuf w = wbuf_over(value, sizeof(value));

    delegations_key(name, roster);
    for (size_t i = 0; i < roster->entry_count; i++) {
        size_t mark = wbuf_open_u16(&w);

        wbuf_put(&w, roster->entries[i].bytes, roster->entries[i].size);
        wbuf_close_u16(&w, mark);
    }
    return store_write(roster->store, STORE_TABLE_META, name, sizeof(name), value, wbuf_size(&w));
}

int roster_read_delegations(struct roster *roster, uint8_t *value, size_t *size)
{
    uint8_t name[DELEGATIONS_KEY_SIZE];
    int rc;

    delegations_key(name, roster);
    rc = store_read(roster->store, STORE_TABLE_META, name, sizeof(name), value,
                    STORE_VALUE_SIZE_MAX, size);
    *size = rc == ERR_OK && *size != STORE_NONE ? *size : 0;
    return rc;
}

/* ---- bindings ---- */

void roster_eui64_binding(uint8_t out[1 + EUI64_SIZE], const uint8_t eui64[EUI64_SIZE])
{
    out[0] = 0; /* no name begins with this byte */
    memcpy(out + 1, eui64, EUI64_SIZE);
}

int roster_binding_read(struct roster *roster, const void *name, size_t size, uint8_t key[KEY_SIZE],
                        bool *found)
{
    uint8_t binding[BINDING_KEY_SIZE_MAX];
    uint8_t value[STORE_VALUE_SIZE_MAX]; /* a damaged value may have any size */
    size_t value_size;

    memcpy(binding, roster->ziglan_key, KEY_SIZE);
    memcpy(binding + KEY_SIZE, name, size);
    int rc = store_read(roster->store, STORE_TABLE_BINDINGS, binding, KEY_SIZE + size, value,
                        sizeof(value), &value_size);
    *found = rc == ERR_OK && value_size == KEY_SIZE;
    if (*found) {
        memcpy(key, value, KEY_SIZE);
    }
    return rc;
}

int roster_binding_write(struct roster *roster, const void *name, size_t size,
                         const uint8_t key[KEY_SIZE])
{
    uint8_t binding[BINDING_KEY_SIZE_MAX];
    uint8_t present[KEY_SIZE];
    bool found;
    int rc = roster_binding_read(roster, name, size, present, &found);

    if (rc != ERR_OK) {
        return rc;
    }
    /* The bound keeps entry points that give ever new names from filling the disk. */
    if (!found && roster->names.binding_count >= 2 * roster->member_max) {
        return ERR_OK;
    }
    memcpy(binding, roster->ziglan_key, KEY_SIZE);
    memcpy(binding + KEY_SIZE, name, size);
    rc = store_write(roster->store, STORE_TABLE_BINDINGS, binding, KEY_SIZE + size, key, KEY_SIZE);
    if (rc == ERR_OK && !found) {
        roster->names.binding_count++;
    }
    return rc;
}

/* ---- reading it all ---- */

/* True if the cursor stands on a row of this ziglan. */
static bool in_ziglan(const struct roster *r, const struct store_cursor *cursor)
{
    return cursor->key_size > KEY_SIZE && memcmp(cursor->key, r->ziglan_key, KEY_SIZE) == 0;
}

int roster_bindings_count(struct roster *roster)
{
    struct store_cursor cursor =
        store_cursor_from(STORE_TABLE_BINDINGS, roster->ziglan_key, KEY_SIZE);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    for (;;) {
        int rc = store_next(roster->store, &cursor, value, sizeof(value), &size);
        if (rc != ERR_OK || size == STORE_NONE || !in_ziglan(roster, &cursor)) {
            return rc;
        }
        roster->names.binding_count++;
    }
}

int roster_read_sequence(struct roster *roster)
{
    uint8_t name[SEQUENCE_KEY_SIZE];
    uint8_t value[8];
    size_t size;
    int rc;

    sequence_key(name, roster);
    rc = store_read_sized(roster->store, STORE_TABLE_META, name, sizeof(name), value, sizeof(value),
                          sizeof(value), &size);
    if (rc == ERR_OK && size != STORE_NONE) {
        struct rbuf r = rbuf_over(value, size);
        roster->sequence = rbuf_u64(&r);
    }
    return rc;
}

/* Decode a value; false if we would not have written it. */
static bool saved_decode(struct roster_saved *out, const uint8_t *value, size_t size)
{
    struct rbuf r = rbuf_over(value, size);
    struct roster_saved s = {0};

    uint8_t kind = rbuf_u8(&r);
    if (kind == KIND_MEMBER) {
        s.part.size = rbuf_u16(&r);
        s.part.data = rbuf_take(&r, s.part.size);
        s.admission.size = rbuf_u16(&r);
        s.admission.data = rbuf_take(&r, s.admission.size);
    } else if (kind == KIND_REVOKED) {
        s.revoked = true;
        s.sequence = rbuf_u64(&r);
        s.forgotten_ms = rbuf_u64(&r);
    } else {
        return false;
    }
    if (!rbuf_done(&r)) {
        return false;
    }
    *out = s;
    return true;
}

int roster_read_saved(struct roster *roster, const uint8_t *key, uint8_t *value,
                      struct roster_saved *out)
{
    uint8_t name[MEMBER_KEY_SIZE];
    size_t size;
    int rc;

    *out = (struct roster_saved){.key = NULL};
    member_key(name, roster, key);
    rc = store_read(roster->store, STORE_TABLE_ROSTER, name, sizeof(name), value,
                    STORE_VALUE_SIZE_MAX, &size);
    if (rc == ERR_OK && size != STORE_NONE && saved_decode(out, value, size)) {
        out->key = key;
    }
    return rc;
}

struct store_cursor roster_saved_first(const struct roster *roster)
{
    return store_cursor_from(STORE_TABLE_ROSTER, roster->ziglan_key, KEY_SIZE);
}

int roster_saved_next(struct roster *roster, struct store_cursor *cursor, uint8_t *value,
                      struct roster_saved *out, bool *more)
{
    size_t size;
    int rc = store_next(roster->store, cursor, value, STORE_VALUE_SIZE_MAX, &size);

    *more = rc == ERR_OK && size != STORE_NONE && in_ziglan(roster, cursor);
    if (!*more) {
        return rc;
    }
    if (cursor->key_size != MEMBER_KEY_SIZE || !saved_decode(out, value, size)) {
        *out = (struct roster_saved){.key = NULL};
        return ERR_OK;
    }
    out->key = cursor->key + KEY_SIZE;
    return ERR_OK;
}

int roster_saved_drop(struct roster *roster, const struct store_cursor *cursor)
{
    return store_remove(roster->store, STORE_TABLE_ROSTER, cursor->key, cursor->key_size);
}

/* ---- the end ---- */

/* Remove everything of this ziglan from a table. */
static int erase_table(struct roster *r, enum store_table table)
{
    struct store_cursor cursor = store_cursor_from(table, r->ziglan_key, KEY_SIZE);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    for (;;) {
        int rc = store_next(r->store, &cursor, value, sizeof(value), &size);
        if (rc != ERR_OK || size == STORE_NONE || !in_ziglan(r, &cursor)) {
            return rc;
        }
        rc = store_remove(r->store, table, cursor.key, cursor.key_size);
        if (rc != ERR_OK) {
            return rc;
        }
    }
}

int roster_erase_saved(struct roster *roster)
{
    uint8_t name[SEQUENCE_KEY_SIZE], delegations[DELEGATIONS_KEY_SIZE];
    int rc = erase_table(roster, STORE_TABLE_ROSTER);

    if (rc == ERR_OK) {
        rc = erase_table(roster, STORE_TABLE_BINDINGS);
    }
    sequence_key(name, roster);
    if (rc == ERR_OK) {
        rc = store_remove(roster->store, STORE_TABLE_META, name, sizeof(name));
    }
    delegations_key(delegations, roster);
    return rc == ERR_OK
               ? store_remove(roster->store, STORE_TABLE_META, delegations, sizeof(delegations))
               : rc;
}
