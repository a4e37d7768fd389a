/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory as a whole: opening, closing, counting. */
#include "rendezvous/directory/directory.h"

#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_repair.h"
#include "rendezvous/directory/directory_write.h"

#include <stdlib.h>
#include <string.h>

int directory_new(struct directory **out, const struct directory_config *cfg)
{
    struct directory *d = calloc(1, sizeof(*d));
    int rc;

    *out = NULL;
    if (d == NULL) {
        return ERR_NOMEM;
    }
    d->store = cfg->store;
    d->env = cfg->env;
    d->identity = cfg->identity;
    memcpy(d->ziglan_key, cfg->ziglan_key, KEY_SIZE);
    d->member_max = cfg->member_max != 0 ? cfg->member_max : DIRECTORY_MEMBER_COUNT_MAX;
    d->invite_max = cfg->invite_max != 0 ? cfg->invite_max : DIRECTORY_INVITE_COUNT_MAX;
    d->sweep_invites = store_cursor_from(STORE_TABLE_INVITES, NULL, 0);
    d->sweep_names = store_cursor_from(STORE_TABLE_NAMES, NULL, 0);
    d->sweep_revocations = store_cursor_from(STORE_TABLE_REVOCATIONS, NULL, 0);
    rc = directory_sequence_load(d);
    if (rc == ERR_OK) {
        rc = directory_repair(d);
    }
    if (rc != ERR_OK) {
        free(d);
        return rc;
    }
    *out = d;
    return ERR_OK;
}

void directory_free(struct directory *directory)
{
    free(directory);
}

uint64_t directory_sequence(const struct directory *directory)
{
    return directory->sequence;
}

uint32_t directory_member_count(const struct directory *directory)
{
    return directory->member_count;
}

uint32_t directory_revoked_count(const struct directory *directory)
{
    return directory->revoked_count;
}

uint32_t directory_invite_count(const struct directory *directory)
{
    return directory->invite_count;
}
