/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transaction of one turn's joins, and the answer to each. */
#include "relayd/service/join.h"

#include "proto/base/wall_text.h"
#include "relayd/service/member.h"
#include "relayd/service/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The session that waits for its join; NULL if it ended in the meantime: then it does not join. */
static struct relay_client *session_waiting(const struct join_service *service,
                                            const struct join_waiting *w)
{
    struct relay_client *client = session_table_at(&service->base->sessions, w->handle);

    return client != NULL && relay_client_is_active(client) ? client : NULL;
}

/* What is known about a newcomer; a member needs nobody's word. */
static void rule(const struct join_service *service, struct join_waiting *w, struct mono now)
{
    const struct relay_client *client = session_waiting(service, w);

    if (!w->ruled && client != NULL && client->state != RELAY_CLIENT_STATE_MEMBER) {
        admission_rule(service->admission, w->key, &w->ruling, now);
    }
    w->ruled = true;
}

/* Everybody may join, but the newcomers of one network are counted. */
static bool open_take(struct join_service *service, struct join_waiting *w, struct mono now)
{
    const struct relay_client *client = session_waiting(service, w);

    w->opened = w->opened ||
                (client != NULL && limits_open_take(&service->base->limits, &client->remote, now));
    return w->opened;
}

/* What becomes of a Join without a good invite: nobody grants it, or the program has a word. */
static enum verdict without_invite(const struct join_waiting *w, enum verdict verdict,
                                   bool withheld)
{
    if (verdict != VERDICT_NOT_MEMBER && verdict != VERDICT_INVITE_INVALID) {
        return verdict;
    }
    if (w->ruling.word == ADMISSION_REFUSED) {
        return VERDICT_REFUSED;
    }
    if (w->ruling.word == ADMISSION_FAILED) {
        return VERDICT_UNAVAILABLE;
    }
    return withheld ? VERDICT_LIMIT : verdict;
}

/* Try a join without a change of the directory first: most only renew a session. A change is told
 * to all who watch and written to the disk, so each key has a limited number of them. */
static enum verdict join_within_limits(struct join_service *service, struct join_waiting *w,
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
    enum verdict verdict;
    bool withheld;

    rule(service, w, now);
    if (w->ruling.word == ADMISSION_ALLOW || w->ruling.word == ADMISSION_OPEN ||
        w->ruling.word == ADMISSION_SCRIPT) {
        join.granted = &w->ruling.terms;
    }
    verdict = directory_join(service->base->directory, &join, &w->joined);
    if (verdict != VERDICT_LIMIT) {
        return without_invite(w, verdict, false);
    }
    if (!w->counted && !limits_broadcast_take(&service->base->limits, w->key, now)) {
        service->base->counters.control_broadcast++;
        return VERDICT_LIMIT;
    }
    w->counted = true; /* a join is counted once, even if its group failed and it is tried again */
    withheld = w->ruling.word == ADMISSION_OPEN && !open_take(service, w, now);
    join.granted = withheld ? NULL : join.granted;
    join.unchanged_only = false;
    return without_invite(w, directory_join(service->base->directory, &join, &w->joined), withheld);
}

/* Carry out all joins as one transaction. False if that failed; then none of them happened. */
static bool joins_together(struct join_service *service, size_t count, struct mono now)
{
    if (directory_group_begin(service->base->directory) != ERR_OK) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct join_waiting *w = &service->waiting[i];
        if (session_waiting(service, w) != NULL) {
            w->verdict = join_within_limits(service, w, now);
        }
    }
    return directory_group_end(service->base->directory, ERR_OK) == ERR_OK;
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
    case VERDICT_ENDED:
        counters->join_ended++;
        break;
    case VERDICT_REFUSED:
        counters->join_refused++;
        break;
    case VERDICT_UNAVAILABLE:
        counters->join_unavailable++;
        break;
    default:
        counters->join_bad_request++;
        break;
    }
}

