/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Neighbours by key, the one session of each, what waits for it, and the end of it. */
#include "relayd/base/neighbour_table.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY_RETRY_MS = 60000 };

/* ---- the table ---- */

int neighbour_table_init(struct neighbour_table *table, const struct neighbour_ports *ports,
                         const uint8_t own_key[KEY_SIZE])
{
    table->ports = *ports;
    memcpy(table->own_key, own_key, KEY_SIZE);
    TAILQ_INIT(&table->list);
    TAILQ_INIT(&table->line);
    return map_new(&table->by_key, KEY_SIZE, NEIGHBOURS_MAX, ports->env);
}

static void neighbour_free(struct neighbour *neighbour)
{
    if (neighbour != NULL) {
        neighbour_queue_clear(&neighbour->queue);
        free(neighbour);
    }
}

void neighbour_table_fini(struct neighbour_table *table)
{
    struct neighbour *neighbour;

    if (table->by_key == NULL) {
        return;
    }
    neighbour_free(table->polled);
    while ((neighbour = TAILQ_FIRST(&table->line)) != NULL) {
        TAILQ_REMOVE(&table->line, neighbour, in_line);
        if (neighbour->state == NEIGHBOUR_STATE_GONE) {
            neighbour_free(neighbour);
        }
    }
    while ((neighbour = TAILQ_FIRST(&table->list)) != NULL) {
        TAILQ_REMOVE(&table->list, neighbour, in_use);
        neighbour_free(neighbour);
    }
    map_free(table->by_key);
    table->by_key = NULL;
}

static struct neighbour *neighbour_new(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                                       struct mono now)
{
    struct neighbour *neighbour = calloc(1, sizeof(*neighbour));

    if (neighbour == NULL || map_put_pointer(table->by_key, key, neighbour) != ERR_OK) {
        free(neighbour);
        return NULL;
    }
    memcpy(neighbour->key, key, KEY_SIZE);
    neighbour->used_at = now;
    neighbour->deadline = MONO_NEVER;
    neighbour_queue_init(&neighbour->queue, &table->waiting_bytes);
    TAILQ_INSERT_TAIL(&table->list, neighbour, in_use);
    table->count++;
    return neighbour;
}

static void event_due(struct neighbour_table *table, struct neighbour *neighbour)
{
    if (!neighbour->waits) {
        neighbour->waits = true;
        TAILQ_INSERT_TAIL(&table->line, neighbour, in_line);
    }
}

/* Let go of its client, which goes on to its own end. */
static void client_release(struct neighbour_table *table, struct neighbour *neighbour)
{
    if (neighbour->client == NULL) {
        return;
    }
    table->accepted_count -= neighbour->dialled ? 0 : 1;
    neighbour->client->neighbour = NULL;
    neighbour->client = NULL;
}

static void gone(struct neighbour_table *table, struct neighbour *neighbour, struct mono now)
{
    client_release(table, neighbour);
    neighbour_dial_end(&neighbour->dial, table->hub, now);
    neighbour_queue_clear(&neighbour->queue);
    (void)map_remove(table->by_key, neighbour->key, NULL);
    TAILQ_REMOVE(&table->list, neighbour, in_use);
    table->count--;
    neighbour->state = NEIGHBOUR_STATE_GONE;
    neighbour->deadline = MONO_NEVER;
    event_due(table, neighbour);
}

/* Send a client away, because there is a better session, or no room. */
static void send_away(struct neighbour_table *table, struct relay_client *client,
                      enum goaway reason, struct mono now)
{
    reply_go_away(table->ports.reply, client,
                  &(struct go_away){reason, reason == GOAWAY_BUSY ? BUSY_RETRY_MS : 0, 0, NULL});
    client->gave_way = reason == GOAWAY_REPLACED;
    relay_client_enter(&table->ports.sessions->lists, client, RELAY_CLIENT_STATE_CLOSING, now);
}

void neighbour_end(struct neighbour_table *table, struct neighbour *neighbour, struct mono now)
{
    struct relay_client *client = neighbour->client;

    if (neighbour->state == NEIGHBOUR_STATE_GONE) {
        return;
    }
    gone(table, neighbour, now);
    if (client != NULL) {
        relay_client_enter(&table->ports.sessions->lists, client, RELAY_CLIENT_STATE_CLOSED, now);
        link_hub_close(table->hub, client->handle, 0, "not used", now);
    }
}

