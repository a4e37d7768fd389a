/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Announcements as messages to relays. */
#include "relayd/service/announcing.h"

#include <string.h>

bool announcing_is_here(const struct relay_base *base, const uint8_t key[KEY_SIZE])
{
    const struct relay_client *client = session_table_of_key(&base->sessions, key);

    if (base->directory != NULL && memcmp(key, base->ziglan_key, KEY_SIZE) == 0) {
        return true;
    }
    return client != NULL && (client->state == RELAY_CLIENT_STATE_MEMBER || base->cfg.open_relay);
}

/* Tell a record to the keepers of its key. False if one of them could not be told. */
static bool announcement_send(struct relay_base *base, const struct announcement *announcement,
                              struct mono now)
{
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];
    size_t size = presence_record_write(&announcement->record, bytes);
    Ziglan__Announce body = ZIGLAN__ANNOUNCE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    bool told = true;

    body.record = control_bytes(bytes, size);
    message.body_case = ZIGLAN__CONTROL__BODY_ANNOUNCE;
    message.announce = &body;
    for (size_t i = 0; i < announcement->count; i++) {
        told = neighbour_send_brief(&base->neighbours, announcement->keepers[i], &message, now) ==
                   ERR_OK &&
               told;
    }
    return told;
}

/* True if others know where this relay is: what it announces would lead nowhere otherwise. */
static bool is_known(const struct relay_base *base, const struct mesh *mesh)
{
    struct node_found found;

    return mesh == NULL || mesh_find(mesh, base->cfg.identity->public_key, &found);
}

void announcing_send(struct relay_base *base, struct presence_seats *seats,
                     struct announcer *announcer, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(&base->env);
    struct announcement announcement;

    if (mono_due(announcer_deadline(announcer), now)) {
        presence_seats_keep(seats, now);
    }
    while (announcer_next(announcer, seats->hrw, seats->unreached, wall_ms, now, &announcement)) {
        if (!announcing_is_here(base, announcement.record.key) || !is_known(base, seats->mesh) ||
            !announcement_send(base, &announcement, now)) {
            announcer_retry(announcer, announcement.record.key, now);
        }
    }
}
