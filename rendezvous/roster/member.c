/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain from the ziglan's key to a member, link by link. */
#include "rendezvous/roster/member.h"

#include "proto/crypto/signed.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"

#include <string.h>

/* Put together what a member part and its admission say; ERR_DROP if they do not fit. */
static int member_compose(struct member *out, const uint8_t ziglan_key[KEY_SIZE],
                          const struct record_member *part,
                          const struct record_admission *admission)
{
    if (memcmp(admission->ziglan_key, ziglan_key, KEY_SIZE) != 0 ||
        memcmp(admission->member_key, part->header.key, KEY_SIZE) != 0 ||
        name_problem(admission->granted_name, strlen(admission->granted_name)) != NULL) {
        return ERR_DROP;
    }
    memset(out, 0, sizeof(*out));
    memcpy(out->key, part->header.key, KEY_SIZE);
    memcpy(out->name, admission->granted_name, sizeof(out->name));
    out->sequence = admission->header.sequence;
    out->part_sequence = part->header.sequence;
    out->expires_ms = admission->expires_ms;
    out->relay_count = (uint8_t)part->relays_count;
    memcpy(out->relays, part->relays, sizeof(out->relays));
    out->eui64_count = (uint8_t)part->fixed_count;
    memcpy(out->eui64s, part->fixed, sizeof(out->eui64s));
    out->group_count = (uint8_t)admission->groups_count;
    memcpy(out->groups, admission->groups, sizeof(out->groups));
    return ERR_OK;
}

static int revocation_verify(struct member *out, const struct record_delegation *delegation,
                             struct member_bytes revocation)
{
    struct record_revocation record;
    struct record_parts parts;

    if (signed_open(&parts, RECORD_TYPE_REVOCATION, revocation.data, revocation.size) != ERR_OK ||
        record_revocation_decode(&record, parts.record, parts.record_size) != ERR_OK ||
        memcmp(record.header.key, delegation->entry_key, KEY_SIZE) != 0 ||
        memcmp(record.ziglan_key, delegation->header.key, KEY_SIZE) != 0 ||
        (delegation->rights & RECORD_RIGHT_REVOKE_FLAG) == 0) {
        return ERR_DROP;
    }
    memset(out, 0, sizeof(*out));
    memcpy(out->key, record.member_key, KEY_SIZE);
    out->sequence = record.header.sequence;
    out->revoked = true;
    return ERR_OK;
}

int member_verify(struct member *out, const struct record_delegation *delegation,
                  struct member_bytes part, struct member_bytes admission,
                  struct member_bytes revocation, uint64_t now_ms)
{
    struct record_member part_record;
    struct record_admission admission_record;
    struct record_parts part_parts, admission_parts;

    /* delegation_verify has found that the delegation is live. Only its end is checked again here:
     * if its beginning were, too, a clock that was set back since would make us deaf to
     * revocations. */
    if (!record_unexpired(delegation->expires_ms, now_ms)) {
        return ERR_DROP;
    }
    if (revocation.size > 0) {
        return revocation_verify(out, delegation, revocation);
    }
    if (signed_open(&part_parts, RECORD_TYPE_MEMBER, part.data, part.size) != ERR_OK ||
        signed_open(&admission_parts, RECORD_TYPE_ADMISSION, admission.data, admission.size) !=
            ERR_OK ||
        record_member_decode(&part_record, part_parts.record, part_parts.record_size) != ERR_OK ||
        record_admission_decode(&admission_record, admission_parts.record,
                                admission_parts.record_size) != ERR_OK) {
        return ERR_DROP;
    }
    if (memcmp(admission_record.header.key, delegation->entry_key, KEY_SIZE) != 0 ||
        (delegation->rights & RECORD_RIGHT_ADMIT_FLAG) == 0 ||
        !record_live(&admission_record.header, now_ms) ||
        !record_unexpired(admission_record.expires_ms, now_ms)) {
        return ERR_DROP;
    }
    return member_compose(out, delegation->header.key, &part_record, &admission_record);
}

int member_decode(struct member *out, const uint8_t ziglan_key[KEY_SIZE], struct member_bytes part,
                  struct member_bytes admission)
{
    struct record_member part_record;
    struct record_admission admission_record;
    struct record_parts part_parts, admission_parts;

    if (record_split(&part_parts, part.data, part.size) != ERR_OK ||
        record_split(&admission_parts, admission.data, admission.size) != ERR_OK ||
        record_member_decode(&part_record, part_parts.record, part_parts.record_size) != ERR_OK ||
        record_admission_decode(&admission_record, admission_parts.record,
                                admission_parts.record_size) != ERR_OK) {
        return ERR_DROP;
    }
    return member_compose(out, ziglan_key, &part_record, &admission_record);
}
