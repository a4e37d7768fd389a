/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries that are remembered, their way out and back, and the clients that wait. */
#include "rendezvous/search/find.h"

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/map.h"
#include "proto/base/slab.h"
#include "rendezvous/search/find_waiter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { QUERY_KEY_SIZE = KEY_SIZE + 8 };

static const struct bucket_rate strangers_rate = {.per_s = FIND_STRANGERS_PER_S,
                                                  .burst = FIND_STRANGERS_BURST};

/* Neighbours that were asked, and of how many relays each may still tell. */
struct asked {
    uint8_t keys[FIND_FANOUT][KEY_SIZE];
    uint32_t left[FIND_FANOUT];
    size_t count;
};

/* A query that came by, or is our own. */
struct query {
    TAILQ_ENTRY(query) in_age;     /* oldest first */
    TAILQ_ENTRY(query) in_waiting; /* if somebody waits; longest first */
    struct handle handle;
    uint8_t key[QUERY_KEY_SIZE]; /* origin and number */
    struct find_query wants;
    uint8_t from[KEY_SIZE]; /* the way back; our own key: it is a client's */
    struct asked asked;
    uint64_t told[FIND_COUNT_MAX]; /* beginnings of the keys that went back already */
    size_t told_count;             /* at most wants.count */
    struct mono forget_at;
    struct find_waiter *waiter; /* of a client; NULL: nobody waits */
};

TAILQ_HEAD(query_list, query);

struct find {
    struct find_ports ports;
    const struct env *env;
    uint8_t own_key[KEY_SIZE];
    struct slab *slab;
    struct map *by_key;
    struct query_list ages, waiting;
    struct bucket_table *asks, *clients, *links_in, *links_out;
    struct bucket strangers;
    struct find_stats stats;
};

/* ---- life and death ---- */

/* One in FIND_EVERY_S, and so many at once. */
static struct bucket_rate rate_of(uint64_t burst)
{
    return (struct bucket_rate){.per_s = 1, .burst = burst * FIND_EVERY_S};
}

int find_new(struct find **out, const struct find_ports *ports, const uint8_t own_key[KEY_SIZE],
             const struct env *env, struct mono now)
{
    const struct bucket_rate asks = {.per_s = 1, .burst = FIND_ASKS_BURST};
    const struct bucket_rate client = rate_of(1), in = rate_of(FIND_LINK_BURST_IN),
                             link_out = rate_of(FIND_LINK_BURST_OUT);
    struct find *find = calloc(1, sizeof(*find));
    int rc;

    *out = NULL;
    if (find == NULL) {
        return ERR_NOMEM;
    }
    find->ports = *ports;
    find->env = env;
    memcpy(find->own_key, own_key, KEY_SIZE);
    bucket_init(&find->strangers, &strangers_rate, now);
    TAILQ_INIT(&find->ages);
    TAILQ_INIT(&find->waiting);
    rc = slab_new(&find->slab, sizeof(struct query), FIND_ROWS_MAX);
    if (rc == ERR_OK) {
        rc = map_new(&find->by_key, QUERY_KEY_SIZE, FIND_ROWS_MAX, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&find->asks, KEY_SIZE, FIND_CLIENTS_MAX, &asks, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&find->clients, KEY_SIZE, FIND_CLIENTS_MAX, &client, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&find->links_in, KEY_SIZE, 4 * FIND_NEIGHBOURS_MAX, &in, env);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&find->links_out, KEY_SIZE, 4 * FIND_NEIGHBOURS_MAX, &link_out, env);
    }
    if (rc != ERR_OK) {
        find_free(find);
        return rc;
    }
    *out = find;
    return ERR_OK;
}

void find_free(struct find *find)
{
    struct query *query;

    if (find == NULL) {
        return;
    }
    TAILQ_FOREACH(query, &find->waiting, in_waiting)
    {
        free(query->waiter);
    }
    slab_free(find->slab);
    map_free(find->by_key);
    bucket_table_free(find->asks);
    bucket_table_free(find->clients);
    bucket_table_free(find->links_in);
    bucket_table_free(find->links_out);
    free(find);
}

