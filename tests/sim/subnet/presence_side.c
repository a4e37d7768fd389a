/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of presence as events, with the way and the handshake that each takes. */
#include "tests/sim/subnet/presence_side.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"
#include "proto/crypto/word.h"
#include "rendezvous/mesh/mesh_internal.h"
#include "rendezvous/presence/announcer.h"
#include "rendezvous/presence/presence_table.h"
#include "tests/sim/subnet/link.h"

#include <stdlib.h>
#include <string.h>

enum {
    VIEWS = 16,
    HOSTS_MAX = 20000,  /* of one relay */
    BRIEFS_MAX = 64,    /* sessions for a word */
    BRIEF_MS = 10000,   /* after which one ends */
    DIAL_TRIPS = 2,     /* handshake and Hello */
    DIAL_MS_MAX = 5000, /* then nobody is there */
    MESSAGE_OVERHEAD = 12,
    NODE_ENTRY_SIZE = 850, /* the node record and its attestations that a Located bears */
    WORD_OVERHEAD = 42,    /* Ethernet, IPv4 and UDP */
    WORD_MS = 400,         /* so long an answer to a word is waited for */
    SWEEP_MS = 1000,
    REAL_WEIGHT_MAX = 1000,  /* relays; more have a light weight, and */
    LIGHT_COUNT_MAX = 16384, /* room for so many records, because empty room takes memory, too */
};

struct brief {
    uint32_t peer;
    struct mono until;
};

struct presence_side {
    struct presence_table *table;
    struct announcer *announcer;
    struct unreached *unreached;
    struct locate *locate; /* NULL: nobody asked here yet */
    void (*done)(struct world *world, const struct looked_up *looked_up);
    struct brief briefs[BRIEFS_MAX];
    uint64_t timer; /* of the only timer event that counts */
};

/* The seats, as relays see them that believe the same records and were there at the beginning, or
 * came later: one for each of ten thousand relays would fill the memory. */
static struct view {
    struct hrw *hrw;
    uint64_t root; /* of the digest of what they believe */
    bool newcomer;
    uint64_t used; /* 0: never */
} views[VIEWS];
static uint64_t views_used;

/* ---- seats ---- */

struct visit {
    const struct mesh *mesh;
    size_t cursor;
};

static bool visit_next(void *context, struct hrw_relay *out)
{
    struct visit *visit = context;
    struct node_found found;

    if (!mesh_next(visit->mesh, &visit->cursor, &found)) {
        return false;
    }
    memcpy(out->key, found.key, KEY_SIZE);
    out->address = found.address;
    out->known_since_ms = found.known_since_ms;
    return true;
}

/* As even as hrw_score and a hundred times as fast. */
static uint64_t light_weight(uint64_t day, const struct hrw_prefix *prefix,
                             const uint8_t key[KEY_SIZE])
{
    struct rng mixer = {be64_read(key) ^ day};

    for (size_t i = 0; i < prefix->size; i++) {
        mixer.state = mixer.state * 257 + prefix->bytes[i];
    }
    return rng_u64(&mixer);
}

static const struct hrw *seats_of(struct world *world, const struct relay *relay)
{
    struct visit visit = {.mesh = relay->mesh};
    const struct hrw_source source = {.context = &visit, .next = visit_next};
    uint64_t root = node_table_root(relay->mesh->table);
    bool newcomer = relay->born.ns > 0;
    struct view *view = &views[0];

    for (size_t i = 0; i < VIEWS; i++) {
        if (views[i].used != 0 && views[i].root == root && views[i].newcomer == newcomer) {
            views[i].used = ++views_used;
            return views[i].hrw;
        }
        view = views[i].used < view->used ? &views[i] : view;
    }
    if (view->hrw == NULL) {
        CHECK(hrw_new(&view->hrw, world->count > REAL_WEIGHT_MAX ? light_weight : hrw_score,
                      &world->ports.env) == ERR_OK);
    }
    CHECK(hrw_fill(view->hrw, &source, env_wall_ms(&world->ports.env)) == ERR_OK);
    view->root = root;
    view->newcomer = newcomer;
    view->used = ++views_used;
    return view->hrw;
}

