/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A join is decided first, by what the directory has, and then written as one change. */
#include "rendezvous/directory/directory_join.h"

#include "proto/base/bytes.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/signed.h"
#include "rendezvous/directory/directory_admission.h"
#include "rendezvous/directory/directory_details.h"
#include "rendezvous/directory/directory_entry.h"
#include "rendezvous/directory/directory_internal.h"
#include "rendezvous/directory/directory_name.h"
#include "rendezvous/directory/directory_revoke.h"
#include "rendezvous/directory/directory_write.h"

#include <string.h>

/* One join: the request, and what is found out about it before anything is changed. */
struct joining {
    const struct directory_join *request;
    struct record_member part;     /* the request's, decoded */
    struct directory_entry before; /* what the directory has about the key */
    struct directory_details details;
    struct record_member part_before;
    bool has_part_before;
    bool returning;                      /* it is a member already; else a newcomer */
    struct directory_open_invite invite; /* a newcomer's */
    struct directory_entry replaced;     /* joined.replaced: whose name it gets */
    struct directory_joined joined;
};

/* Decode the member part. The key that the session proved must have signed it. */
static enum verdict part_check(const struct directory *d, struct joining *j)
{
    const struct directory_join *request = j->request;
    struct record_parts parts;

    if (request->member_part_size > RECORD_SIGNED_SIZE_MAX ||
        signed_open(&parts, RECORD_TYPE_MEMBER, request->member_part, request->member_part_size) !=
            ERR_OK ||
        record_member_decode(&j->part, parts.record, parts.record_size) != ERR_OK ||
        memcmp(j->part.header.key, request->key, KEY_SIZE) != 0) {
        return VERDICT_BAD_REQUEST;
    }
    return record_live(&j->part.header, env_wall_ms(d->env)) ? VERDICT_OK : VERDICT_CLOCK;
}

/* A newcomer needs an open invite. Who cannot join in any case is refused here, before a name is
 * looked for, which takes long. */
static enum verdict invite_check(struct directory *d, struct joining *j)
{
    static const uint8_t nobody[KEY_SIZE];
    const struct directory_join *request = j->request;
    bool has_invite = request->invite != NULL && request->invite_size > 0;
    bool found = false;
    int rc = ERR_OK;

    if (has_invite) {
        rc = directory_invite_find(d, request->invite, request->invite_size, &j->invite, &found);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "join", rc);
    }
    if (!found && request->granted == NULL) {
        return has_invite ? VERDICT_INVITE_INVALID : VERDICT_NOT_MEMBER;
    }
    if (!found) {
        j->invite = (struct directory_open_invite){.terms = *request->granted};
        j->joined.granted = true;
    }
    bool replaces = memcmp(j->invite.terms.replaces, nobody, KEY_SIZE) != 0;
    return j->request->unchanged_only || (d->member_count >= d->member_max && !replaces)
               ? VERDICT_LIMIT
               : VERDICT_OK;
}

/* What the node wants to be called: as it says now, else as its part says. */
static const char *wanted_of(const struct joining *j)
{
    const char *wanted = j->request->wanted_name;

    return wanted != NULL && wanted[0] != '\0' ? wanted : j->part.wanted_name;
}

/* Find a name and a place for a newcomer. If it gets those of another member, that one is loaded.
 */
static enum verdict place_find(struct directory *d, struct joining *j)
{
    struct directory_pick pick;
    int rc = directory_pick(d, j->request->key, &j->invite, wanted_of(j), &pick);

    if (rc == ERR_OK && pick.found && pick.takes) {
        j->joined.replaced = true;
        memcpy(j->joined.replaced_key, pick.taken, KEY_SIZE);
        rc = directory_load(d, pick.taken, &j->replaced);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "join", rc);
    }
    if (!j->joined.replaced && d->member_count >= d->member_max) {
        return VERDICT_LIMIT;
    }
    memcpy(j->joined.name, pick.name, sizeof(j->joined.name));
    return pick.found ? VERDICT_OK : VERDICT_NAME_TAKEN;
}

/* True if the member can get its former admission again. Who only reconnects must change nothing,
 * since every change is told to all members. An admission that ends later than a new one would was
 * made under a clock that was wrong; hosts refuse it, so it is made anew. One that ends with the
 * membership cannot become longer. */
