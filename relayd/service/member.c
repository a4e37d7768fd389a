/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the directory and the session table know of a member, put together. */
#include "relayd/service/member.h"

#include <stdio.h>

const struct relay_client *member_session(const struct relay_base *base,
                                          const uint8_t key[KEY_SIZE])
{
    const struct relay_client *client = session_table_of_key(&base->sessions, key);

    return client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER ? client : NULL;
}

void member_fill_online(const struct relay_base *base, Ziglan__Member *out,
                        const uint8_t key[KEY_SIZE])
{
    const struct relay_client *client = member_session(base, key);

    out->online = client != NULL;
    out->session = client != NULL ? client->told_session : 0;
}

void member_fill(const struct relay_base *base, Ziglan__Member *out,
                 const struct directory_entry *row)
{
    out->member_part = control_bytes(row->member_part, row->member_part_size);
    out->admission = control_bytes(row->admission, row->admission_size);
    out->revocation = control_bytes(row->revocation, row->revocation_size);
    out->sequence = row->sequence;
    member_fill_online(base, out, row->key);
}

struct member_label member_label(const struct relay_base *base, const uint8_t key[KEY_SIZE])
{
    struct directory_entry row;
    bool known =
        base->directory != NULL && directory_find_key(base->directory, key, &row) == VERDICT_OK;
    struct member_label label;

    (void)key_short(key, label.peer);
    (void)snprintf(label.name, sizeof(label.name), "%s",
                   known && row.name[0] != '\0' ? row.name : "-");
    return label;
}