size_t presence_side_winners(struct world *world, const struct relay *relay,
                             const uint8_t key[KEY_SIZE], uint8_t (*winners)[KEY_SIZE],
                             size_t count_max)
{
    uint64_t day = hrw_day(env_wall_ms(&world->ports.env));

    return hrw_winners(seats_of(world, relay), day, key, winners, count_max);
}

/* ---- signatures ---- */

static uint64_t seal_of(const struct presence_record *record)
{
    static const uint8_t secret[SIPHASH_KEY_SIZE] = "only the world";
    uint8_t bytes[2 * KEY_SIZE + 16];

    memcpy(bytes, record->key, KEY_SIZE);
    memcpy(bytes + KEY_SIZE, record->relay, KEY_SIZE);
    be64_write(bytes + 2 * KEY_SIZE, record->sequence);
    be64_write(bytes + 2 * KEY_SIZE + 8, record->expires_ms);
    return siphash24(secret, bytes, sizeof(bytes));
}

void presence_side_sign(struct presence_record *record)
{
    memset(record->signature, 0, sizeof(record->signature));
    be64_write(record->signature, seal_of(record));
}

static bool seal_check(const struct presence_record *record)
{
    return be64_read(record->signature) == seal_of(record);
}

/* ---- life ---- */

void presence_side_start(struct world *world, struct relay *relay)
{
    struct presence_side *side = calloc(1, sizeof(*side));
    const struct env *env = &world->ports.env;

    CHECK(side != NULL);
    uint32_t count_max = world->count > REAL_WEIGHT_MAX ? LIGHT_COUNT_MAX : PRESENCE_COUNT_MAX;

    CHECK(presence_table_new(&side->table, count_max, seal_check, env, world->now) == ERR_OK);
    CHECK(announcer_new(&side->announcer, relay->identity.public_key, HOSTS_MAX, env, world->now) ==
          ERR_OK);
    CHECK(unreached_new(&side->unreached, env) == ERR_OK);
    relay->presence = side;
}

void presence_side_stop(struct relay *relay)
{
    struct presence_side *side = relay->presence;

    if (side != NULL) {
        presence_table_free(side->table);
        announcer_free(side->announcer);
        unreached_free(side->unreached);
        locate_free(side->locate);
        free(side);
        relay->presence = NULL;
    }
}

uint32_t presence_side_records(const struct relay *relay)
{
    return relay->presence == NULL ? 0 : presence_table_stats(relay->presence->table)->records;
}

size_t presence_side_bytes(const struct relay *relay)
{
    return relay->presence == NULL ? 0 : presence_table_bytes(relay->presence->table);
}

/* ---- ways ---- */

static struct brief *brief_place(struct presence_side *side, uint32_t peer)
{
    struct brief *oldest = &side->briefs[0];

    for (size_t i = 0; i < BRIEFS_MAX; i++) {
        if (side->briefs[i].until.ns != 0 && side->briefs[i].peer == peer) {
            return &side->briefs[i];
        }
        if (mono_before(side->briefs[i].until, oldest->until)) {
            oldest = &side->briefs[i];
        }
    }
    return oldest;
}

/* How long a message takes over a session that may have to be dialled first; *reached is false if
 * nobody is there, and the time is that until this is known. */
