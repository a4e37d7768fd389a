/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of relay sessions, and what is done for each of them in turn. */
#include "client/stun2/relay_set.h"

#include "client/stun2/relay_upkeep.h"

#include <stdlib.h>

/* A ticket: the session's number, and below it the index of a host in its URL. */
enum { TICKET_HOST_BITS = 8, TICKET_HOST_MASK = 0xff };

/* The hub asks for an attachment while it writes the Hello of a dial. */
static size_t attach(void *context, struct handle dialled, const uint8_t relay_key[KEY_SIZE],
                     uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    struct relay_set *set = context;
    const struct relay_session *relay = relay_set_of(set, dialled);

    _Static_assert((size_t)ATTACHMENT_SIZE <= RECORD_OTHER_SIGNED_SIZE_MAX, "it fits there");
    return relay == NULL || !relay_session_is_used(relay)
               ? 0
               : attachments_make(&set->attachments, relay_key, out);
}

int relay_set_init(struct relay_set *set, const struct identity *identity, struct store *store,
                   const struct env *env, struct mono now)
{
    struct link_config cfg = {
        .identity = identity,
        .server = false,
        .attachments = {.context = set, .make = attach},
        .connection_max = RELAY_SET_CONNECTIONS_MAX,
    };
    int rc;

    *set = (struct relay_set){.env = env, .keepalive = keepalive_unmeasured()};
    TAILQ_INIT(&set->list);
    rc = attachments_init(&set->attachments, identity, store, env);
    if (rc != ERR_OK) {
        return rc;
    }
    /* The secret of stateless resets is of no use to a dialler, but the hub wants one. */
    env_random(env, cfg.reset_secret, sizeof(cfg.reset_secret));
    return link_hub_new(&set->hub, &cfg, env, now);
}

void relay_set_fini(struct relay_set *set)
{
    struct relay_session *relay = set->hub == NULL ? NULL : TAILQ_FIRST(&set->list);

    while (relay != NULL) {
        struct relay_session *next = TAILQ_NEXT(relay, in_set);

        free(relay);
        relay = next;
    }
    link_hub_free(set->hub);
    *set = (struct relay_set){.env = set->env};
}

struct relay_session *relay_set_add(struct relay_set *set, const struct url *url, struct mono now)
{
    struct relay_session *relay = set->count < RELAY_SET_MAX ? calloc(1, sizeof(*relay)) : NULL;

    if (relay == NULL) {
        return NULL;
    }
    relay->hub = set->hub;
    relay->env = set->env;
    relay->log.env = set->env;
    relay->attaching.attachments = &set->attachments;
    relay->keepalive = &set->keepalive;
    relay->number = ++set->number_last;
    TAILQ_INSERT_TAIL(&set->list, relay, in_set);
    set->count++;
    relay_session_begin(relay, url, now);
    return relay;
}

void relay_set_redirect(struct relay_set *set, struct relay_session *relay, const struct url *url,
                        struct mono now)
{
    struct relay_opens opens = relay->opens;

    relay->number = ++set->number_last;
    relay_session_begin(relay, url, now);
    relay->opens = opens; /* the relay counts by our key, by whichever URL we come */
}

void relay_set_rehost(struct relay_set *set, struct relay_session *relay, const struct url *url,
                      struct mono now)
{
    relay->number = ++set->number_last;
    relay_session_rehost(relay, url, now);
}

void relay_set_remove(struct relay_set *set, struct relay_session *relay, struct mono now)
{
    if (relay == NULL) {
        return;
    }
    relay_session_close(relay, UINT64_MAX, now);
    TAILQ_REMOVE(&set->list, relay, in_set);
    set->count--;
    free(relay);
}

struct relay_session *relay_set_of(const struct relay_set *set, struct handle handle)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        if (relay_session_owns(relay, handle)) {
            return relay;
        }
    }
    return NULL;
}

struct relay_session *relay_set_find(const struct relay_set *set, uint64_t number)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        if (relay->number == number) {
            return relay;
        }
    }
    return NULL;
}

struct relay_session *relay_set_take_late(struct relay_set *set)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        if (relay_upkeep_take_late(relay)) {
            return relay;
        }
    }
    return NULL;
}

void relay_set_expire(struct relay_set *set, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        relay_upkeep_expire(relay, now);
        relay_session_expire(relay, now);
    }
}

struct mono relay_set_deadline(const struct relay_set *set)
{
    struct mono at = MONO_NEVER;
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        at = mono_min(at, relay_session_deadline(relay));
        at = mono_min(at, relay_upkeep_deadline(relay));
    }
    return at;
}

bool relay_set_on_network(struct relay_set *set, const struct way_finder *ways, struct mono now)
{
    struct relay_session *relay;
    bool changed = false;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        changed = relay_session_on_network(relay, ways, now) || changed;
    }
    return changed;
}

void relay_set_learn_ways(struct relay_set *set, const struct way_finder *ways)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        relay_session_learn_way(relay, ways);
    }
}

void relay_set_shutdown(struct relay_set *set, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        relay_session_close(relay, UINT64_MAX, now);
    }
}

bool relay_set_resolve_wanted(struct relay_set *set, struct relay_resolve *out, struct mono now)
{
    struct relay_session *relay;

    TAILQ_FOREACH(relay, &set->list, in_set)
    {
        int host = relay_session_resolve_wanted(relay, now);

        if (host >= 0) {
            out->ticket = relay->number << TICKET_HOST_BITS | (uint64_t)host;
            out->host = relay->url.hosts[host].name;
            return true;
        }
    }
    return false;
}

struct relay_session *relay_set_resolved(struct relay_set *set, uint64_t ticket,
                                         const struct endpoint *addrs, size_t count,
                                         const char **failed, struct mono now)
{
    size_t host = ticket & TICKET_HOST_MASK;
    struct relay_session *relay = relay_set_find(set, ticket >> TICKET_HOST_BITS);

    *failed = NULL;
    if (relay == NULL) {
        return NULL;
    }
    relay_session_resolved(relay, host, addrs, count, now);
    if (count == 0 && !relay->open && host < relay->url.hosts_count) {
        *failed = relay->url.hosts[host].name;
    }
    return relay;
}
