/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each is one transaction; what all see is signed anew, and is a change for those who watch. */
#include "rendezvous/directory/directory_adjust.h"

#include "rendezvous/directory/directory_admission.h"
#include "rendezvous/directory/directory_details.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_write.h"

#include <stdio.h>

/* A member, and what the store has about it. */
struct subject {
    struct directory_entry entry;
    struct directory_details details;
    struct record_admission admission;
};

/* VERDICT_OK if the key is a member's. */
static enum verdict subject_load(struct directory *d, const uint8_t key[KEY_SIZE],
                                 struct subject *out)
{
    int rc = directory_load(d, key, &out->entry);

    if (rc == ERR_OK) {
        rc = directory_details_read(d, key, &out->details);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "adjust", rc);
    }
    return directory_entry_is_member(&out->entry) &&
                   directory_entry_admission(&out->entry, &out->admission)
               ? VERDICT_OK
               : VERDICT_NOT_FOUND;
}

/* One transaction: the details, and the admission if it is to be signed anew. */
static enum verdict subject_save(struct directory *d, struct subject *subject, bool sign)
{
    uint64_t sequence = directory_sequence_next(d);
    int rc = store_begin(d->store);

    if (rc == ERR_OK) {
        rc = directory_details_write(d, subject->entry.key, &subject->details);
        if (rc == ERR_OK && sign) {
            rc = directory_admission_replace(d, &subject->entry, &subject->admission, sequence);
        }
        rc = directory_finish(d, rc);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "adjust", rc);
    }
    d->sequence = sign ? sequence : d->sequence;
    return VERDICT_OK;
}

enum verdict directory_set_end(struct directory *directory, const uint8_t key[KEY_SIZE],
                               uint64_t ends_ms)
{
    struct subject subject;
    enum verdict verdict = subject_load(directory, key, &subject);

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (directory_is_ended(ends_ms, env_wall_ms(directory->env))) {
        return VERDICT_BAD_REQUEST;
    }
    subject.details.ends_ms = ends_ms;
    subject.admission.expires_ms = directory_admission_end(directory, ends_ms);
    return subject_save(directory, &subject, true);
}

enum verdict directory_set_groups(struct directory *directory, const uint8_t key[KEY_SIZE],
                                  const struct directory_groups *groups)
{
    struct subject subject;
    enum verdict verdict = subject_load(directory, key, &subject);

    if (verdict == VERDICT_OK) {
        directory_groups_set(&subject.admission, groups);
        verdict = subject_save(directory, &subject, true);
    }
    return verdict;
}

enum verdict directory_set_note(struct directory *directory, const uint8_t key[KEY_SIZE],
                                const char *note)
{
    struct subject subject;
    enum verdict verdict = subject_load(directory, key, &subject);

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (!directory_note_is(note)) {
        return VERDICT_BAD_REQUEST;
    }
    (void)snprintf(subject.details.note, sizeof(subject.details.note), "%s", note);
    return subject_save(directory, &subject, false);
}