/* ---- queries that are remembered ---- */

static void query_key(uint8_t out[QUERY_KEY_SIZE], const uint8_t origin[KEY_SIZE], uint64_t number)
{
    memcpy(out, origin, KEY_SIZE);
    memcpy(out + KEY_SIZE, &number, sizeof(number));
}

static uint64_t query_number(const struct query *query)
{
    uint64_t number;

    memcpy(&number, query->key + KEY_SIZE, sizeof(number));
    return number;
}

static void query_forget(struct find *find, struct query *query)
{
    if (query->waiter != NULL) {
        free(query->waiter);
        TAILQ_REMOVE(&find->waiting, query, in_waiting);
        find->stats.waiting--;
    }
    TAILQ_REMOVE(&find->ages, query, in_age);
    (void)map_remove(find->by_key, query->key, NULL);
    slab_release(find->slab, query->handle);
    find->stats.remembered--;
}

/* The links bear fewer queries than there is room for, so only a query that is almost forgotten
 * makes room. One for which a client waits stays. */
static bool room_make(struct find *find)
{
    struct query *oldest = TAILQ_FIRST(&find->ages);

    if (find->stats.remembered < FIND_ROWS_MAX) {
        return true;
    }
    while (oldest != NULL && oldest->waiter != NULL) {
        oldest = TAILQ_NEXT(oldest, in_age);
    }
    if (oldest == NULL) {
        return false;
    }
    query_forget(find, oldest);
    return true;
}

/* Remember a query; NULL without memory. */
static struct query *query_note(struct find *find, const uint8_t key[QUERY_KEY_SIZE],
                                const uint8_t from[KEY_SIZE], const struct find_query *wants,
                                struct mono now)
{
    struct handle handle;
    struct query *query = room_make(find) ? slab_take(find->slab, &handle) : NULL;

    if (query == NULL) {
        return NULL;
    }
    if (map_put_pointer(find->by_key, key, query) != ERR_OK) {
        slab_release(find->slab, handle);
        return NULL;
    }
    query->handle = handle;
    memcpy(query->key, key, QUERY_KEY_SIZE);
    memcpy(query->from, from, KEY_SIZE);
    query->wants = *wants;
    query->forget_at = mono_add_ms(now, FIND_REMEMBER_MS);
    TAILQ_INSERT_TAIL(&find->ages, query, in_age);
    find->stats.remembered++;
    return query;
}

/* True, and remembered, if this relay did not go back yet and one more may. */
static bool tell_once(struct query *query, const uint8_t key[KEY_SIZE])
{
    uint64_t beginning;

    memcpy(&beginning, key, sizeof(beginning));
    for (size_t i = 0; i < query->told_count; i++) {
        if (query->told[i] == beginning) {
            return false;
        }
    }
    if (query->told_count >= query->wants.count) {
        return false;
    }
    query->told[query->told_count++] = beginning;
    return true;
}

/* ---- the way out ---- */

static void find_send(struct find *find, const struct query *query, const uint8_t to[KEY_SIZE],
                      uint32_t hops, struct mono now)
{
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char *apps[RECORD_APPS_MAX];
    uint32_t nat_kinds[FIND_NAT_KINDS_MAX];

    for (size_t i = 0; i < query->wants.apps_count; i++) {
        apps[i] = control_text(query->wants.apps[i]);
    }
    for (size_t i = 0; i < query->wants.nat_kinds_count; i++) {
        nat_kinds[i] = query->wants.nat_kinds[i];
    }
    body.apps = apps;
    body.n_apps = query->wants.apps_count;
    body.nat_kinds = nat_kinds;
    body.n_nat_kinds = query->wants.nat_kinds_count;
    body.count = query->wants.count;
    body.origin = control_bytes(query->key, KEY_SIZE);
    body.query = query_number(query);
    body.hops = hops;
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    find->stats.sent++;
    find->ports.send(find->ports.context, to, &message, now);
}

/* Ask up to FIND_FANOUT neighbours, in random order, but not whom the query came from or began
 * with, and not one that was asked enough lately. */