/* Let one that nobody used for long make room. False if there is none. */
static bool spare_one(struct neighbour_table *table, bool accepted_only, struct mono now)
{
    struct neighbour *neighbour;

    TAILQ_FOREACH(neighbour, &table->list, in_use)
    {
        uint64_t unused_ms = mono_ms_between(neighbour->used_at, now);

        if (unused_ms < NEIGHBOUR_BRIEF_SPARE_MS) {
            return false; /* those behind it were used later */
        }
        if (neighbour->state == NEIGHBOUR_STATE_OPEN && !neighbour->kept &&
            (neighbour->brief || unused_ms >= NEIGHBOUR_SPARE_MS) &&
            !(accepted_only && neighbour->dialled)) {
            neighbour_end(table, neighbour, now);
            return true;
        }
    }
    return false;
}

/* ---- for services ---- */

struct neighbour *neighbour_of_key(const struct neighbour_table *table, const uint8_t key[KEY_SIZE])
{
    struct neighbour *neighbour = map_find_pointer(table->by_key, key);

    return neighbour != NULL && neighbour->state == NEIGHBOUR_STATE_OPEN ? neighbour : NULL;
}

struct neighbour *neighbour_next(const struct neighbour_table *table,
                                 const struct neighbour *before)
{
    return before == NULL ? TAILQ_FIRST(&table->list) : TAILQ_NEXT(before, in_use);
}

static void touch(struct neighbour_table *table, struct neighbour *neighbour, struct mono now)
{
    neighbour->used_at = now;
    TAILQ_REMOVE(&table->list, neighbour, in_use);
    TAILQ_INSERT_TAIL(&table->list, neighbour, in_use);
}

void neighbour_used(struct neighbour_table *table, struct neighbour *neighbour, struct mono now)
{
    touch(table, neighbour, now);
    neighbour->brief = false;
}

void neighbour_tell(struct neighbour_table *table, struct neighbour *neighbour,
                    const Ziglan__Control *message)
{
    if (neighbour->client != NULL) {
        reply_send(table->ports.reply, neighbour->client, message);
    }
}

void neighbour_send(struct neighbour_table *table, struct neighbour *neighbour,
                    const Ziglan__Control *message, struct mono now)
{
    neighbour_used(table, neighbour, now);
    neighbour_tell(table, neighbour, message);
}

bool neighbour_datagram(struct neighbour_table *table, struct neighbour *neighbour,
                        const uint8_t *head, size_t head_size, const uint8_t *body,
                        size_t body_size, struct mono now)
{
    if (neighbour->client == NULL) {
        return false;
    }
    neighbour_used(table, neighbour, now);
    return link_hub_datagram(table->hub, neighbour->client->handle, head, head_size, body,
                             body_size);
}

/* Begin to dial a relay that is none of ours yet. */
static struct neighbour *dial(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                              const struct neighbour_place *place, struct mono now)
{
    struct neighbour *neighbour;

    if (table->stopping || place->addresses_count == 0 ||
        memcmp(key, table->own_key, KEY_SIZE) == 0 ||
        (table->count >= NEIGHBOURS_MAX && !spare_one(table, false, now))) {
        return NULL;
    }
    neighbour = neighbour_new(table, key, now);
    if (neighbour != NULL) {
        neighbour->dialled = true;
        neighbour->deadline = mono_add_ms(now, NEIGHBOUR_DIAL_MS);
        neighbour_dial_begin(&neighbour->dial, place, now);
    }
    return neighbour;
}

struct neighbour *neighbour_want_at(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                                    const struct neighbour_place *place, struct mono now)
{
    struct neighbour *neighbour = map_find_pointer(table->by_key, key);

    if (neighbour == NULL) {
        return dial(table, key, place, now);
    }
    neighbour->brief = false;
    return neighbour;
}

/* The neighbour of this key, or a dial of it, which is for a word only if nobody wants more. */
static struct neighbour *want(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                              bool brief, struct mono now)
{
    struct neighbour *neighbour = map_find_pointer(table->by_key, key);
    struct neighbour_place place = {.addresses_count = 0};