static bool nothing_new(const struct directory *d, const struct joining *j)
{
    const struct directory_entry *before = &j->before;
    uint64_t now_ms = env_wall_ms(d->env);
    bool last = j->details.ends_ms != 0 && before->expires_ms == j->details.ends_ms;

    return j->returning && before->member_part_size == j->request->member_part_size &&
           memcmp(before->member_part, j->request->member_part, before->member_part_size) == 0 &&
           (last || before->expires_ms > now_ms + DIRECTORY_ADMISSION_MS / 2) &&
           before->expires_ms <= now_ms + DIRECTORY_ADMISSION_MS + RECORD_CLOCK_SKEW_MS;
}

/* Sign an admission for the name in j->joined. A member keeps its groups. */
static int admission_make(struct directory *d, struct joining *j, uint64_t sequence)
{
    struct record_admission admission = {0};
    struct record_admission former;

    if (!j->returning) {
        directory_groups_set(&admission, &j->invite.terms.groups);
    } else if (directory_entry_admission(&j->before, &former)) {
        memcpy(admission.groups, former.groups, sizeof(admission.groups));
        admission.groups_count = former.groups_count;
    }
    memcpy(admission.member_key, j->request->key, KEY_SIZE);
    memcpy(admission.granted_name, j->joined.name, sizeof(admission.granted_name));
    admission.expires_ms = directory_admission_end(d, j->details.ends_ms);
    j->joined.expires_ms = admission.expires_ms;
    return directory_admission_sign(d, &admission, sequence, j->joined.admission,
                                    &j->joined.admission_size);
}

/* Write all changes of one join. The invite is first: whatever a torn store keeps of the others,
   the invite is not used twice. */
static int join_write(struct directory *d, const struct joining *j, uint64_t sequence)
{
    const uint8_t *key = j->request->key;
    int rc = ERR_OK;

    if (!j->returning && !j->joined.granted) {
        rc = directory_invite_use(d, &j->invite);
    }
    if (rc == ERR_OK && j->joined.replaced) { /* before the name has its new holder */
        rc = directory_end(d, &j->replaced, DIRECTORY_REASON_LEFT, sequence - 1);
    }
    if (rc == ERR_OK && j->before.revocation_size > 0) {
        rc = directory_revocation_remove(d, key);
    }
    if (rc == ERR_OK) {
        rc = store_write(d->store, STORE_TABLE_MEMBERS, key, KEY_SIZE, j->request->member_part,
                         j->request->member_part_size);
    }
    if (rc == ERR_OK) {
        rc = store_write(d->store, STORE_TABLE_ADMISSIONS, key, KEY_SIZE, j->joined.admission,
                         j->joined.admission_size);
    }
    if (rc == ERR_OK && !j->returning) {
        rc = directory_details_write(d, key, &j->details);
    }
    if (rc == ERR_OK) {
        rc = directory_name_hold(d, j->joined.name, key);
    }
    if (rc == ERR_OK) {
        rc =
            directory_addresses_move(d, key, j->has_part_before ? &j->part_before : NULL, &j->part);
    }
    if (rc == ERR_OK) {
        rc = directory_mark(d, key, j->before.sequence, sequence);
    }
    return rc;
}

int directory_group_begin(struct directory *directory)
{
    struct directory *d = directory;
    int rc;

    CHECK(!d->grouped);
    rc = store_begin(d->store);
    d->grouped = rc == ERR_OK;
    d->group_sequence = d->sequence;
    d->group_member_count = d->member_count;
    d->group_revoked_count = d->revoked_count;
    d->group_invite_count = d->invite_count;
    return rc;
}

int directory_group_end(struct directory *directory, int rc)
{
    struct directory *d = directory;

    CHECK(d->grouped);
    d->grouped = false;
    rc = directory_finish(d, rc);
    if (rc != ERR_OK) {
        d->sequence = d->group_sequence;
        d->member_count = d->group_member_count;
        d->revoked_count = d->group_revoked_count;
        d->invite_count = d->group_invite_count;
    }
    return rc;
}

