/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The admission is signed anew with the new name; everything else about the member stays. */
#include "rendezvous/directory/directory_rename.h"

#include "proto/wire/name.h"
#include "rendezvous/directory/directory_admission.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

/* Inside a transaction. The former name comes last: a torn store rather has it held by nobody. */
static int rename_write(struct directory *d, const struct directory_entry *entry, const char *name,
                        uint64_t sequence)
{
    struct record_admission admission;
    int rc = ERR_DROP;

    if (directory_entry_admission(entry, &admission)) {
        memset(admission.granted_name, 0, sizeof(admission.granted_name));
        memcpy(admission.granted_name, name, strlen(name));
        rc = directory_admission_replace(d, entry, &admission, sequence);
    }
    if (rc == ERR_OK) {
        rc = directory_name_hold(d, name, entry->key);
    }
    return rc == ERR_OK ? directory_name_free(d, entry->name, entry->key) : rc;
}

enum verdict directory_rename(struct directory *directory, const uint8_t key[KEY_SIZE],
                              const char *name, uint8_t holder[KEY_SIZE])
{
    struct directory *d = directory;
    struct directory_name found = {0};
    struct directory_entry entry;
    uint64_t sequence = directory_sequence_next(d);
    int rc;

    if (name_problem(name, strlen(name)) != NULL) {
        return VERDICT_BAD_REQUEST;
    }
    rc = directory_load(d, key, &entry);
    if (rc == ERR_OK && !directory_entry_is_member(&entry)) {
        return VERDICT_NOT_FOUND;
    }
    if (rc == ERR_OK && strcmp(entry.name, name) == 0) {
        return VERDICT_OK;
    }
    if (rc == ERR_OK) {
        rc = directory_name_read(d, name, &found);
    }
    if (rc == ERR_OK && found.found && found.freed_ms == 0) {
        memcpy(holder, found.key, KEY_SIZE);
        return VERDICT_NAME_TAKEN;
    }
    if (rc == ERR_OK) {
        rc = store_begin(d->store);
    }
    if (rc == ERR_OK) {
        rc = directory_finish(d, rename_write(d, &entry, name, sequence));
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "rename", rc);
    }
    d->sequence = sequence;
    return VERDICT_OK;
}