    if (neighbour != NULL) {
        neighbour->brief = neighbour->brief && brief;
    } else if (table->book.find != NULL && table->book.find(table->book.context, key, &place)) {
        neighbour = dial(table, key, &place, now);
        if (neighbour != NULL) {
            neighbour->brief = brief;
        }
    }
    return neighbour;
}

struct neighbour *neighbour_want(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                                 struct mono now)
{
    return want(table, key, false, now);
}

/* The relay of this key: it is open, or something can wait for it. NULL, and *rc says why not. */
static struct neighbour *way_to(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                                bool brief, int *rc, struct mono now)
{
    bool full = table->count >= NEIGHBOURS_MAX;
    struct neighbour *neighbour = want(table, key, brief, now);

    *rc = neighbour != NULL ? ERR_OK : full ? ERR_LIMIT : ERR_DROP;
    return neighbour;
}

static int wait_for(struct neighbour_table *table, struct neighbour *neighbour, bool datagram,
                    const uint8_t *head, size_t head_size, const uint8_t *body, size_t body_size)
{
    int rc = neighbour_queue_put(&neighbour->queue, datagram, head, head_size, body, body_size);

    table->ports.counters->neighbour_queue_full += rc != ERR_OK;
    return rc;
}

static int send_to(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                   const Ziglan__Control *message, bool brief, struct mono now)
{
    struct reply *reply = table->ports.reply;
    size_t size = 0;
    int rc;
    struct neighbour *neighbour = way_to(table, key, brief, &rc, now);

    if (neighbour == NULL) {
        return rc;
    }
    if (neighbour->state == NEIGHBOUR_STATE_OPEN) {
        touch(table, neighbour, now);
        neighbour_tell(table, neighbour, message);
        return ERR_OK;
    }
    if (control_pack(reply->packed, sizeof(reply->packed), &size, message) != ERR_OK) {
        return ERR_DROP;
    }
    return wait_for(table, neighbour, false, reply->packed, size, NULL, 0);
}

int neighbour_send_to(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                      const Ziglan__Control *message, struct mono now)
{
    return send_to(table, key, message, false, now);
}

int neighbour_send_brief(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                         const Ziglan__Control *message, struct mono now)
{
    return send_to(table, key, message, true, now);
}

int neighbour_datagram_to(struct neighbour_table *table, const uint8_t key[KEY_SIZE],
                          const uint8_t *head, size_t head_size, const uint8_t *body,
                          size_t body_size, struct mono now)
{
    int rc;
    struct neighbour *neighbour = way_to(table, key, false, &rc, now);

    if (neighbour == NULL) {
        return rc;
    }
    if (neighbour->state == NEIGHBOUR_STATE_OPEN) {
        return neighbour_datagram(table, neighbour, head, head_size, body, body_size, now)
                   ? ERR_OK
                   : ERR_LIMIT;
    }
    return wait_for(table, neighbour, true, head, head_size, body, body_size);
}

bool neighbour_event(struct neighbour_table *table, struct neighbour_event *out)
{
    struct neighbour *neighbour = TAILQ_FIRST(&table->line);

    neighbour_free(table->polled);
    table->polled = NULL;
    if (neighbour == NULL) {
        return false;
    }
    TAILQ_REMOVE(&table->line, neighbour, in_line);
    neighbour->waits = false;
    out->neighbour = neighbour;
    out->type = NEIGHBOUR_EVENT_OPEN;
    if (neighbour->state == NEIGHBOUR_STATE_GONE) {
        out->type = NEIGHBOUR_EVENT_GONE;
        table->polled = neighbour;
    }
    return true;
}

/* ---- sessions come ---- */

bool neighbour_is_meant(const struct link_event *event)
{
    return event->dialled || (event->peer->roles & LINK_ROLE_RELAY) != 0;
}

/* Which of two open sessions of a pair stays, if the newer one was dialled by us or not? Two that
 * were dialled at the same time must be judged alike at both ends: that of the smaller key stays.
 * Otherwise who dialled anew knows that it has no session any more. */
static bool newer_stays(const struct neighbour_table *table, const struct neighbour *neighbour,
                        bool dialled, struct mono now)
{
    bool ours_counts = memcmp(table->own_key, neighbour->key, KEY_SIZE) < 0;

    return neighbour->dialled == dialled ||
           mono_ms_between(neighbour->opened_at, now) > NEIGHBOUR_RACE_MS || dialled == ours_counts;
}

