/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A Leave with each session that opens, until one is answered. */
#include "client/ziglan/farewell.h"

#include "client/ziglan/ziglan_messages.h"
#include "client/ziglan/ziglan_store.h"
#include "proto/crypto/identity.h"
#include "proto/wire/verdict.h"

#include <stdlib.h>
#include <string.h>

void farewell_list_init(struct farewell_list *list, const struct ziglan_context *context)
{
    *list = (struct farewell_list){.context = context};
    TAILQ_INIT(&list->head);
}

void farewell_list_fini(struct farewell_list *list)
{
    struct farewell *farewell = list->context == NULL ? NULL : TAILQ_FIRST(&list->head);

    while (farewell != NULL) {
        struct farewell *next = TAILQ_NEXT(farewell, in_list);

        free(farewell);
        farewell = next;
    }
    *list = (struct farewell_list){0};
}

static void store_forget(const struct ziglan_context *context, const struct ziglan_record *record)
{
    if (ziglan_store_remove(context->store, record->url.key) != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.leave",
                  "could not be removed from disk");
    }
}

/* Ask again after a while if no answer comes. */
static void tell(struct farewell *farewell, struct mono now)
{
    farewell->again_at = mono_add_ms(now, FAREWELL_RETRY_MS);
    (void)ziglan_send_leave(farewell->session);
}

/* When to give up one that was left at this time of the wall clock. A clock that was set back since
 * then makes it no later than if the ziglan had been left now. */
static struct mono end_of(uint64_t left_at_ms, uint64_t wall_ms, struct mono now)
{
    uint64_t most_ms = UINT64_C(24) * 3600 * 1000 * FAREWELL_DAYS_MAX;
    uint64_t tried_ms = wall_ms > left_at_ms ? wall_ms - left_at_ms : 0;

    return mono_add_ms(now, tried_ms < most_ms ? most_ms - tried_ms : 0);
}

/* When the ziglan was left; if that is not known, now, and that is remembered. */
static uint64_t left_at(const struct ziglan_context *context, const struct ziglan_record *record)
{
    uint64_t at_ms;
    int rc = ziglan_store_get_left_at(context->store, record->url.key, &at_ms);

    if (rc == ERR_OK && at_ms == 0) {
        at_ms = env_wall_ms(context->env);
        rc = ziglan_store_put_left_at(context->store, record->url.key, at_ms);
    }
    if (rc != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.leave", "its time could not be stored");
    }
    return at_ms;
}

static struct farewell *add(struct farewell_list *list, const struct ziglan_record *record,
                            struct relay_session *session, struct mono now)
{
    struct farewell *farewell = calloc(1, sizeof(*farewell));

    if (farewell == NULL) {
        return NULL;
    }
    if (list->count == FAREWELLS_MAX) {
        farewell_end(list, TAILQ_FIRST(&list->head), now);
    }
    farewell->record = *record;
    farewell->record.left = true;
    farewell->session = session;
    farewell->again_at = MONO_NEVER;
    farewell->end_at = end_of(left_at(list->context, record), env_wall_ms(list->context->env), now);
    session->serves = false; /* no member's any more */
    relay_session_detach(session);
    TAILQ_INSERT_TAIL(&list->head, farewell, in_list);
    list->count++;
    return farewell;
}