static uint64_t word_us(struct world *world, struct relay *from, struct relay *to, size_t size,
                        bool *reached)
{
    struct brief *brief = brief_place(from->presence, to->number);
    bool open =
        link_find(from, to->number) != NULL || (brief->until.ns != 0 && brief->peer == to->number &&
                                                mono_before(world->now, brief->until));
    uint64_t us = 0;

    *reached = world_reaches(world, from, to);
    if (!*reached) {
        return DIAL_MS_MAX * 1000;
    }
    unreached_remove(from->presence->unreached, to->identity.public_key);
    for (int i = 0; i < DIAL_TRIPS && !open; i++) {
        us += link_way_us(world, from, to, 1) + link_way_us(world, to, from, 1);
    }
    if (!open) {
        link_charge_dial(from, to);
    }
    link_charge(from, to, size);
    *brief = (struct brief){.peer = to->number, .until = mono_add_ms(world->now, BRIEF_MS)};
    return us + link_way_us(world, from, to, size);
}

static void outputs_do(struct world *world, struct relay *relay);

/* ---- announcements ---- */

static void on_announce(struct world *world, struct event *event)
{
    const struct relay *from = &world->relays[event->from];
    struct relay *to = &world->relays[event->to];
    struct presence_teller teller = {.address = from->address};

    if (to->up && to->presence != NULL) {
        memcpy(teller.key, from->identity.public_key, KEY_SIZE);
        (void)presence_table_tell(to->presence->table, &teller, event->bytes, event->size,
                                  env_wall_ms(&world->ports.env), world->now);
    }
}

static void timer_set(struct world *world, struct relay *relay);

static void on_unreached(struct world *world, struct event *event)
{
    struct relay *from = &world->relays[event->from];
    const uint8_t *to = world->relays[event->to].identity.public_key;
    struct presence_side *side = from->presence;

    if (!from->up || side == NULL) {
        return;
    }
    unreached_put(side->unreached, to, world->now);
    announcer_unreached(side->announcer, to, world->now);
    if (side->locate != NULL) {
        locate_on_gone(side->locate, to, world->now);
        outputs_do(world, from);
    }
    timer_set(world, from);
}

static void announcement_send(struct world *world, struct relay *relay,
                              const struct announcement *announcement)
{
    uint8_t bytes[PRESENCE_SIGNED_SIZE_MAX];
    size_t size = presence_record_write(&announcement->record, bytes);

    for (size_t i = 0; i < announcement->count; i++) {
        struct relay *to = world_find(world, announcement->keepers[i]);
        bool reached;
        uint64_t us = word_us(world, relay, to, size + MESSAGE_OVERHEAD, &reached);
        struct event *event = world_later(world, us, reached ? on_announce : on_unreached, size);

        event->from = relay->number;
        event->to = to->number;
        memcpy(event->bytes, bytes, size);
    }
}

static void on_timer(struct world *world, struct event *event);

static void timer_set(struct world *world, struct relay *relay)
{
    struct presence_side *side = relay->presence;
    struct mono at = announcer_deadline(side->announcer);

    if (side->locate != NULL) {
        at = mono_min(at, locate_deadline(side->locate));
    }
    at = mono_min(at, mono_add_ms(world->now, 10 * SWEEP_MS));

    uint64_t us = mono_ns_between(world->now, at) / NS_PER_US + 1;
    struct event *event = world_later(world, us, on_timer, 0);

    event->from = relay->number;
    event->number = ++side->timer;
}

static void on_timer(struct world *world, struct event *event)
{
    struct relay *relay = &world->relays[event->from];
    struct presence_side *side = relay->presence;
    uint64_t wall_ms = env_wall_ms(&world->ports.env);
    struct announcement announcement;

    if (!relay->up || side == NULL || event->number != side->timer) {
        return;
    }
    if (side->locate != NULL) {
        locate_expire(side->locate, wall_ms, world->now);
        outputs_do(world, relay);
    }
    while (mono_due(announcer_deadline(side->announcer), world->now) &&
           announcer_next(side->announcer, seats_of(world, relay), side->unreached, wall_ms,
                          world->now, &announcement)) {
        announcement_send(world, relay, &announcement);
    }
    presence_table_expire(side->table, world->now);
    timer_set(world, relay);
}

