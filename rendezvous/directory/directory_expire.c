/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sweeps over three tables. Each goes on where it ended the last time. A damaged value may have any
 * size, and is read all the same: a row that cannot be read would hold up its sweep for ever.
 */
#include "rendezvous/directory/directory_expire.h"

#include "proto/base/wbuf.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_invite.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_write.h"

enum { SWEEP_COUNT = 256 /* keys that one directory_expire looks at, per table */ };

/* A sweep that came to the end of its table begins anew. */
static void sweep_restart(struct store_cursor *cursor)
{
    *cursor = store_cursor_from(cursor->table, NULL, 0);
}

static int sweep_invites(struct directory *d, uint64_t now_ms, uint32_t *removed)
{
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    for (int i = 0; i < SWEEP_COUNT; i++) {
        int rc = store_next(d->store, &d->sweep_invites, value, sizeof(value), &size);
        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            sweep_restart(&d->sweep_invites);
            break;
        }
        if (directory_invite_open(value, size, now_ms)) {
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

static int sweep_names(struct directory *d, uint64_t now_ms)
{
    const struct store_cursor *at = &d->sweep_names;
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    for (int i = 0; i < SWEEP_COUNT; i++) {
        int rc = store_next(d->store, &d->sweep_names, value, sizeof(value), &size);
        if (rc != ERR_OK) {
            return rc;
        }
        if (size == STORE_NONE) {
            sweep_restart(&d->sweep_names);
            break;
        }
        rc = directory_name_expire(d, (const char *)at->key, at->key_size, value, size, now_ms);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return ERR_OK;
}

/* The revocation of one who left is not needed once no host can believe the admission any more. */
static int sweep_left(struct directory *d, uint64_t now_ms, uint32_t *removed)
{
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct record_revocation revocation;
    uint8_t number[8];
    size_t size;

    for (int i = 0; i < SWEEP_COUNT; i++) {
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
            now_ms < revocation.header.created_ms + RECORD_REVOCATION_MS) {
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