int farewell_resume(struct farewell_list *list, const struct ziglan_record *record, struct mono now)
{
    struct relay_session *session = relay_set_add(list->context->relays, &record->url, now);

    if (session == NULL) {
        return ERR_NOMEM;
    }
    if (add(list, record, session, now) == NULL) {
        relay_set_remove(list->context->relays, session, now);
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void farewell_begin(struct farewell_list *list, const struct ziglan_record *record,
                    struct relay_session *session, struct mono now)
{
    const struct ziglan_context *context = list->context;
    struct farewell *farewell = session == NULL ? NULL : add(list, record, session, now);

    if (farewell == NULL) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.leave", "the relay is not told of it");
        relay_set_remove(context->relays, session, now);
        store_forget(context, record);
        return;
    }
    if (ziglan_store_put(context->store, &farewell->record) != ERR_OK) {
        env_trace(context->env, TRACE_LEVEL_ERROR, "ziglan.leave",
                  "could not be stored, so the relay is told of it before the next start or not at "
                  "all; free some disk space");
    }
    if (session->open) {
        tell(farewell, now);
    }
}

struct farewell *farewell_of_relay(const struct farewell_list *list,
                                   const struct relay_session *relay)
{
    struct farewell *farewell;

    TAILQ_FOREACH(farewell, &list->head, in_list)
    {
        if (farewell->session == relay) {
            return farewell;
        }
    }
    return NULL;
}

struct farewell *farewell_find(const struct farewell_list *list, const uint8_t key[KEY_SIZE])
{
    struct farewell *farewell;

    TAILQ_FOREACH(farewell, &list->head, in_list)
    {
        if (memcmp(farewell->record.url.key, key, KEY_SIZE) == 0) {
            return farewell;
        }
    }
    return NULL;
}

struct farewell *farewell_find_text(const struct farewell_list *list, const char *name_or_key)
{
    struct farewell *farewell;

    TAILQ_FOREACH(farewell, &list->head, in_list)
    {
        const char *name = farewell->record.name;

        if ((name[0] != '\0' && strcmp(name, name_or_key) == 0) ||
            key_begins(farewell->record.url.key, name_or_key)) {
            return farewell;
        }
    }
    return NULL;
}

void farewell_end(struct farewell_list *list, struct farewell *farewell, struct mono now)
{
    store_forget(list->context, &farewell->record);
    farewell_cancel(list, farewell, now);
}

void farewell_cancel(struct farewell_list *list, struct farewell *farewell, struct mono now)
{
    relay_set_remove(list->context->relays, farewell->session, now);
    TAILQ_REMOVE(&list->head, farewell, in_list);
    list->count--;
    free(farewell);
}

void farewell_on_open(struct farewell *farewell, struct mono now)
{
    tell(farewell, now);
}

/* True if this Error says that we are no member. */
static bool is_no_member(const Ziglan__Error *error)
{
    return error->code == VERDICT_NOT_MEMBER || error->code == VERDICT_REVOKED;
}

void farewell_on_message(struct farewell_list *list, struct farewell *farewell,
                         const Ziglan__Control *message, struct mono now)
{
    bool answers = message->request_id == ZIGLAN_REQUEST_LEAVE;
    bool known = false; /* the entry point knows that we are no member */

    if (message->body_case == ZIGLAN__CONTROL__BODY_DONE) {
        known = answers;
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_ERROR) {
        known = answers && is_no_member(message->error);
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_GO_AWAY) {
        known = message->go_away->reason == GOAWAY_REVOKED ||
                message->go_away->reason == GOAWAY_FORGOTTEN;
    }

    if (known) {
        env_trace(list->context->env, TRACE_LEVEL_INFO, "ziglan.left", "name=%s",
                  farewell->record.name);
        farewell_end(list, farewell, now);
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_GO_AWAY) {
        relay_session_on_go_away(farewell->session, message->go_away, now);
    }
}

void farewell_list_expire(struct farewell_list *list, struct mono now)
{
    struct farewell *farewell = TAILQ_FIRST(&list->head);

    while (farewell != NULL) {
        struct farewell *next = TAILQ_NEXT(farewell, in_list);

        if (mono_due(farewell->end_at, now)) {
            env_trace(list->context->env, TRACE_LEVEL_WARN, "ziglan.left",
                      "name=%s the relay did not answer for %d days, and is not told",
                      farewell->record.name, FAREWELL_DAYS_MAX);
            farewell_end(list, farewell, now);
        } else if (farewell->session->open && mono_due(farewell->again_at, now)) {
            tell(farewell, now);
        }
        farewell = next;
    }
}

struct mono farewell_list_deadline(const struct farewell_list *list)
{
    struct mono at = MONO_NEVER;
    const struct farewell *farewell;

    TAILQ_FOREACH(farewell, &list->head, in_list)
    {
        at = mono_min(at, farewell->end_at);
        if (farewell->session->open) {
            at = mono_min(at, farewell->again_at);
        }
    }
    return at;
}
