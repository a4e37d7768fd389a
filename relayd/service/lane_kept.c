/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stand-ins, which own lanes, and the lanes as bytes. */
#include "relayd/service/lane_kept.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "rendezvous/directory/directory.h"

#include <stdlib.h>
#include <string.h>

/* The first byte of a version; the rest of the head is how many lanes, and until when. */
enum { VERSION = 1 };

void lane_kept_init(struct lane_kept *kept, const struct lane_ends *ends)
{
    *kept = (struct lane_kept){.ends = ends, .until = MONO_NEVER};
}

static struct relay_client *stand_in_next(const struct lane_kept *kept, size_t *cursor)
{
    const void *key;
    uint64_t value;

    if (kept->stand_ins == NULL || !map_next(kept->stand_ins, cursor, &key, &value)) {
        return NULL;
    }
    return map_find_pointer(kept->stand_ins, key);
}

bool lane_kept_account(struct lane_kept *kept)
{
    struct relay_client *client;
    size_t cursor = 0;

    while (kept->uses != NULL && (client = stand_in_next(kept, &cursor)) != NULL) {
        use_on_closed(kept->uses, client);
        client->use = (struct client_use){.member = true};
    }
    return kept->stand_ins != NULL;
}

void lane_kept_fini(struct lane_kept *kept)
{
    struct relay_client *client;
    size_t cursor = 0;

    while ((client = stand_in_next(kept, &cursor)) != NULL) {
        free(client);
    }
    map_free(kept->stand_ins);
    kept->stand_ins = NULL;
    kept->until = MONO_NEVER;
}

static struct relay_client *stand_in_of(const struct lane_kept *kept, const uint8_t key[KEY_SIZE])
{
    return kept->stand_ins == NULL ? NULL : map_find_pointer(kept->stand_ins, key);
}

/* The stand-in for a key, a new one if there is none; NULL without memory. */
static struct relay_client *stand_in_for(struct lane_kept *kept, const uint8_t key[KEY_SIZE],
                                         struct mono now)
{
    struct relay_client *client = stand_in_of(kept, key);

    if (client != NULL) {
        return client;
    }
    if (kept->stand_ins == NULL && map_new(&kept->stand_ins, KEY_SIZE, (size_t)2 * LANES_MAX,
                                           &kept->ends->base->env) != ERR_OK) {
        return NULL;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    relay_client_init_absent(client, key, now);
    if (map_put_pointer(kept->stand_ins, client->key, client) != ERR_OK) {
        free(client);
        return NULL;
    }
    return client;
}

/* ---- the old sessions end ---- */

static bool is_members(const struct lane_end *end)
{
    return end->bound && !lane_end_is_relays(end) && end->owner->state == RELAY_CLIENT_STATE_MEMBER;
}

static bool keep(struct lane_kept *kept, struct relay_lane *lane, struct mono now)
{
    struct relay_client *first, *second;

    if (!is_members(&lane->ends[0]) || !is_members(&lane->ends[1])) {
        return false;
    }
    first = stand_in_for(kept, lane->ends[0].owner->key, now);
    second = stand_in_for(kept, lane->ends[1].owner->key, now);
    if (first == NULL || second == NULL) {
        return false;
    }
    lane_table_give(&lane->ends[0], first);
    lane_table_give(&lane->ends[1], second);
    return true;
}

bool lane_kept_begin(struct lane_kept *kept, struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    struct relay_lane *lane;

    kept->until = mono_add_ms(now, LANES_KEPT_MS);
    while ((lane = lane_table_next(kept->ends->table, &cursor)) != NULL) {
        if (!keep(kept, lane, now)) { /* its hosts hear of that before the goodbye */
            lane_ends_close(kept->ends, &lane->ends[0], true);
        }
    }
    return lane_table_count(kept->ends->table) > 0;
}

/* ---- as bytes ---- */

bool lane_kept_awaits(const struct lane_kept *kept, const struct lane_end *end)
{
    return stand_in_of(kept, end->other->owner->key) == end->other->owner;
}

static bool is_kept(const struct lane_kept *kept, const struct relay_lane *lane)
{
    return lane_kept_awaits(kept, &lane->ends[0]) && lane_kept_awaits(kept, &lane->ends[1]);
}

static size_t count_kept(const struct lane_kept *kept)
{
    struct handle cursor = HANDLE_NONE;
    const struct relay_lane *lane;
    size_t count = 0;

    while ((lane = lane_table_next(kept->ends->table, &cursor)) != NULL) {
        count += is_kept(kept, lane) ? 1 : 0;
    }
    return count;
}

size_t lane_kept_size(const struct lane_kept *kept)
{
    return LANES_KEPT_HEAD_SIZE + count_kept(kept) * LANE_KEPT_SIZE;
}

static void endpoint_save(struct wbuf *w, const struct endpoint *endpoint)
{
    wbuf_put(w, endpoint->ip, sizeof(endpoint->ip));
    wbuf_u16(w, endpoint->port);
}

static void end_save(struct wbuf *w, const struct lane_end *end)
{
    wbuf_put(w, end->owner->key, KEY_SIZE);
    wbuf_u64(w, end->label);
    wbuf_put(w, end->secret, LANE_SECRET_SIZE);
    wbuf_u64(w, end->nonce);
    endpoint_save(w, &end->local);
    endpoint_save(w, &end->remote);
}

void lane_kept_save(const struct lane_kept *kept, uint8_t *out)
{
    struct wbuf w = wbuf_over(out, lane_kept_size(kept));
    struct handle cursor = HANDLE_NONE;
    const struct relay_lane *lane;

    wbuf_u32(&w, VERSION);
    wbuf_u32(&w, (uint32_t)count_kept(kept));
    wbuf_u64(&w, kept->until.ns);
    while ((lane = lane_table_next(kept->ends->table, &cursor)) != NULL) {
        if (is_kept(kept, lane)) {
            end_save(&w, &lane->ends[0]);
            end_save(&w, &lane->ends[1]);
        }
    }
    CHECK(wbuf_ok(&w));
}

/* ---- the next program ---- */

struct saved_end {
    const uint8_t *key;
    struct lane_drawn drawn;
    uint64_t nonce;
    struct endpoint local, remote;
};

static struct endpoint endpoint_load(struct rbuf *r)
{
    struct endpoint endpoint;