void presence_side_attach(struct world *world, struct relay *relay,
                          const struct presence_record *record)
{
    CHECK(announcer_put(relay->presence->announcer, record, world->now) == ERR_OK);
    timer_set(world, relay);
}

/* ---- look-ups ---- */

static void on_located(struct world *world, struct event *event)
{
    struct relay *relay = &world->relays[event->to];
    struct locate_record records[PRESENCE_PER_KEY_MAX];
    size_t count = 0, at = 0;

    if (!relay->up || relay->presence == NULL) {
        return;
    }
    while (at < event->size) {
        records[count].size = event->bytes[at];
        records[count++].data = event->bytes + at + 1;
        at += 1U + event->bytes[at];
    }
    (void)locate_on_answer(relay->presence->locate, world->relays[event->from].identity.public_key,
                           (uint32_t)event->number, records, count, env_wall_ms(&world->ports.env),
                           world->now);
    outputs_do(world, relay);
    timer_set(world, relay);
}

/* What a relay that lies knows of a key: that it is here. */
static size_t lie(const struct world *world, const struct relay *relay, const uint8_t *key,
                  struct presence_record *out)
{
    *out = (struct presence_record){
        .sequence = UINT64_MAX, .created_ms = env_wall_ms(&world->ports.env), .lifetime_s = 3600};
    out->expires_ms = out->created_ms + 3600 * 1000;
    memcpy(out->key, key, KEY_SIZE);
    memcpy(out->relay, relay->identity.public_key, KEY_SIZE);
    return 1;
}

static size_t own_find(const struct world *world, const struct relay *relay, const uint8_t *key,
                       struct presence_record out[PRESENCE_PER_KEY_MAX])
{
    const struct presence_record *here = announcer_find(relay->presence->announcer, key);

    if (here != NULL) {
        out[0] = *here;
        return 1;
    }
    return presence_table_find(relay->presence->table, key, env_wall_ms(&world->ports.env),
                               world->now, out);
}

static void on_asked(struct world *world, struct event *event)
{
    struct relay *asker = &world->relays[event->from], *relay = &world->relays[event->to];
    struct presence_record records[PRESENCE_PER_KEY_MAX];
    uint8_t bytes[PRESENCE_PER_KEY_MAX * (1 + PRESENCE_SIGNED_SIZE_MAX)];
    size_t size = 0, count;

    if (!world_reaches(world, asker, relay) || relay->presence == NULL ||
        (relay->hostile & HOSTILE_SILENT_FLAG) != 0) {
        return;
    }
    count = (relay->hostile & HOSTILE_LIAR_FLAG) != 0
                ? lie(world, relay, event->bytes, records)
                : own_find(world, relay, event->bytes, records);
    for (size_t i = 0; i < count; i++) {
        size_t wrote = presence_record_write(&records[i], bytes + size + 1);

        bytes[size] = u8_of(wrote);
        size += 1 + wrote;
    }
    link_charge(relay, asker, size + MESSAGE_OVERHEAD + count * NODE_ENTRY_SIZE);

    struct event *answer = world_later(
        world, link_way_us(world, relay, asker, size + count * NODE_ENTRY_SIZE), on_located, size);

    answer->from = relay->number;
    answer->to = asker->number;
    answer->number = event->number;
    memcpy(answer->bytes, bytes, size);
}

/* Ask over a session. */
static void question_send(struct world *world, struct relay *relay, struct relay *to,
                          uint32_t request_id, const uint8_t *key)
{
    bool reached;
    uint64_t us = word_us(world, relay, to, KEY_SIZE + MESSAGE_OVERHEAD, &reached);
    struct event *event = world_later(world, us, reached ? on_asked : on_unreached, KEY_SIZE);

    event->from = relay->number;
    event->to = to->number;
    event->number = request_id;
    memcpy(event->bytes, key, KEY_SIZE);
}