static void queue_flush(struct neighbour_table *table, struct neighbour *neighbour)
{
    struct neighbour_queue *queue = &neighbour->queue;
    struct handle handle = neighbour->client->handle;
    const uint8_t *bytes;
    bool datagram;
    size_t size;

    while ((bytes = neighbour_queue_first(queue, &datagram, &size)) != NULL) {
        if (datagram) {
            (void)link_hub_datagram(table->hub, handle, bytes, size, NULL, 0);
        } else if (link_hub_control(table->hub, handle, bytes, size) != ERR_OK) {
            return; /* CLOSED follows */
        }
        neighbour_queue_drop(queue);
    }
}

/* This is its session from now on. */
static void adopt(struct neighbour_table *table, struct neighbour *neighbour,
                  struct relay_client *client, const struct link_event *event, struct mono now)
{
    struct relay_client *older = neighbour->client;

    if (older != NULL) {
        client_release(table, neighbour);
        send_away(table, older, GOAWAY_REPLACED, now);
    }
    neighbour->client = client;
    client->neighbour = neighbour;
    relay_client_enter(&table->ports.sessions->lists, client, RELAY_CLIENT_STATE_NEIGHBOUR, now);
    neighbour->state = NEIGHBOUR_STATE_OPEN;
    neighbour->dialled = event->dialled;
    table->accepted_count += event->dialled ? 0 : 1;
    neighbour->opened_at = now;
    neighbour->deadline = MONO_NEVER;
    neighbour->opened = true;
    neighbour->observed = event->peer->observed;
    touch(table, neighbour, now);
    /* Our own dial may be the one that counts at the other end (newer_stays). */
    if (event->dialled || memcmp(table->own_key, neighbour->key, KEY_SIZE) > 0) {
        neighbour_dial_end(&neighbour->dial, table->hub, now);
    }
    neighbour->dial.next = neighbour->dial.place.addresses_count;
    table->ports.counters->neighbours_opened++;
    queue_flush(table, neighbour);
    event_due(table, neighbour);
}

/* A relay has come. NULL, which is counted: there is no room for it. `known` is its neighbour, if
 * we have one, or are looking for it. */
static struct neighbour *let_in(struct neighbour_table *table, struct neighbour *known,
                                struct relay_client *client, struct mono now)
{
    struct relay_counters *counters = table->ports.counters;
    struct client_limits *former =
        known != NULL && known->client != NULL ? &known->client->limits : NULL;

    if (!limits_neighbour_enter(table->ports.limits, &client->limits, former, &client->remote)) {
        counters->neighbours_refused_net++;
        return NULL;
    }
    if (known != NULL) {
        return known;
    }
    if ((table->accepted_count >= NEIGHBOURS_ACCEPTED_MAX && !spare_one(table, true, now)) ||
        (table->count >= NEIGHBOURS_MAX && !spare_one(table, false, now))) {
        counters->neighbours_refused_all++;
        limits_neighbour_leave(table->ports.limits, &client->limits);
        return NULL;
    }
    known = neighbour_new(table, client->key, now);
    if (known != NULL) {
        known->brief = true; /* until it is used */
    }
    return known;
}

static struct neighbour *neighbour_of_dial(struct neighbour_table *table, struct handle handle)
{
    struct neighbour *neighbour;

    TAILQ_FOREACH(neighbour, &table->list, in_use)
    {
        if (neighbour_dial_take(&neighbour->dial, handle)) {
            return neighbour;
        }
    }
    return NULL;
}

void neighbour_on_open(struct neighbour_table *table, struct relay_client *client,
                       const struct link_event *event, struct mono now)
{
    struct neighbour *neighbour = map_find_pointer(table->by_key, client->key);
    bool ours = memcmp(client->key, table->own_key, KEY_SIZE) == 0;

    if (ours || table->stopping ||
        (event->dialled && neighbour_of_dial(table, event->handle) == NULL) ||
        (neighbour != NULL && neighbour->state == NEIGHBOUR_STATE_OPEN &&
         !newer_stays(table, neighbour, event->dialled, now))) {
        send_away(table, client, GOAWAY_REPLACED, now);
        return;
    }
    if (!event->dialled) {
        neighbour = let_in(table, neighbour, client, now);
    } else if (neighbour != NULL && (event->peer->capabilities & LINK_CAPABILITY_RELAYS) == 0) {
        neighbour->older = true; /* it would take us for a host */
        gone(table, neighbour, now);
        send_away(table, client, GOAWAY_REPLACED, now);
        return;
    }
    if (neighbour == NULL) {
        if (table->book.introduce != NULL) { /* we may be the only one that it knows */
            table->book.introduce(table->book.context, client);
        }
        send_away(table, client, GOAWAY_BUSY, now);
        return;
    }
    adopt(table, neighbour, client, event, now);
}

