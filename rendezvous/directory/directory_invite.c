/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invites. The store keeps the hash of the 16 bytes, so whoever reads it can invite nobody. */
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/identity.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_internal.h"

#include <sodium.h>
#include <string.h>

enum { INVITE_VALUE_SIZE_MAX = 4 + 8 + 1 + NAME_SIZE_MAX };

static const char invite_label[] = "ziglan invite 1";

static void invite_hash(uint8_t hash[DIRECTORY_INVITE_HASH_SIZE], const uint8_t invite[INVITE_SIZE])
{
    crypto_generichash_state state;

    /* These fail only for sizes out of range, which ours are not. */
    (void)crypto_generichash_init(&state, NULL, 0, DIRECTORY_INVITE_HASH_SIZE);
    (void)crypto_generichash_update(&state, (const uint8_t *)invite_label,
                                    sizeof(invite_label) - 1);
    (void)crypto_generichash_update(&state, invite, INVITE_SIZE);
    (void)crypto_generichash_final(&state, hash, DIRECTORY_INVITE_HASH_SIZE);
    sodium_memzero(&state, sizeof(state));
}

const char *directory_invite_id(const uint8_t invite[INVITE_SIZE],
                                char id[DIRECTORY_INVITE_ID_SIZE])
{
    uint8_t hash[DIRECTORY_INVITE_HASH_SIZE];

    invite_hash(hash, invite);
    return key_short(hash, id); /* a hash is as long as a key */
}

static int terms_write(struct directory *d, const uint8_t hash[DIRECTORY_INVITE_HASH_SIZE],
                       const struct directory_terms *terms)
{
    uint8_t value[INVITE_VALUE_SIZE_MAX];
    struct wbuf w = wbuf_over(value, sizeof(value));
    size_t name_size = strlen(terms->name);

    wbuf_u32(&w, terms->uses);
    wbuf_u64(&w, terms->expires_ms);
    wbuf_u8(&w, (uint8_t)name_size);
    wbuf_put(&w, terms->name, name_size);
    return store_write(d->store, STORE_TABLE_INVITES, hash, DIRECTORY_INVITE_HASH_SIZE, value,
                       wbuf_size(&w));
}

/* False for what we never wrote. */
static bool terms_decode(struct directory_terms *out, const uint8_t *value, size_t size)
{
    struct rbuf r = rbuf_over(value, size);
    struct directory_terms terms = {0};

    terms.uses = rbuf_u32(&r);
    terms.expires_ms = rbuf_u64(&r);
    size_t name_size = rbuf_u8(&r);
    if (name_size > NAME_SIZE_MAX) {
        return false;
    }
    rbuf_copy(&r, terms.name, name_size);
    if (!rbuf_done(&r)) {
        return false;
    }
    *out = terms;
    return true;
}

static bool terms_open(const struct directory_terms *terms, uint64_t now_ms)
{
    return terms->uses > 0 && (terms->expires_ms == 0 || terms->expires_ms > now_ms);
}

enum verdict directory_invite(struct directory *directory, const struct directory_terms *terms,
                              uint8_t invite[INVITE_SIZE])
{
    uint8_t hash[DIRECTORY_INVITE_HASH_SIZE];
    struct directory_terms kept = *terms;
    int rc;

    if (kept.uses == 0) {
        kept.uses = 1;
    }
    if (memchr(kept.name, '\0', sizeof(kept.name)) == NULL ||
        (kept.name[0] != '\0' && name_problem(kept.name, strlen(kept.name)) != NULL) ||
        !terms_open(&kept, env_wall_ms(directory->env))) {
        return VERDICT_BAD_REQUEST;
    }
    if (directory->invite_count >= directory->invite_max) {
        return VERDICT_LIMIT;
    }
    env_random(directory->env, invite, INVITE_SIZE);
    invite_hash(hash, invite);
    rc = terms_write(directory, hash, &kept);
    if (rc != ERR_OK) {
        sodium_memzero(invite, INVITE_SIZE);
        return directory_unavailable(directory, "invite", rc);
    }
    directory->invite_count++;
    return VERDICT_OK;
}

int directory_invite_find(struct directory *directory, const uint8_t *invite, size_t size,
                          struct directory_open_invite *out, bool *found)
{
    uint8_t value[INVITE_VALUE_SIZE_MAX];
    size_t value_size;
    int rc;

    *found = false;
    if (invite == NULL || size != INVITE_SIZE) {
        return ERR_OK;
    }
    invite_hash(out->hash, invite);
    rc = store_read(directory->store, STORE_TABLE_INVITES, out->hash, sizeof(out->hash), value,
                    sizeof(value), &value_size);
    if (rc != ERR_OK || value_size == STORE_NONE) {
        return rc;
    }
    *found = terms_decode(&out->terms, value, value_size) &&
             terms_open(&out->terms, env_wall_ms(directory->env));
    return ERR_OK;
}

