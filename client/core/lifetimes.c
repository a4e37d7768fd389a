/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All networks stand in one value of the store. */
#include "client/core/lifetimes.h"

#include "client/core/core_internal.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/hash.h"

#include <string.h>

#define LIFETIMES_KEY "lifetimes"

enum { VERSION = 1, KNOWN_SIZE = 38, STORED_SIZE_MAX = 1 + LIFETIMES_MAX * KNOWN_SIZE };

/* ---- the store ---- */

static void known_write(struct wbuf *w, const struct lifetimes_known *known)
{
    wbuf_put(w, known->network, LIFETIMES_NETWORK_SIZE);
    wbuf_u32(w, known->found.quiet.alive_ms);
    wbuf_u32(w, known->found.quiet.dead_ms);
    wbuf_u32(w, known->found.kept.alive_ms);
    wbuf_u32(w, known->found.kept.dead_ms);
    wbuf_u8(w, (uint8_t)known->found.answered);
    wbuf_u8(w, (uint8_t)known->found.inbound);
    wbuf_u64(w, known->measured_ms);
    wbuf_u32(w, known->keepalive_ms_max);
}

static bool known_read(struct rbuf *r, struct lifetimes_known *known)
{
    uint8_t answered, inbound;

    rbuf_copy(r, known->network, LIFETIMES_NETWORK_SIZE);
    known->found.quiet.alive_ms = rbuf_u32(r);
    known->found.quiet.dead_ms = rbuf_u32(r);
    known->found.kept.alive_ms = rbuf_u32(r);
    known->found.kept.dead_ms = rbuf_u32(r);
    answered = rbuf_u8(r);
    inbound = rbuf_u8(r);
    known->found.answered = (enum lifetime_answered)answered;
    known->found.inbound = (enum lifetime_inbound)inbound;
    known->measured_ms = rbuf_u64(r);
    known->keepalive_ms_max = rbuf_u32(r);
    return !r->failed && answered <= LIFETIME_ANSWERED_AS_BOTH && inbound <= LIFETIME_INBOUND_YES;
}

/* A failed write was traced; the measurement is made again after the next start. */
static void save(struct host_core *core)
{
    uint8_t bytes[STORED_SIZE_MAX];
    struct wbuf w = wbuf_over(bytes, sizeof(bytes));

    wbuf_u8(&w, VERSION);
    for (size_t i = 0; i < core->lifetimes.count; i++) {
        known_write(&w, &core->lifetimes.list[i]);
    }
    CHECK(wbuf_ok(&w));
    (void)!store_write(core->store, STORE_TABLE_META, LIFETIMES_KEY, sizeof(LIFETIMES_KEY) - 1,
                       bytes, wbuf_size(&w));
}

static void load(struct host_core *core)
{
    struct lifetimes *l = &core->lifetimes;
    uint8_t bytes[STORED_SIZE_MAX];
    size_t size = STORE_NONE;

    if (store_read(core->store, STORE_TABLE_META, LIFETIMES_KEY, sizeof(LIFETIMES_KEY) - 1, bytes,
                   sizeof(bytes), &size) != ERR_OK ||
        size == STORE_NONE) {
        return;
    }
    struct rbuf r = rbuf_over(bytes, size);

    if (rbuf_u8(&r) != VERSION) {
        return;
    }
    while (rbuf_left(&r) >= KNOWN_SIZE && l->count < LIFETIMES_MAX &&
           known_read(&r, &l->list[l->count])) {
        l->count++;
    }
}

/* ---- what is known here ---- */

/* Where the network stands in which this host is; l->count: nowhere. */
static size_t index_here(const struct lifetimes *l)
{
    size_t i = 0;

    while (i < l->count &&
           (!l->somewhere || memcmp(l->list[i].network, l->network, LIFETIMES_NETWORK_SIZE) != 0)) {
        i++;
    }
    return i;
}

const struct lifetimes_known *host_core_lifetime(const struct host_core *core)
{
    size_t i = index_here(&core->lifetimes);

    return i < core->lifetimes.count ? &core->lifetimes.list[i] : NULL;
}

const struct keepalive *host_core_keepalive(const struct host_core *core)
{
    return &core->relays.keepalive;
}

static uint32_t smaller(uint32_t ms, uint32_t most)
{
    return most != 0 && ms > most ? most : ms;
}

static void keepalive_follow(struct host_core *core, struct mono now)
{
    const struct lifetimes_known *known = host_core_lifetime(core);
    struct keepalive keepalive = keepalive_unmeasured();
    uint32_t most = core->lifetimes.keepalive_ms_max;

    if (known != NULL) {
        keepalive =
            keepalive_of(lifetime_young_ms(&known->found), lifetime_span_ms(&known->found.kept));
        most = known->keepalive_ms_max;
    }
    keepalive.young_ms = smaller(keepalive.young_ms, most);
    keepalive.kept_ms = smaller(keepalive.kept_ms, most);
    if (keepalive.young_ms != core->relays.keepalive.young_ms ||
        keepalive.kept_ms != core->relays.keepalive.kept_ms) {
        core->lifetimes.judged_from =
            mono_add_ms(now, core->relays.keepalive.kept_ms + LIFETIMES_CHANGE_MS);
    }
    core->relays.keepalive = keepalive;
}