/* ---- sessions go ---- */

void neighbour_on_closed(struct neighbour_table *table, const struct relay_client *client,
                         const struct link_event *event, struct mono now)
{
    struct neighbour *neighbour =
        client != NULL ? client->neighbour : neighbour_of_dial(table, event->handle);

    if (neighbour == NULL) {
        return;
    }
    neighbour->reason = event->reason;
    if (client != NULL ||
        (neighbour->state == NEIGHBOUR_STATE_DIALLING &&
         !neighbour_dial_step(&neighbour->dial, table->hub, neighbour->key, now))) {
        gone(table, neighbour, now);
    }
}

void neighbour_on_away(struct neighbour_table *table, const struct relay_client *client,
                       uint32_t away_ms, struct mono now)
{
    if (client->neighbour != NULL) {
        client->neighbour->away_ms = away_ms;
        gone(table, client->neighbour, now);
    }
}

void neighbour_on_stalled(const struct relay_client *client, struct mono now)
{
    if (client != NULL && client->neighbour != NULL) {
        client->neighbour->deadline = mono_add_ms(now, NEIGHBOUR_STALL_MS);
    }
}

void neighbour_on_revived(const struct relay_client *client)
{
    if (client != NULL && client->neighbour != NULL) {
        client->neighbour->deadline = MONO_NEVER;
    }
}

/* ---- time ---- */

/* When something is to be done about it. */
static struct mono neighbour_due(const struct neighbour_table *table,
                                 const struct neighbour *neighbour)
{
    struct mono at = neighbour->deadline;

    if (neighbour->state == NEIGHBOUR_STATE_DIALLING) {
        return mono_min(at, neighbour_dial_deadline(&neighbour->dial));
    }
    if (!neighbour->dialled) { /* QUIC would wait for longer, and anew after what we send */
        struct mono heard = link_hub_heard_at(table->hub, neighbour->client->handle);

        return mono_min(at, mono_add_ms(heard, NEIGHBOUR_SILENT_MS));
    }
    return neighbour->kept ? at
                           : mono_min(at, mono_add_ms(neighbour->used_at, neighbour->brief
                                                                              ? NEIGHBOUR_BRIEF_MS
                                                                              : NEIGHBOUR_IDLE_MS));
}

void neighbour_expire(struct neighbour_table *table, struct mono now)
{
    struct neighbour *neighbour = TAILQ_FIRST(&table->list);

    while (neighbour != NULL) {
        struct neighbour *next = TAILQ_NEXT(neighbour, in_use);

        if (mono_due(neighbour_due(table, neighbour), now)) {
            /* An attempt goes on, unless its time is over or nothing is left of it. */
            if (neighbour->state != NEIGHBOUR_STATE_DIALLING ||
                mono_due(neighbour->deadline, now) ||
                !neighbour_dial_step(&neighbour->dial, table->hub, neighbour->key, now)) {
                neighbour_end(table, neighbour, now);
            }
        }
        neighbour = next;
    }
}

struct mono neighbour_deadline(const struct neighbour_table *table)
{
    struct mono at = MONO_NEVER;
    const struct neighbour *neighbour;

    TAILQ_FOREACH(neighbour, &table->list, in_use)
    {
        at = mono_min(at, neighbour_due(table, neighbour));
    }
    return at;
}

void neighbour_shutdown(struct neighbour_table *table, struct mono now)
{
    struct neighbour *neighbour = TAILQ_FIRST(&table->list);

    table->stopping = true;
    while (neighbour != NULL) {
        struct neighbour *next = TAILQ_NEXT(neighbour, in_use);

        if (neighbour->state == NEIGHBOUR_STATE_DIALLING) {
            neighbour_end(table, neighbour, now);
        }
        neighbour = next;
    }
}