int directory_invite_use(struct directory *directory, const struct directory_open_invite *invite)
{
    struct directory_terms terms = invite->terms;

    terms.uses--;
    if (terms.uses == 0) {
        return store_remove(directory->store, STORE_TABLE_INVITES, invite->hash,
                            sizeof(invite->hash));
    }
    return terms_write(directory, invite->hash, &terms);
}

/* ---- what is over ---- */

/* Where a sweep of a table goes on: at its beginning again once it came to the end. */
static void sweep_restart(struct store_cursor *cursor)
{
    *cursor = store_cursor_from(cursor->table, NULL, 0);
}

static int sweep_invites(struct directory *d, uint64_t now_ms, uint32_t *removed)
{
    uint8_t value[INVITE_VALUE_SIZE_MAX];
    struct directory_terms terms;
    size_t size;

    for (int i = 0; i < DIRECTORY_SWEEP_COUNT; i++) {
        int rc = store_next(d->store, &d->sweep_invites, value, sizeof(value), &size);
        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            sweep_restart(&d->sweep_invites);
            break;
        }
        if (terms_decode(&terms, value, size) && terms_open(&terms, now_ms)) {
            continue;
        }
        rc = store_remove(d->store, STORE_TABLE_INVITES, d->sweep_invites.key,
                          d->sweep_invites.key_size);
        if (rc != ERR_OK) {
            return rc;
        }
        (*removed)++;
    }
    return ERR_OK;
}

/* The name at the cursor. One that was freed in 1970, before the clock was set, rests from now. */
static int name_sweep(struct directory *d, uint8_t value[KEY_SIZE + 8], size_t size,
                      uint64_t now_ms)
{
    const struct store_cursor *at = &d->sweep_names;
    struct rbuf r = rbuf_over(value, size);
    (void)rbuf_take(&r, KEY_SIZE);
    uint64_t freed_ms = rbuf_u64(&r);

    if (freed_ms != 0 && freed_ms < DIRECTORY_FREED_MS_MIN && now_ms >= DIRECTORY_FREED_MS_MIN) {
        be64_write(value + KEY_SIZE, now_ms);
        return store_write(d->store, STORE_TABLE_NAMES, at->key, at->key_size, value, size);
    }
    return directory_name_quarantine_over(freed_ms, now_ms)
               ? store_remove(d->store, STORE_TABLE_NAMES, at->key, at->key_size)
               : ERR_OK;
}

static int sweep_names(struct directory *d, uint64_t now_ms)
{
    uint8_t value[KEY_SIZE + 8];
    size_t size;

    for (int i = 0; i < DIRECTORY_SWEEP_COUNT; i++) {
        int rc = store_next(d->store, &d->sweep_names, value, sizeof(value), &size);
        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            sweep_restart(&d->sweep_names);
            break;
        }
        rc = name_sweep(d, value, size, now_ms);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* One who left need not be told about once no host can hold its admission any more. */
static int sweep_left(struct directory *d, uint64_t now_ms, uint32_t *removed)
{
    uint8_t value[RECORD_OTHER_SIGNED_SIZE_MAX];
    struct record_revocation revocation;
    uint8_t number[8];
    size_t size;

    for (int i = 0; i < DIRECTORY_SWEEP_COUNT; i++) {
        int rc = store_next(d->store, &d->sweep_revocations, value, sizeof(value), &size);
        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            sweep_restart(&d->sweep_revocations);
            break;
        }
        if (size <= SIGNATURE_SIZE ||
            record_revocation_decode(&revocation, value, size - SIGNATURE_SIZE) != ERR_OK ||
            revocation.reason != DIRECTORY_REASON_LEFT ||
            now_ms < revocation.header.created_ms + DIRECTORY_LEFT_MS) {
            continue;
        }
        struct wbuf w = wbuf_over(number, sizeof(number));
        wbuf_u64(&w, revocation.header.sequence);
        rc = store_remove(d->store, STORE_TABLE_CHANGES, number, sizeof(number));
        if (rc == ERR_OK) {
            rc = directory_revocation_remove(d, d->sweep_revocations.key);
        }
        if (rc != ERR_OK) {
            return rc;
        }
        (*removed)++;
    }
    return ERR_OK;
}

void directory_expire(struct directory *directory, uint64_t settled_ms)
{
    uint32_t invites = 0, left = 0;
    int rc = store_begin(directory->store);

    directory->settled_ms = settled_ms;
    if (rc == ERR_OK) {
        rc = sweep_invites(directory, settled_ms, &invites);
        if (rc == ERR_OK) {
            rc = sweep_names(directory, settled_ms);
        }
        if (rc == ERR_OK) {
            rc = sweep_left(directory, settled_ms, &left);
        }
        rc = directory_finish(directory, rc);
    }
    if (rc != ERR_OK) {
        (void)directory_unavailable(directory, "expire", rc);
        return;
    }
    directory->invite_count -= invites;
    directory->revoked_count -= left;
}
