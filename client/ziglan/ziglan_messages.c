/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Control messages of the ziglan group that a host sends. */
#include "client/ziglan/ziglan_messages.h"

#include "proto/crypto/signed.h"
#include "proto/wire/control.h"

#include <stdio.h>
#include <string.h>

enum {
    MEMBER_PART_LIFETIME_S = 30 * 24 * 3600,
    MEMBER_PART_RENEW_MS = 15 * 24 * 3600 * 1000, /* signed anew when so old */
};

const char *ziglan_wanted_name(const struct ziglan *ziglan)
{
    return ziglan->record.wanted[0] != '\0' ? ziglan->record.wanted : ziglan->context->wanted_name;
}

/* The part signed last, decoded. False if there is none. */
static bool last_part(const struct ziglan_record *record, struct record_member *out)
{
    return record->part_size > SIGNATURE_SIZE &&
           record_member_decode(out, record->part, record->part_size - SIGNATURE_SIZE) == ERR_OK;
}

/* True if the last part says the same as this one, and is not old. */
static bool still_true(const struct record_member *last, const struct record_member *part)
{
    uint64_t wall_ms = part->header.created_ms;

    return last->relays_count == 1 && memcmp(last->relays[0], part->relays[0], KEY_SIZE) == 0 &&
           strcmp(last->wanted_name, part->wanted_name) == 0 &&
           last->fixed_count == part->fixed_count &&
           memcmp(last->fixed, part->fixed, sizeof(part->fixed)) == 0 &&
           last->header.created_ms <= wall_ms &&
           wall_ms - last->header.created_ms < MEMBER_PART_RENEW_MS;
}

/* The relay at which others find us: the entry point. Until that was reached, the one that the last
 * part names; without one, the relay that is asked. */
static const uint8_t *own_relay(const struct ziglan *ziglan, const struct relay_session *asked,
                                const struct record_member *last)
{
    static const uint8_t none[KEY_SIZE];

    if (memcmp(ziglan->entry_point->relay_key, none, KEY_SIZE) != 0) {
        return ziglan->entry_point->relay_key;
    }
    return last->relays_count == 1 ? last->relays[0] : asked->relay_key;
}

/* Make the member part that a Join brings. The same bytes as before stay while they are true,
 * because a part that changed is broadcast to all who watch. */
static int renew_member_part(struct ziglan *ziglan, const struct relay_session *asked)
{
    const struct ziglan_context *context = ziglan->context;
    struct ziglan_record *record = &ziglan->record;
    uint8_t bytes[RECORD_MEMBER_SIZE_MAX];
    size_t bytes_size;
    uint64_t wall_ms = env_wall_ms(context->env);
    struct record_member last = {0};
    bool known = last_part(record, &last);
    uint64_t after_last = known ? last.header.sequence + 1 : 0;
    struct record_member part = {
        .header = {.sequence = wall_ms > after_last ? wall_ms : after_last,
                   .created_ms = wall_ms,
                   .lifetime_s = MEMBER_PART_LIFETIME_S},
        .relays_count = 1,
        .fixed_count = context->fixed_count,
    };

    memcpy(part.header.key, context->identity->public_key, KEY_SIZE);
    memcpy(part.relays[0], own_relay(ziglan, asked, &last), KEY_SIZE);
    memcpy(part.fixed, context->fixed, context->fixed_count * sizeof(part.fixed[0]));
    (void)snprintf(part.wanted_name, sizeof(part.wanted_name), "%s", ziglan_wanted_name(ziglan));
    if (known && still_true(&last, &part)) {
        return ERR_OK;
    }
    int rc = record_member_encode(bytes, &bytes_size, &part);
    if (rc != ERR_OK) {
        return rc;
    }
    return signed_make(record->part, sizeof(record->part), &record->part_size, context->identity,
                       bytes, bytes_size);
}

bool ziglan_send_join(struct ziglan *ziglan, struct relay_session *relay, const uint8_t *invite)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char wanted[NAME_TEXT_SIZE];

    if (renew_member_part(ziglan, relay) != ERR_OK) {
        env_trace(ziglan->context->env, TRACE_LEVEL_ERROR, "ziglan.join",
                  "no member part could be made");
        return false;
    }
    (void)snprintf(wanted, sizeof(wanted), "%s", ziglan_wanted_name(ziglan));
    join.member_part = control_bytes(ziglan->record.part, ziglan->record.part_size);
    join.wanted_name = wanted;
    if (invite != NULL) {
        join.invite = control_bytes(invite, INVITE_SIZE);
    }
    message.request_id = ZIGLAN_REQUEST_JOIN;
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &join;
    return relay_session_send(relay, &message);
}

bool ziglan_send_watch(struct ziglan *ziglan)
{
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    watch.since = roster_sequence(ziglan->roster);
    watch.all = true;
    message.request_id = ZIGLAN_REQUEST_WATCH;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    return relay_session_send(ziglan->entry_point, &message);
}

static bool send_lookup(struct ziglan *ziglan, Ziglan__Lookup *lookup)
{
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.request_id = ZIGLAN_REQUEST_LOOKUP;
    message.body_case = ZIGLAN__CONTROL__BODY_LOOKUP;
    message.lookup = lookup;
    return relay_session_send(ziglan->entry_point, &message);
}

bool ziglan_send_lookup_key(struct ziglan *ziglan, const uint8_t key[KEY_SIZE])
{
    Ziglan__Lookup lookup = ZIGLAN__LOOKUP__INIT;

    lookup.key = control_bytes(key, KEY_SIZE);
    return send_lookup(ziglan, &lookup);
}

bool ziglan_send_lookup_address(struct ziglan *ziglan, const uint8_t ip6[16])
{
    Ziglan__Lookup lookup = ZIGLAN__LOOKUP__INIT;

    lookup.address = control_bytes(ip6, 16);
    return send_lookup(ziglan, &lookup);
}

bool ziglan_send_leave(struct relay_session *entry_point)
{
    Ziglan__Leave leave = ZIGLAN__LEAVE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.request_id = ZIGLAN_REQUEST_LEAVE;
    message.body_case = ZIGLAN__CONTROL__BODY_LEAVE;
    message.leave = &leave;
    return relay_session_send(entry_point, &message);
}