static void pass_on(struct find *find, struct query *query, uint32_t hops, struct mono now)
{
    uint8_t keys[FIND_NEIGHBOURS_MAX][KEY_SIZE];
    size_t count = find->ports.neighbours(find->ports.context, keys);
    struct asked *asked = &query->asked;

    while (count > 0 && asked->count < FIND_FANOUT) {
        size_t at = env_random_below(find->env, (uint32_t)count);
        uint8_t key[KEY_SIZE];

        memcpy(key, keys[at], KEY_SIZE);
        memcpy(keys[at], keys[--count], KEY_SIZE);
        if (memcmp(key, query->from, KEY_SIZE) == 0 || memcmp(key, query->key, KEY_SIZE) == 0 ||
            !bucket_table_take(find->links_out, key, FIND_EVERY_S, now)) {
            continue;
        }
        memcpy(asked->keys[asked->count], key, KEY_SIZE);
        asked->left[asked->count] = query->wants.count;
        asked->count++;
        find_send(find, query, key, hops, now);
    }
}

/* ---- the way back ---- */

/* Send relays back, in as many messages as they need. */
static void results_send(struct find *find, const struct query *query,
                         const struct find_relay *relays, size_t count, struct mono now)
{
    struct find_result result;
    size_t done = 0;

    while (done < count) {
        find_result_begin(&result);
        result.body.origin = control_bytes(query->key, KEY_SIZE);
        result.body.query = query_number(query);
        while (done < count && find_result_add(&result, &relays[done], true)) {
            done++;
        }
        find->ports.send(find->ports.context, query->from, &result.control, now);
    }
    find->stats.relays_passed += count;
}

/* Answer a client; of each relay it checks the record itself, and needs no attestations. */
static void client_answer(struct find *find, const struct find_asker *asker,
                          const struct find_relay *relays, size_t count)
{
    struct find_result result;

    find_result_begin(&result);
    for (size_t i = 0; i < count; i++) {
        (void)find_result_add(&result, &relays[i], false); /* there is room for FIND_COUNT_MAX */
    }
    result.control.request_id = asker->request_id;
    find->ports.answer(find->ports.context, asker->client, &result.control);
}

/* What is believed here of a relay of which this was told; false if it is not what the query wants.
 */
static bool relay_read(struct find *find, const struct query *query, const uint8_t *key,
                       const char *app, uint32_t pool_size, struct find_relay *out)
{
    struct record_node node;
    struct find_query only = query->wants;

    if (!find_query_narrow(&only, app) ||
        !find->ports.believed(find->ports.context, key, out, &node) ||
        find_query_match(&only, &node) == NULL) {
        return false;
    }
    out->app = app;
    out->pool_size = pool_size;
    return true;
}

static void waiter_answer(struct find *find, struct query *query)
{
    struct find_waiter *waiter = query->waiter;
    struct find_result result;

    for (size_t i = 0; i < waiter->doubtful_count; i++) {
        const struct find_doubtful *doubtful = &waiter->doubtful[i];
        struct find_relay relay;

        if (relay_read(find, query, doubtful->key, doubtful->app, doubtful->pool_size, &relay) &&
            tell_once(query, relay.key)) {
            find_waiter_keep(waiter, &relay);
        }
    }
    find_result_begin(&result);
    find_waiter_fill(waiter, &result);
    result.control.request_id = waiter->request_id;
    find->ports.answer(find->ports.context, waiter->client, &result.control);
    query->waiter = NULL;
    free(waiter);
    TAILQ_REMOVE(&find->waiting, query, in_waiting);
    find->stats.waiting--;
}

/* ---- a client asks ---- */

