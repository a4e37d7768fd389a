/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joins. Each that changes the directory must be on the disk before it is answered, and that wait
 * is long: 8 ms or more, in which nothing is forwarded. So the joins of one turn wait for each
 * other, and are one transaction. They are carried out before anything else that asks or changes
 * the directory by a message, so nobody can tell, except by the time.
 */
#include "relayd/core/core_internal.h"

#include <string.h>

/* What changes the directory is news for all who watch and a write to the disk, so it is counted;
 * most joins only renew a session and change nothing. */
static enum verdict join_within_limits(struct relay_core *core, struct join_waiting *w,
                                       struct mono now)
{
    struct directory_join join = {
        .key = w->key,
        .invite = w->invite_size > 0 ? w->invite : NULL,
        .invite_size = w->invite_size,
        .wanted_name = w->wanted_name,
        .member_part = w->part,
        .member_part_size = w->part_size,
        .unchanged_only = true,
    };
    enum verdict verdict = directory_join(core->directory, &join, &w->joined);

    if (verdict != VERDICT_LIMIT) {
        return verdict;
    }
    if (!w->counted && !limits_broadcast_take(core, w->key, now)) {
        core->counters.control_news++;
        return VERDICT_LIMIT;
    }
    w->counted = true; /* once, also where the group failed and it is tried alone */
    join.unchanged_only = false;
    return directory_join(core->directory, &join, &w->joined);
}

/* A session that ended meanwhile does not join. */
static struct relay_client *session_waiting(const struct relay_core *core,
                                            const struct join_waiting *w)
{
    struct relay_client *client = relay_client_at(core, w->handle);

    return client != NULL && client->state != RELAY_CLIENT_STATE_CLOSING ? client : NULL;
}

/* False: the transaction failed, and nothing of it happened. */
static bool joins_together(struct relay_core *core, size_t count, struct mono now)
{
    if (directory_group_begin(core->directory) != ERR_OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct join_waiting *w = &core->joins[i];
        if (session_waiting(core, w) != NULL) {
            w->verdict = join_within_limits(core, w, now);
        }
    }
    return directory_group_end(core->directory, ERR_OK) == ERR_OK;
}

static void join_count(struct relay_counters *counters, enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_OK:
        counters->join_ok++;
        break;
    case VERDICT_INVITE_INVALID:
    case VERDICT_NOT_MEMBER:
        counters->join_invite_invalid++;
        break;
    case VERDICT_NAME_TAKEN:
        counters->join_name_taken++;
        break;
    case VERDICT_REVOKED:
        counters->join_revoked++;
        break;
    case VERDICT_LIMIT:
        counters->join_limit++;
        break;
    case VERDICT_CLOCK:
        counters->join_clock++;
        break;
    case VERDICT_UNAVAILABLE:
        counters->join_unavailable++;
        break;
    default:
        counters->join_bad_request++;
        break;
    }
}

static void joined_send(struct relay_core *core, struct relay_client *client, uint32_t request_id,
                        struct directory_joined *joined)
{
    Ziglan__Joined body = ZIGLAN__JOINED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.granted_name = joined->name;
    body.ziglan_name = core->name;
    body.admission = control_bytes(joined->admission, joined->admission_size);
    body.delegation =
        control_bytes(core->delegations[core->delegation_index], core->hello.delegation_size);
    body.sequence = joined->sequence;
    body.server_time_ms = env_wall_ms(&core->env);
    message.request_id = request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_JOINED;
    message.joined = &body;
    control_send(core, client, &message);
}

static void join_answer(struct relay_core *core, struct relay_client *client,
                        struct join_waiting *w, struct mono now)
{
    struct directory_joined *joined = &w->joined;
    char text[11];

    join_count(&core->counters, w->verdict);
    if (w->verdict != VERDICT_OK || joined->changed) {
        ziglan_note_store(core, w->verdict); /* what wrote nothing says nothing about the disk */
    }
    if (w->verdict != VERDICT_OK) {
        env_trace(&core->env, TRACE_LEVEL_DEBUG, "ziglan.refused", "peer=%s why=%s",
                  key_short(client->key, text), verdict_name(w->verdict));
        control_refuse(core, client, w->request_id, w->verdict, NULL);
        return;
    }
    if (client->state != RELAY_CLIENT_STATE_MEMBER) {
        env_trace(&core->env, TRACE_LEVEL_INFO, "ziglan.joined", "peer=%s name=%s %s%s",
                  key_short(client->key, text), joined->name,
                  joined->invite_id[0] != '\0' ? "invite=" : "returned=1", joined->invite_id);
    }
    /* The answer first: the member must not see itself in Changes before it knows it is in. */
    joined_send(core, client, w->request_id, joined);
    relay_client_admit(core, client, joined->expires_ms, now);
    if (joined->changed) {
        watch_changed(core, now);
    }
}

void joins_flush(struct relay_core *core, struct mono now)
{
    size_t count = core->joins_count;
    bool together = count > 1 && joins_together(core, count, now);

    core->joins_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct join_waiting *w = &core->joins[i];
        struct relay_client *client = session_waiting(core, w);
        if (client != NULL && !together) {
            w->verdict = join_within_limits(core, w, now);
        }
        if (client != NULL) {
            join_answer(core, client, w, now);
        }
    }
}

void join_on_join(struct relay_core *core, struct relay_client *client,
                  const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Join *body = message->join;
    struct join_waiting *w;

    if (core->directory == NULL) {
        control_refuse(core, client, message->request_id, VERDICT_UNSUPPORTED,
                       "this relay serves no ziglan");
        return;
    }
    if (core->joins_count == JOINS_MAX) {
        joins_flush(core, now);
    }
    /* The sizes hold by control_unpack. */
    w = &core->joins[core->joins_count++];
    *w = (struct join_waiting){.handle = client->handle,
                               .request_id = message->request_id,
                               .invite_size = body->invite.len,
                               .part_size = body->member_part.len};
    memcpy(w->key, client->key, KEY_SIZE);
    if (body->invite.len > 0) {
        memcpy(w->invite, body->invite.data, body->invite.len);
    }
    memcpy(w->part, body->member_part.data, body->member_part.len);
    memcpy(w->wanted_name, body->wanted_name, strlen(body->wanted_name));
}
