/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay that does not know these words, or has no room, goes on as it does without them; the log
 * says so (relay.refused). Blocked keys are refused here, too. */
#include "client/core/telling.h"

#include "client/core/core_internal.h"

#include <string.h>

static bool tell_block(struct relay_session *relay, const uint8_t key[KEY_SIZE], bool blocked)
{
    Ziglan__Block block = ZIGLAN__BLOCK__INIT;
    Ziglan__Unblock unblock = ZIGLAN__UNBLOCK__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (blocked) {
        block.key = control_bytes(key, KEY_SIZE);
        message.body_case = ZIGLAN__CONTROL__BODY_BLOCK;
        message.block = &block;
    } else {
        unblock.key = control_bytes(key, KEY_SIZE);
        message.body_case = ZIGLAN__CONTROL__BODY_UNBLOCK;
        message.unblock = &unblock;
    }
    message.request_id = TELLING_REQUEST_ID;
    return relay_session_send(relay, &message);
}

static bool tell_way(struct relay_session *relay, const struct contact *contact)
{
    ProtobufCBinaryData keys[CONTACT_VIA_MAX];
    Ziglan__Via via = ZIGLAN__VIA__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    for (size_t i = 0; i < contact->via_count; i++) {
        /* Where frames are anyhow they need not be sent. */
        if (memcmp(contact->via[i], relay->relay_key, KEY_SIZE) != 0) {
            keys[via.n_relays++] = control_bytes(contact->via[i], KEY_SIZE);
        }
    }
    via.dst = control_bytes(contact->key, KEY_SIZE);
    via.relays = keys;
    message.body_case = ZIGLAN__CONTROL__BODY_VIA;
    message.via = &via;
    message.request_id = TELLING_REQUEST_ID;
    return relay_session_send(relay, &message);
}

/* The nth contact with a way, from 0; or NULL. */
static const struct contact *way_at(const struct host_core *core, size_t n)
{
    const struct contact *contact;

    TAILQ_FOREACH(contact, &core->contacts.list, in_list)
    {
        if (contact->via_count > 0 && n-- == 0) {
            return contact;
        }
    }
    return NULL;
}

/* The next word: true if it was said. *over: there is none. */
static bool tell_next(const struct host_core *core, struct relay_session *relay, bool *over)
{
    size_t at = relay->telling.next;
    const struct contact *contact;

    *over = false;
    if (at < core->blocks.count) {
        return tell_block(relay, core->blocks.keys[at], true);
    }
    at -= core->blocks.count;
    contact = at < TELLING_WAYS_MAX ? way_at(core, at) : NULL;
    *over = contact == NULL;
    return contact != NULL && tell_way(relay, contact);
}

void telling_begin(struct relay_session *relay, struct mono now)
{
    relay->telling = (struct relay_telling){.at = now};
}

static bool is_told(const struct relay_session *relay)
{
    return relay->telling.at.ns == MONO_NEVER.ns;
}

/* One who is still being told may have passed the place that changed. */
static void begin_again(struct relay_session *relay)
{
    relay->telling.next = 0;
}

static bool is_heard(const struct relay_session *relay)
{
    return relay->open && relay_session_is_used(relay);
}

void telling_on_block(struct host_core *core, const uint8_t key[KEY_SIZE], bool blocked,
                      struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (!is_heard(relay)) {
            continue;
        }
        if (!is_told(relay)) {
            begin_again(relay);
        }
        if (!tell_block(relay, key, blocked) && blocked) {
            telling_begin(relay, now);
        }
    }
}

void telling_on_way(struct host_core *core, const struct contact *contact, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (is_heard(relay) && contact->via_count == 0) {
            (void)tell_way(relay, contact);
        } else if (is_heard(relay)) {
            telling_begin(relay, now);
        }
    }
}

static void tell(const struct host_core *core, struct relay_session *relay, struct mono now)
{
    int words = relay->telling.next == 0 ? TELLING_FIRST : TELLING_NEXT;
    bool over = false;

    while (words-- > 0 && tell_next(core, relay, &over)) {
        relay->telling.next++;
    }
    relay->telling.at = over ? MONO_NEVER : mono_add_ms(now, TELLING_EVERY_MS);
}

void telling_expire(struct host_core *core, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (is_heard(relay) && mono_due(relay->telling.at, now)) {
            tell(core, relay, now);
        }
    }
}

struct mono telling_deadline(const struct host_core *core)
{
    const struct relay_session *relay;
    struct mono at = MONO_NEVER;

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        at = is_heard(relay) ? mono_min(at, relay->telling.at) : at;
    }
    return at;
}