/* Begin a search for a client, which was found so much already. False: there is no room. */
static bool search_begin(struct find *find, const struct find_asker *asker,
                         const struct find_query *wants, const struct find_relay *known,
                         size_t count, struct mono now)
{
    struct find_waiter *waiter = NULL;
    uint8_t key[QUERY_KEY_SIZE];
    uint64_t number;
    struct query *query;

    if (find->stats.waiting < (asker->member ? FIND_SEARCHES_MAX : FIND_SEARCHES_MAX / 2)) {
        waiter = calloc(1, sizeof(*waiter));
    }
    env_random(find->env, &number, sizeof(number));
    query_key(key, find->own_key, number);
    query = waiter != NULL ? query_note(find, key, find->own_key, wants, now) : NULL;
    if (query == NULL) {
        free(waiter);
        find->stats.limit_waiting++;
        return false;
    }
    waiter->client = asker->client;
    waiter->request_id = asker->request_id;
    waiter->answer_at = mono_add_ms(now, FIND_WAIT_MS);
    query->waiter = waiter;
    TAILQ_INSERT_TAIL(&find->waiting, query, in_waiting);
    find->stats.waiting++;
    for (size_t i = 0; i < count; i++) {
        if (tell_once(query, known[i].key)) {
            find_waiter_keep(waiter, &known[i]);
        }
    }
    find->stats.searched++;
    pass_on(find, query, FIND_HOPS_MAX, now);
    if (query->asked.count == 0) {
        waiter_answer(find, query); /* there is nobody to wait for */
    }
    return true;
}

/* An answer is long, and to find it many records are read. */
static bool ask_take(struct find *find, const struct find_asker *asker, struct mono now)
{
    return bucket_table_take(find->asks, asker->key, 1, now) &&
           (asker->member || bucket_take(&find->strangers, &strangers_rate, 1, now));
}

enum verdict find_ask(struct find *find, const struct find_asker *asker, const Ziglan__Find *body,
                      struct mono now)
{
    struct find_relay known[FIND_COUNT_MAX];
    struct find_query wants;
    size_t count;

    if (!find_query_take(&wants, body)) {
        return VERDICT_BAD_REQUEST;
    }
    find->stats.asked++;
    if (!ask_take(find, asker, now)) {
        find->stats.limit_asks++;
        return VERDICT_LIMIT;
    }
    count = find->ports.known(find->ports.context, &wants, known, wants.count);
    if (count < wants.count && asker->may_search) {
        bool may = bucket_table_take(find->clients, asker->key, FIND_EVERY_S, now);

        find->stats.limit_client += may ? 0 : 1;
        if (may && search_begin(find, asker, &wants, known, count, now)) {
            return VERDICT_OK;
        }
        if (count == 0) {
            return VERDICT_LIMIT;
        }
    }
    find->stats.known_enough += count == wants.count ? 1 : 0;
    client_answer(find, asker, known, count);
    return VERDICT_OK;
}

/* ---- neighbours ---- */

/* Who begins a search says so itself, and begins with all hops to go. */
static bool travels_well(const struct find *find, const uint8_t from[KEY_SIZE],
                         const Ziglan__Find *body)
{
    return body->origin.len == KEY_SIZE && body->hops >= 1 && body->hops <= FIND_HOPS_MAX &&
           memcmp(body->origin.data, find->own_key, KEY_SIZE) != 0 &&
           (body->hops == FIND_HOPS_MAX) == (memcmp(body->origin.data, from, KEY_SIZE) == 0);
}

void find_on_find(struct find *find, const uint8_t from[KEY_SIZE], const Ziglan__Find *body,
                  struct mono now)
{
    struct find_relay known[FIND_COUNT_MAX];
    uint8_t key[QUERY_KEY_SIZE];
    struct find_query wants;
    struct query *query;
    size_t count;

    if (!bucket_table_take(find->links_in, from, FIND_EVERY_S, now)) {
        find->stats.limit_link++;
        return;
    }
    if (!find_query_take(&wants, body) || !travels_well(find, from, body)) {
        find->stats.malformed++;
        return;
    }
    query_key(key, body->origin.data, body->query);
    if (map_find(find->by_key, key, NULL)) {
        find->stats.duplicate++;
        return;
    }
    query = query_note(find, key, from, &wants, now);
    if (query == NULL) {
        return;
    }
    find->stats.queries++;
    count = find->ports.known(find->ports.context, &wants, known, wants.count);
    for (size_t i = 0; i < count; i++) {
        (void)tell_once(query, known[i].key);
    }
    results_send(find, query, known, count, now);
    if (count < wants.count && body->hops > 1) {
        pass_on(find, query, body->hops - 1, now);
    }
}

