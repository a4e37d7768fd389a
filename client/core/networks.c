/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All networks stand in one value of the store. */
#include "client/core/networks.h"

#include "client/core/core_internal.h"
#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"
#include "proto/crypto/hash.h"

#include <string.h>

static const char row[] = "networks";

enum { VERSION = 1, KNOWN_SIZE = 53, STORED_SIZE_MAX = 1 + NETWORKS_MAX * KNOWN_SIZE };

bool networks_here(const struct host_core *core, uint8_t out[NETWORKS_ID_SIZE])
{
    const struct relay_session *relay;
    uint8_t hash[HASH_SIZE];

    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay->open && !endpoint_is_none(&relay->observed)) {
            hash_label(hash, "ziglan network 1", relay->observed.ip, sizeof(relay->observed.ip),
                       relay->way.next_hop, sizeof(relay->way.next_hop));
            memcpy(out, hash, NETWORKS_ID_SIZE);
            return true;
        }
    }
    return false;
}

/* ---- the store ---- */

static void known_write(struct wbuf *w, const struct network_known *known)
{
    const struct lifetime_found *found = &known->lifetime.found;

    wbuf_put(w, known->id, NETWORKS_ID_SIZE);
    wbuf_u8(w, (uint8_t)known->nat.name);
    wbuf_u16(w, known->nat.ports.step);
    wbuf_u16(w, known->nat.ports.low);
    wbuf_u16(w, known->nat.ports.high);
    wbuf_u64(w, known->nat.measured_ms);
    wbuf_u32(w, found->quiet.alive_ms);
    wbuf_u32(w, found->quiet.dead_ms);
    wbuf_u32(w, found->kept.alive_ms);
    wbuf_u32(w, found->kept.dead_ms);
    wbuf_u8(w, (uint8_t)found->answered);
    wbuf_u8(w, (uint8_t)found->inbound);
    wbuf_u64(w, known->lifetime.measured_ms);
    wbuf_u32(w, known->lifetime.keepalive_ms_max);
}

static bool known_read(struct rbuf *r, struct network_known *known)
{
    struct lifetime_found *found = &known->lifetime.found;
    uint8_t name, answered, inbound;

    *known = (struct network_known){.id = {0}};
    rbuf_copy(r, known->id, NETWORKS_ID_SIZE);
    name = rbuf_u8(r);
    known->nat.name = (enum nat_name)name;
    known->nat.ports.step = rbuf_u16(r);
    known->nat.ports.low = rbuf_u16(r);
    known->nat.ports.high = rbuf_u16(r);
    known->nat.measured_ms = rbuf_u64(r);
    found->quiet.alive_ms = rbuf_u32(r);
    found->quiet.dead_ms = rbuf_u32(r);
    found->kept.alive_ms = rbuf_u32(r);
    found->kept.dead_ms = rbuf_u32(r);
    answered = rbuf_u8(r);
    inbound = rbuf_u8(r);
    found->answered = (enum lifetime_answered)answered;
    found->inbound = (enum lifetime_inbound)inbound;
    known->lifetime.measured_ms = rbuf_u64(r);
    known->lifetime.keepalive_ms_max = rbuf_u32(r);
    return !r->failed && name <= NAT_NAME_BLOCKED && answered <= LIFETIME_ANSWERED_AS_BOTH &&
           inbound <= LIFETIME_INBOUND_YES;
}

void networks_save(struct host_core *core)
{
    uint8_t bytes[STORED_SIZE_MAX];
    struct wbuf w = wbuf_over(bytes, sizeof(bytes));

    wbuf_u8(&w, VERSION);
    for (size_t i = 0; i < core->networks.count; i++) {
        known_write(&w, &core->networks.list[i]);
    }
    CHECK(wbuf_ok(&w));
    (void)!store_write(core->store, STORE_TABLE_META, row, sizeof(row) - 1, bytes, wbuf_size(&w));
}

/* True unless it is damaged. */
static bool list_read(struct networks *networks, const uint8_t *bytes, size_t size)
{
    struct rbuf r = rbuf_over(bytes, size);
    bool good = rbuf_u8(&r) == VERSION;

    while (good && rbuf_left(&r) > 0) {
        good = networks->count < NETWORKS_MAX && known_read(&r, &networks->list[networks->count]);
        networks->count += good ? 1 : 0;
    }
    return good;
}

static void load(struct host_core *core)
{
    uint8_t bytes[STORED_SIZE_MAX];
    size_t size = STORE_NONE;

    core->networks.loaded = true;
    if (store_read_sized(core->store, STORE_TABLE_META, row, sizeof(row) - 1, bytes, 0,
                         sizeof(bytes), &size) != ERR_OK ||
        size == STORE_NONE || list_read(&core->networks, bytes, size)) {
        return;
    }
    core->networks.count = 0;
    env_trace(core->env, TRACE_LEVEL_WARN, "nat.damaged",
              "what is stored of networks cannot be read; it is measured anew");
}

/* ---- networks ---- */

static size_t index_of(struct host_core *core, const uint8_t id[NETWORKS_ID_SIZE])
{
    struct networks *networks = &core->networks;
    size_t i = 0;

    if (!networks->loaded) {
        load(core);
    }
    while (i < networks->count && memcmp(networks->list[i].id, id, NETWORKS_ID_SIZE) != 0) {
        i++;
    }
    return i;
}

struct network_known *networks_find(struct host_core *core, const uint8_t id[NETWORKS_ID_SIZE])
{
    size_t i = index_of(core, id);

    return i < core->networks.count ? &core->networks.list[i] : NULL;
}

struct network_known *networks_enter(struct host_core *core, const uint8_t id[NETWORKS_ID_SIZE])
{
    struct networks *networks = &core->networks;
    size_t before = index_of(core, id);
    struct network_known known = {.id = {0}};

    memcpy(known.id, id, NETWORKS_ID_SIZE);
    if (before < networks->count) {
        known = networks->list[before];
    } else if (before == NETWORKS_MAX) { /* the one that was entered first */
        before--;
    } else {
        networks->count++;
    }
    memmove(&networks->list[1], &networks->list[0], before * sizeof(networks->list[0]));
    networks->list[0] = known;
    return &networks->list[0];
}