/* ---- where this host is, and what happens there ---- */

/* A hash of the gateway and of the address that the first open relay sees. */
static bool network_look(const struct host_core *core, uint8_t out[LIFETIMES_NETWORK_SIZE])
{
    const struct relay_session *relay;
    uint8_t hash[HASH_SIZE];

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay->open && !endpoint_is_none(&relay->observed)) {
            hash_label(hash, "ziglan network 1", relay->observed.ip, sizeof(relay->observed.ip),
                       relay->way.next_hop, sizeof(relay->way.next_hop));
            memcpy(out, hash, LIFETIMES_NETWORK_SIZE);
            return true;
        }
    }
    return false;
}

/* True if a NAT forgot a mapping: a relay sees another port, or first packets after silences get
 * lost. */
static bool a_mapping_died(struct host_core *core, struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    uint64_t lost = core->dataplane.counters.silences_lost;
    bool changed = lost - l->silences_lost >= LIFETIMES_SILENCES;
    struct relay_session *relay;

    if (changed || !mono_due(l->judged_from, now)) {
        l->silences_lost = lost;
    }
    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        changed = relay_session_take_port_changed(relay) || changed;
    }
    return changed;
}

/* Whatever was measured, the NAT forgot a mapping that should have lasted. */
static void on_early_death(struct host_core *core, struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    size_t here = index_here(l);
    uint32_t ms = core->relays.keepalive.kept_ms;
    uint32_t most = ms > KEEPALIVE_MS_UNMEASURED ? KEEPALIVE_MS_UNMEASURED : ms / 2;

    most = most < KEEPALIVE_MS_MIN ? KEEPALIVE_MS_MIN : most;
    l->doubted = true;
    if (here == l->count) {
        l->keepalive_ms_max = most;
    } else {
        l->list[here].keepalive_ms_max = most;
        save(core);
    }
    keepalive_follow(core, now);
    env_trace(core->env, TRACE_LEVEL_INFO, "nat.forgot", "keepalive_ms=%u now_ms=%u", ms, most);
}

void lifetimes_look(struct host_core *core, struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    uint8_t network[LIFETIMES_NETWORK_SIZE];
    bool died = a_mapping_died(core, now);

    if (!l->loaded) {
        l->loaded = true;
        load(core);
    }
    if (!network_look(core, network)) {
        return;
    }
    if (!l->somewhere || memcmp(l->network, network, sizeof(network)) != 0) {
        memcpy(l->network, network, sizeof(network));
        l->somewhere = true;
        l->doubted = false;
        l->keepalive_ms_max = 0;
        l->silences_lost = core->dataplane.counters.silences_lost;
        l->next_at = mono_add_ms(now, LIFETIMES_SETTLE_MS);
        if (mono_before(l->next_at, l->spared_until)) {
            l->next_at = l->spared_until;
        }
        keepalive_follow(core, now);
    } else if (died && mono_due(l->judged_from, now)) {
        on_early_death(core, now);
    }
}

/* ---- measurements ---- */

bool host_core_lifetime_wanted(const struct host_core *core, struct mono now)
{
    const struct lifetimes *l = &core->lifetimes;

    return l->somewhere && mono_due(l->next_at, now) &&
           (l->doubted || host_core_lifetime(core) == NULL);
}

void host_core_lifetime_begins(struct host_core *core, struct mono now)
{
    core->lifetimes.next_at = mono_add_ms(now, LIFETIMES_AGAIN_MS);
    core->lifetimes.spared_until = mono_add_ms(now, LIFETIMES_EVERY_MS);
}

void host_core_lifetime_measured(struct host_core *core, const struct lifetime_found *found,
                                 struct mono now)
{
    struct lifetimes *l = &core->lifetimes;
    size_t before = index_here(l);

    if (found->unable || !l->somewhere) {
        return;
    }
    if (before == LIFETIMES_MAX) { /* the one that was written first */
        before--;
    }
    memmove(&l->list[1], &l->list[0], before * sizeof(l->list[0]));
    l->count = before == l->count ? l->count + 1 : l->count;
    l->list[0] = (struct lifetimes_known){.found = *found, .measured_ms = env_wall_ms(core->env)};
    memcpy(l->list[0].network, l->network, LIFETIMES_NETWORK_SIZE);
    l->doubted = false;
    l->keepalive_ms_max = 0;
    save(core);
    keepalive_follow(core, now);
    env_trace(core->env, TRACE_LEVEL_INFO, "nat.lifetime", "kept_ms=%u quiet_ms=%u keepalive_ms=%u",
              lifetime_span_ms(&found->kept), lifetime_span_ms(&found->quiet),
              core->relays.keepalive.kept_ms);
}

uint64_t host_core_packets_count(const struct host_core *core)
{
    return core->dataplane.counters.packets_in + core->dataplane.counters.packets_out;
}