static void joined_send(struct join_service *service, const struct relay_client *client,
                        uint32_t request_id, struct directory_joined *joined)
{
    Ziglan__Joined body = ZIGLAN__JOINED__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.granted_name = joined->name;
    body.ziglan_name = service->base->name;
    body.admission = control_bytes(joined->admission, joined->admission_size);
    body.delegation = delegation_service_field(service->delegations);
    body.sequence = joined->sequence;
    body.server_time_ms = env_wall_ms(&service->base->env);
    body.name_note = (uint32_t)joined->why.note;
    body.name_free_ms = joined->why.free_ms;
    if (joined->why.note == DIRECTORY_NAME_TAKEN || joined->why.note == DIRECTORY_NAME_FREED) {
        body.name_key = control_bytes(joined->why.key, KEY_SIZE);
    }
    message.request_id = request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_JOINED;
    message.joined = &body;
    reply_send(&service->base->reply, client, &message);
}

/* Another member had the name that the operator's invite grants. It is no member any more. */
static void replaced_end(struct join_service *service, const struct directory_joined *joined,
                         struct mono now)
{
    struct relay_client *other =
        session_table_of_key(&service->base->sessions, joined->replaced_key);
    char peer[KEY_SHORT_SIZE];

    env_trace(&service->base->env, TRACE_LEVEL_INFO, "ziglan.replaced", "peer=%s name=%s invite=%s",
              key_short(joined->replaced_key, peer), joined->name, joined->invite_id);
    if (other != NULL) {
        session_send_away(service->sessions, other, GOAWAY_REVOKED, 0, now);
    }
    lane_kept_leave(&service->sessions->lanes->kept, joined->replaced_key);
}

static const char admission_refused[] = "the ziglan's operator does not let this host in";
static const char admission_failed[] =
    "the program that admits hosts to this ziglan gave no answer; try again in a minute";
static const char admission_busy[] =
    "many hosts wait to be admitted to this ziglan; try again in a minute";

/* Whose membership is over is told when it ended. */
static const char *refusal_text(const struct join_service *service,
                                const struct relay_client *client, const struct join_waiting *w,
                                char text[CONTROL_TEXT_SIZE_MAX + 1])
{
    struct directory_details details;
    char when[WALL_TEXT_SIZE];

    if (w->verdict == VERDICT_REFUSED) {
        return w->ruling.text[0] != '\0' ? w->ruling.text : admission_refused;
    }
    if (w->verdict == VERDICT_UNAVAILABLE && w->ruling.word == ADMISSION_FAILED) {
        return admission_failed;
    }
    if (w->verdict == VERDICT_LIMIT && w->ruling.word == ADMISSION_ASK) {
        return admission_busy;
    }
    if (w->verdict != VERDICT_ENDED ||
        directory_details_read(service->base->directory, client->key, &details) != ERR_OK) {
        return NULL;
    }
    (void)snprintf(text, CONTROL_TEXT_SIZE_MAX + 1,
                   "This host's membership ended at %s; the ziglan's operator can give it more "
                   "time.",
                   wall_text(details.ends_ms, when));
    return text;
}

static void join_refuse(struct join_service *service, const struct relay_client *client,
                        const struct join_waiting *w)
{
    struct member_label who = member_label(service->base, client->key);
    char text[CONTROL_TEXT_SIZE_MAX + 1];

    env_trace(&service->base->env, TRACE_LEVEL_INFO, "ziglan.refused", "peer=%s name=%s reason=%s",
              who.peer, who.name, verdict_name(w->verdict));
    reply_refuse(&service->base->reply, client, w->request_id, w->verdict,
                 refusal_text(service, client, w, text));
}

/* Put a join aside until the program has a word about it. False: there is no place. */
static bool aside_put(struct join_service *service, const struct relay_client *client,
                      const struct join_waiting *w)
{
    struct admission_question question = {.remote = client->remote};
    size_t place;

    if (service->aside == NULL) {
        service->aside = calloc(ADMISSION_PLACES, sizeof(*service->aside));
    }
    memcpy(question.key, w->key, KEY_SIZE);
    memcpy(question.wanted_name, w->wanted_name, sizeof(question.wanted_name));
    if (service->aside == NULL || admission_wait(service->admission, &question, &place) != ERR_OK) {
        return false;
    }
    service->aside[place] = *w;
    service->aside[place].ruled = false;
    return true;
}