/* A word was not answered in time. */
static void on_word_over(struct world *world, struct event *event)
{
    struct relay *relay = &world->relays[event->from], *to = &world->relays[event->to];
    uint32_t request_id = (uint32_t)event->number;

    if (relay->up && relay->presence != NULL &&
        locate_owes(relay->presence->locate, to->identity.public_key, request_id)) {
        question_send(world, relay, to, request_id, event->bytes);
        timer_set(world, relay);
    }
}

/* Ask by a word, unless there is a session. */
static void question_ask(struct world *world, struct relay *relay, const struct locate_output *out)
{
    struct relay *to = world_find(world, out->to);
    struct event *event;

    if (link_find(relay, to->number) != NULL) {
        question_send(world, relay, to, out->request_id, out->key);
        return;
    }
    relay->sent_bytes += WORD_SIZE + WORD_OVERHEAD;
    relay->sent_messages++;
    event = world_later(world, WORD_MS * 1000, on_word_over, KEY_SIZE);
    event->from = relay->number;
    event->to = to->number;
    event->number = out->request_id;
    memcpy(event->bytes, out->key, KEY_SIZE);
    if (world_reaches(world, relay, to) && !rng_chance(&world->rng, 2 * world->loss_ppm)) {
        uint64_t us = plane_way_us(&relay->place, &to->place);

        event = world_later(world, us + rng_below(&world->rng, (uint32_t)us / 20 + 1), on_asked,
                            KEY_SIZE);
        event->from = relay->number;
        event->to = to->number;
        event->number = out->request_id;
        memcpy(event->bytes, out->key, KEY_SIZE);
    }
}

static void outputs_do(struct world *world, struct relay *relay)
{
    struct presence_side *side = relay->presence;
    struct locate_output out;

    while (locate_output(side->locate, &out)) {
        if (out.type == LOCATE_OUTPUT_ASK) {
            question_ask(world, relay, &out);
        } else {
            struct looked_up looked_up = {.number = out.waiter.request_id, .located = &out.located};

            side->done(world, &looked_up);
        }
    }
}

void presence_side_locate(struct world *world, struct relay *relay, const uint8_t key[KEY_SIZE],
                          uint32_t number,
                          void (*done)(struct world *world, const struct looked_up *looked_up))
{
    struct presence_side *side = relay->presence;
    struct locate_waiter waiter = {.who = 1, .request_id = number};
    uint64_t wall_ms = env_wall_ms(&world->ports.env);
    uint8_t ranks[HRW_RANKS_MAX][KEY_SIZE], others[LOCATE_RANKS_MAX][KEY_SIZE];
    struct located located = {.count = own_find(world, relay, key, located.records)};
    struct looked_up looked_up = {.number = number, .located = &located};
    size_t count, asked = 0;

    side->done = done;
    if (side->locate == NULL) {
        CHECK(locate_new(&side->locate, seal_check, &world->ports.env) == ERR_OK);
    }
    enum locate_answer answer =
        located.count > 0 ? LOCATE_KNOWN
                          : locate_want(side->locate, key, &waiter, wall_ms, world->now, &located);

    if (answer == LOCATE_WAITS) {
        return;
    }
    if (answer != LOCATE_ASK_WHOM) {
        done(world, &looked_up);
        return;
    }
    count = presence_side_winners(world, relay, key, ranks, HRW_RANKS_MAX);
    unreached_last(side->unreached, ranks, count, world->now);
    for (size_t i = 0; i < count && asked < LOCATE_RANKS_MAX; i++) {
        if (memcmp(ranks[i], relay->identity.public_key, KEY_SIZE) != 0) {
            memcpy(others[asked++], ranks[i], KEY_SIZE);
        }
    }
    (void)locate_begin(side->locate, key, &waiter, others, asked, world->now);
    outputs_do(world, relay);
    timer_set(world, relay);
}