/* Inside a transaction: make and write one join. The next join of the group sees its changes. */
static int join_apply(struct directory *d, struct joining *j)
{
    uint64_t sequence = directory_sequence_next(d) + (j->joined.replaced ? 1 : 0); /* two changes */
    int rc = admission_make(d, j, sequence);

    if (rc == ERR_OK) {
        rc = join_write(d, j, sequence);
    }
    if (rc == ERR_OK) {
        d->sequence = sequence;
    }
    if (rc == ERR_OK && !j->returning) {
        d->member_count++;
        d->invite_count -= !j->joined.granted && j->invite.terms.uses == 1 ? 1 : 0;
        d->revoked_count -= j->before.revocation_size > 0 ? 1 : 0;
    }
    if (rc == ERR_OK && j->joined.replaced) {
        directory_end_count(d, &j->replaced);
    }
    return rc;
}

static enum verdict join_commit(struct directory *d, struct joining *j)
{
    bool alone = !d->grouped;
    int rc = alone ? directory_group_begin(d) : ERR_OK;

    if (rc == ERR_OK) {
        rc = join_apply(d, j);
        if (alone) {
            rc = directory_group_end(d, rc);
        }
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "join", rc);
    }
    if (!j->returning && !j->joined.granted) {
        (void)key_short(j->invite.hash, j->joined.invite_id);
    }
    j->joined.changed = true;
    return VERDICT_OK;
}

/* What is kept of a newcomer. */
static void details_begin(const struct directory *d, struct joining *j)
{
    const struct directory_terms *terms = &j->invite.terms;

    j->details = (struct directory_details){.joined_ms = env_wall_ms(d->env)};
    j->details.ends_ms = terms->ends_ms;
    memcpy(j->details.note, terms->note, sizeof(j->details.note));
}

/* Decide whether the node may join, and under which name. Changes nothing. */
static enum verdict join_decide(struct directory *d, struct joining *j)
{
    const uint8_t *key = j->request->key;
    enum verdict verdict = part_check(d, j);

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    int rc = directory_load(d, key, &j->before);
    if (rc == ERR_OK) {
        rc = directory_details_read(d, key, &j->details);
    }
    if (rc != ERR_OK) {
        return directory_unavailable(d, "join", rc);
    }
    if (directory_entry_is_revoked(&j->before)) {
        return VERDICT_REVOKED;
    }
    j->returning = directory_entry_is_member(&j->before);
    j->has_part_before = directory_entry_part(&j->before, &j->part_before);
    if (j->has_part_before && j->part.header.sequence < j->part_before.header.sequence) {
        return VERDICT_BAD_REQUEST;
    }
    if (j->returning) {
        memcpy(j->joined.name, j->before.name, sizeof(j->joined.name));
        return directory_is_ended(j->details.ends_ms, env_wall_ms(d->env)) ? VERDICT_ENDED
                                                                           : VERDICT_OK;
    }
    verdict = invite_check(d, j);
    details_begin(d, j);
    return verdict == VERDICT_OK ? place_find(d, j) : verdict;
}

enum verdict directory_join(struct directory *directory, const struct directory_join *join,
                            struct directory_joined *out)
{
    struct joining j = {.request = join};
    enum verdict verdict = join_decide(directory, &j);

    if (verdict != VERDICT_OK) {
        return verdict;
    }
    if (nothing_new(directory, &j)) {
        memcpy(j.joined.admission, j.before.admission, j.before.admission_size);
        j.joined.admission_size = j.before.admission_size;
        j.joined.expires_ms = j.before.expires_ms;
    } else if (join->unchanged_only) {
        return VERDICT_LIMIT;
    } else {
        verdict = join_commit(directory, &j);
        if (verdict != VERDICT_OK) {
            return verdict;
        }
    }
    j.joined.sequence = directory->sequence;
    j.joined.ends = j.details.ends_ms != 0 && j.details.ends_ms <= j.joined.expires_ms;
    int rc = directory_pick_why(directory, join->key, j.returning ? NULL : &j.invite, wanted_of(&j),
                                j.joined.name, &j.joined.why);
    if (rc != ERR_OK) { /* it is a member all the same */
        env_trace(directory->env, TRACE_LEVEL_WARN, "directory.failed", "what=why error=%s",
                  err_name(rc));
    }
    *out = j.joined;
    return VERDICT_OK;
}