/* Of how many relays this neighbour may still tell; NULL: it was not asked. */
static uint32_t *left_of(struct query *query, const uint8_t from[KEY_SIZE])
{
    for (size_t i = 0; i < query->asked.count; i++) {
        if (memcmp(query->asked.keys[i], from, KEY_SIZE) == 0) {
            return &query->asked.left[i];
        }
    }
    return NULL;
}

/* True if this relay is what the query wants, is believed here, and did not come yet. */
static bool relay_take(struct find *find, struct query *query, const Ziglan__FoundRelay *told,
                       struct find_relay *out)
{
    const ProtobufCBinaryData *record = &told->node->record;
    const uint8_t *key;

    if (record->len < RECORD_SIGNED_SIZE_MIN) {
        find->stats.relays_refused++;
        return false;
    }
    key = record->data + RECORD_KEY_OFFSET;
    if (relay_read(find, query, key, told->app, told->size, out)) {
        return tell_once(query, key);
    }
    find->stats.relays_refused++;
    if (query->waiter != NULL) {
        find_waiter_doubt(query->waiter, key, told->app, told->size);
    }
    return false;
}

/* Relays came back: to a client, or farther. */
static void relays_forward(struct find *find, struct query *query, const struct find_relay *relays,
                           size_t count, struct mono now)
{
    struct find_waiter *waiter = query->waiter;

    if (memcmp(query->from, find->own_key, KEY_SIZE) != 0) {
        results_send(find, query, relays, count, now);
        return;
    }
    for (size_t i = 0; i < count && waiter != NULL; i++) {
        find_waiter_keep(waiter, &relays[i]);
    }
    if (waiter != NULL && query->told_count >= query->wants.count) {
        find->stats.enough++;
        waiter_answer(find, query);
    }
}

void find_on_result(struct find *find, const uint8_t from[KEY_SIZE], const Ziglan__FindResult *body,
                    struct mono now)
{
    struct find_relay relays[FIND_COUNT_MAX];
    uint8_t key[QUERY_KEY_SIZE];
    struct query *query = NULL;
    uint32_t *left = NULL;
    size_t told, count = 0;

    if (body->origin.len == KEY_SIZE) {
        query_key(key, body->origin.data, body->query);
        query = map_find_pointer(find->by_key, key);
        left = query != NULL ? left_of(query, from) : NULL;
    }
    if (left == NULL) {
        find->stats.results_unwanted++;
        return;
    }
    find->stats.results++;
    /* What is refused costs as much as what is good, so it counts as much. */
    told = body->n_relays < *left ? body->n_relays : *left;
    *left -= (uint32_t)told;
    for (size_t i = 0; i < told; i++) {
        find->ports.learn(find->ports.context, from, body->relays[i]->node);
    }
    for (size_t i = 0; i < told; i++) {
        count += relay_take(find, query, body->relays[i], &relays[count]) ? 1 : 0;
    }
    relays_forward(find, query, relays, count, now);
}

/* ---- time ---- */

void find_expire(struct find *find, struct mono now)
{
    struct query *query = TAILQ_FIRST(&find->waiting);

    while (query != NULL && mono_due(query->waiter->answer_at, now)) {
        find->stats.too_late++;
        waiter_answer(find, query);
        query = TAILQ_FIRST(&find->waiting);
    }
    query = TAILQ_FIRST(&find->ages);
    while (query != NULL && mono_due(query->forget_at, now)) {
        query_forget(find, query);
        query = TAILQ_FIRST(&find->ages);
    }
}

struct mono find_deadline(const struct find *find)
{
    const struct query *waiting = TAILQ_FIRST(&find->waiting);
    const struct query *oldest = TAILQ_FIRST(&find->ages);
    struct mono at = waiting != NULL ? waiting->waiter->answer_at : MONO_NEVER;

    return oldest != NULL ? mono_min(at, oldest->forget_at) : at;
}

const struct find_stats *find_stats(const struct find *find)
{
    return &find->stats;
}