static void join_answer(struct join_service *service, struct relay_client *client,
                        struct join_waiting *w, struct mono now)
{
    struct directory_joined *joined = &w->joined;
    char text[KEY_SHORT_SIZE];

    if (w->ruling.word == ADMISSION_ASK &&
        (w->verdict == VERDICT_NOT_MEMBER || w->verdict == VERDICT_INVITE_INVALID)) {
        if (aside_put(service, client, w)) {
            return;
        }
        w->verdict = VERDICT_LIMIT;
    }
    join_count(&service->base->counters, w->verdict);
    if ((w->verdict != VERDICT_OK && w->ruling.word != ADMISSION_FAILED) || joined->changed) {
        /* A join that wrote nothing proves nothing about the disk, nor does a program. */
        store_health_note(&service->base->health, w->verdict);
    }
    if (w->verdict != VERDICT_OK) {
        join_refuse(service, client, w);
        return;
    }
    if (client->state != RELAY_CLIENT_STATE_MEMBER) {
        const char *how = joined->invite_id[0] != '\0' ? "invite=" : "returned=1";

        env_trace(&service->base->env, TRACE_LEVEL_INFO, "ziglan.joined", "peer=%s name=%s %s%s",
                  key_short(client->key, text), joined->name, joined->granted ? "by=" : how,
                  joined->granted ? admission_word_text(w->ruling.word) : joined->invite_id);
    }
    if (joined->replaced) {
        replaced_end(service, joined, now);
    }
    /* The answer comes first: a member must know that it joined before Changes tell of it. */
    joined_send(service, client, w->request_id, joined);
    session_admit(service->sessions, client,
                  &(struct directory_until){.ms = joined->expires_ms, .ends = joined->ends}, now);
    session_send_hosts(service->sessions, client);
    if (joined->changed) {
        watch_changed(service->sessions->watches, now);
    }
}

void join_flush(struct join_service *service, struct mono now)
{
    size_t count = service->count;
    bool together = count > 1 && joins_together(service, count, now);

    service->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct join_waiting *w = &service->waiting[i];
        struct relay_client *client = session_waiting(service, w);
        if (client != NULL && !together) {
            w->verdict = join_within_limits(service, w, now);
        }
        if (client != NULL) {
            join_answer(service, client, w, now);
        }
    }
}

void join_on_join(struct join_service *service, const struct relay_client *client,
                  const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Join *body = message->join;
    struct join_waiting *w;

    if (service->base->directory == NULL) {
        reply_refuse(&service->base->reply, client, message->request_id, VERDICT_UNSUPPORTED,
                     "this relay serves no ziglan");
        return;
    }
    if (client->state != RELAY_CLIENT_STATE_MEMBER &&
        !limits_join_take(&service->base->limits, &client->remote, now)) {
        service->base->counters.join_limit++;
        reply_refuse(&service->base->reply, client, message->request_id, VERDICT_LIMIT,
                     "too many of this network join at once; try again later");
        return;
    }
    if (service->count == JOINS_MAX) {
        join_flush(service, now);
    }
    /* control_unpack checked all sizes. */
    w = &service->waiting[service->count++];
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

bool join_waits(const struct join_service *service)
{
    return service->count > 0;
}

/* ---- the program that admits ---- */

bool join_script_wanted(struct join_service *service, uint64_t *ticket,
                        struct admission_question *out)
{
    size_t place;

    while (admission_wanted(service->admission, ticket, &place, out)) {
        if (service->aside != NULL && session_waiting(service, &service->aside[place]) != NULL) {
            return true;
        }
        admission_dropped(service->admission, *ticket);
    }
    return false;
}

void join_script_answered(struct join_service *service, uint64_t ticket,
                          const struct admission_answer *answer, struct mono now)
{
    size_t place;

    if (!admission_answered(service->admission, ticket, answer, &place, now)) {
        return;
    }
    if (service->count == JOINS_MAX) {
        join_flush(service, now);
    }
    service->waiting[service->count++] = service->aside[place];
}

void join_service_fini(struct join_service *service)
{
    free(service->aside);
    service->aside = NULL;
}
