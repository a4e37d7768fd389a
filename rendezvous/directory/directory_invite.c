/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hashes invites, and encodes and decodes their terms for the store. */
#include "rendezvous/directory/directory_invite.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/identity.h"
#include "proto/wire/name.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_write.h"

#include <sodium.h>
#include <string.h>

static const char invite_label[] = "ziglan invite 1";

static void invite_hash(uint8_t hash[DIRECTORY_INVITE_HASH_SIZE], const uint8_t invite[INVITE_SIZE])
{
    crypto_generichash_state state;

    /* These fail only for sizes out of range. Ours are in range. */
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
    uint8_t value[DIRECTORY_INVITE_VALUE_SIZE_MAX];
    struct wbuf w = wbuf_over(value, sizeof(value));
    size_t name_size = strlen(terms->name);

    wbuf_u32(&w, terms->uses);
    wbuf_u64(&w, terms->expires_ms);
    wbuf_u8(&w, (uint8_t)name_size);
    wbuf_put(&w, terms->name, name_size);
    wbuf_u64(&w, terms->made_ms);
    wbuf_u32(&w, terms->uses_at_first);
    wbuf_put(&w, terms->replaces, KEY_SIZE);
    directory_note_write(&w, terms->note);
    directory_groups_write(&w, &terms->groups);
    wbuf_u64(&w, terms->ends_ms);
    return store_write(d->store, STORE_TABLE_INVITES, hash, DIRECTORY_INVITE_HASH_SIZE, value,
                       wbuf_size(&w));
}

/* False for a value that we never wrote. Older versions wrote nothing behind the name, then
 * nothing behind `replaces`. */
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
        terms.made_ms = rbuf_u64(&r);
        terms.uses_at_first = rbuf_u32(&r);
        rbuf_copy(&r, terms.replaces, KEY_SIZE);
    }
    if (!rbuf_done(&r)) {
        directory_note_read(&r, terms.note);
        directory_groups_read(&r, &terms.groups);
        terms.ends_ms = rbuf_u64(&r);
    }
    if (!rbuf_done(&r)) {
        return false;
    }
    *out = terms;
    return true;
}

static bool terms_open(const struct directory_terms *terms, uint64_t now_ms)
{
    return terms->uses > 0 && (terms->expires_ms == 0 || terms->expires_ms > now_ms) &&
           (terms->ends_ms == 0 || terms->ends_ms > now_ms);
}

/* The member that has the name which the invite grants is to make room for who joins with it. */
static int replaces_find(struct directory *d, struct directory_terms *terms)
{
    struct directory_name holder = {0};
    int rc = terms->name[0] != '\0' ? directory_name_read(d, terms->name, &holder) : ERR_OK;

    memset(terms->replaces, 0, KEY_SIZE);
    if (rc == ERR_OK && holder.found && holder.freed_ms == 0) {
        memcpy(terms->replaces, holder.key, KEY_SIZE);
    }
    return rc;
}

enum verdict directory_invite(struct directory *directory, struct directory_terms *terms,
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
        memchr(kept.note, '\0', sizeof(kept.note)) == NULL || !directory_note_is(kept.note) ||
        !terms_open(&kept, env_wall_ms(directory->env))) {
        return VERDICT_BAD_REQUEST;
    }
    if (directory->invite_count >= directory->invite_max) {
        return VERDICT_LIMIT;
    }
    env_random(directory->env, invite, INVITE_SIZE);
    invite_hash(hash, invite);
    kept.made_ms = env_wall_ms(directory->env);
    kept.uses_at_first = kept.uses;
    rc = replaces_find(directory, &kept);
    if (rc == ERR_OK) {
        rc = terms_write(directory, hash, &kept);
    }
    if (rc != ERR_OK) {
        sodium_memzero(invite, INVITE_SIZE);
        return directory_unavailable(directory, "invite", rc);
    }
    directory->invite_count++;
    *terms = kept;
    return VERDICT_OK;
}

/* ---- the listing ---- */

enum verdict directory_invite_next(struct directory *directory,
                                   uint8_t at[DIRECTORY_INVITE_HASH_SIZE],
                                   struct directory_invite_row *out)
{
    struct store_cursor cursor =
        store_cursor_from(STORE_TABLE_INVITES, at, DIRECTORY_INVITE_HASH_SIZE);
    uint64_t now_ms = env_wall_ms(directory->env);
    uint8_t value[DIRECTORY_INVITE_VALUE_SIZE_MAX];
    size_t size;

    cursor.started = true; /* go on behind `at` */
    for (;;) {
        int rc = store_next(directory->store, &cursor, value, sizeof(value), &size);
        if (rc != ERR_OK) {
            return directory_unavailable(directory, "invites", rc);
        }
        if (size == STORE_NONE) {
            return VERDICT_NOT_FOUND;
        }
        if (cursor.key_size == DIRECTORY_INVITE_HASH_SIZE &&
            terms_decode(&out->terms, value, size) && terms_open(&out->terms, now_ms)) {
            memcpy(at, cursor.key, DIRECTORY_INVITE_HASH_SIZE);
            (void)key_short(at, out->id); /* a hash is as long as a key */
            return VERDICT_OK;
        }
    }
}

int directory_invite_reserves(struct directory *directory, const char *name, bool *reserved)
{
    uint8_t hash[DIRECTORY_INVITE_HASH_SIZE] = {0};
    struct directory_invite_row row;
    enum verdict verdict;

    *reserved = false;
    do {
        verdict = directory_invite_next(directory, hash, &row);
        *reserved = verdict == VERDICT_OK && strcmp(row.terms.name, name) == 0;
    } while (verdict == VERDICT_OK && !*reserved);
    return verdict == VERDICT_UNAVAILABLE ? ERR_SYSTEM : ERR_OK;
}

enum verdict directory_uninvite(struct directory *directory, const char *id)
{
    uint8_t hash[DIRECTORY_INVITE_HASH_SIZE] = {0};
    struct directory_invite_row row;
    enum verdict verdict = directory_invite_next(directory, hash, &row);

    while (verdict == VERDICT_OK && strcmp(row.id, id) != 0) {
        verdict = directory_invite_next(directory, hash, &row);
    }
    if (verdict != VERDICT_OK) {
        return verdict;
    }
    int rc = store_remove(directory->store, STORE_TABLE_INVITES, hash, sizeof(hash));
    if (rc != ERR_OK) {
        return directory_unavailable(directory, "uninvite", rc);
    }
    directory->invite_count--;
    return VERDICT_OK;
}

/* ---- using one ---- */

int directory_invite_find(struct directory *directory, const uint8_t *invite, size_t size,
                          struct directory_open_invite *out, bool *found)
{
    uint8_t value[DIRECTORY_INVITE_VALUE_SIZE_MAX];
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

bool directory_invite_open(const uint8_t *value, size_t size, uint64_t now_ms)
{
    struct directory_terms terms;

    return terms_decode(&terms, value, size) && terms_open(&terms, now_ms);
}