    rbuf_copy(r, endpoint.ip, sizeof(endpoint.ip));
    endpoint.port = rbuf_u16(r);
    return endpoint;
}

static struct saved_end end_load(struct rbuf *r)
{
    struct saved_end end;

    end.key = rbuf_take(r, KEY_SIZE);
    end.drawn.label = rbuf_u64(r);
    end.drawn.secret = rbuf_take(r, LANE_SECRET_SIZE);
    end.nonce = rbuf_u64(r);
    end.local = endpoint_load(r);
    end.remote = endpoint_load(r);
    return end;
}

static bool is_revoked(const struct lane_kept *kept, const uint8_t key[KEY_SIZE])
{
    const struct relay_base *base = kept->ends->base;

    return base->directory != NULL &&
           directory_status(base->directory, key) == DIRECTORY_STATUS_REVOKED;
}

static void bind_as(struct lane_end *end, const struct saved_end *saved)
{
    end->bound = true;
    end->nonce = saved->nonce;
    end->local = saved->local;
    end->remote = saved->remote;
}

static bool lane_load(struct lane_kept *kept, const struct saved_end saved[2], struct mono now)
{
    const struct lane_drawn drawn[2] = {saved[0].drawn, saved[1].drawn};
    struct relay_client *first, *second;
    struct lane_end *end;

    if (memcmp(saved[0].key, saved[1].key, KEY_SIZE) == 0 || is_revoked(kept, saved[0].key) ||
        is_revoked(kept, saved[1].key)) {
        return false;
    }
    first = stand_in_for(kept, saved[0].key, now);
    second = stand_in_for(kept, saved[1].key, now);
    if (first == NULL || second == NULL ||
        lane_table_restore(kept->ends->table, &end, first, second, drawn, now) != ERR_OK) {
        return false;
    }
    bind_as(end, &saved[0]);
    bind_as(end->other, &saved[1]);
    lane_workers_changed(kept->ends->workers, end);
    kept->ends->base->counters.lanes_opened++;
    return true;
}

size_t lane_kept_load(struct lane_kept *kept, const uint8_t *data, size_t size, struct mono now)
{
    struct rbuf r = rbuf_over(data, size);
    uint32_t version = rbuf_u32(&r);
    uint32_t count = rbuf_u32(&r);
    struct mono until = {rbuf_u64(&r)};
    size_t loaded = 0;

    if (version != VERSION || count > LANES_MAX ||
        rbuf_left(&r) != count * (size_t)LANE_KEPT_SIZE || mono_due(until, now) ||
        mono_before(mono_add_ms(now, LANES_KEPT_MS), until)) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct saved_end saved[2];

        saved[0] = end_load(&r);
        saved[1] = end_load(&r);
        loaded += lane_load(kept, saved, now) ? 1 : 0;
    }
    kept->until = until;
    return loaded;
}

/* ---- they are back, or not ---- */

static void stand_in_free(struct lane_kept *kept, struct relay_client *client)
{
    (void)map_remove(kept->stand_ins, client->key, NULL);
    if (kept->uses != NULL) {
        use_on_closed(kept->uses, client);
    }
    free(client);
}

void lane_kept_take_over(struct lane_kept *kept, struct relay_client *client)
{
    struct relay_client *stand_in = stand_in_of(kept, client->key);

    if (stand_in == NULL) {
        return;
    }
    while (!LIST_EMPTY(&stand_in->lanes.ends)) {
        lane_table_give(LIST_FIRST(&stand_in->lanes.ends), client);
    }
    stand_in_free(kept, stand_in);
}

static void stand_in_leave(struct lane_kept *kept, struct relay_client *stand_in)
{
    while (!LIST_EMPTY(&stand_in->lanes.ends)) {
        lane_ends_close(kept->ends, LIST_FIRST(&stand_in->lanes.ends), false);
    }
}

void lane_kept_leave(struct lane_kept *kept, const uint8_t key[KEY_SIZE])
{
    struct relay_client *stand_in = stand_in_of(kept, key);

    if (stand_in != NULL) {
        stand_in_leave(kept, stand_in);
        stand_in_free(kept, stand_in);
    }
}

void lane_kept_expire(struct lane_kept *kept, struct mono now)
{
    struct relay_client *stand_in;
    size_t cursor = 0;

    if (!mono_due(kept->until, now)) {
        return;
    }
    while ((stand_in = stand_in_next(kept, &cursor)) != NULL) {
        stand_in_leave(kept, stand_in);
    }
    (void)lane_kept_account(kept);
    lane_kept_fini(kept);
}

struct mono lane_kept_deadline(const struct lane_kept *kept)
{
    return kept->until;
}
