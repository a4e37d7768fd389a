/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of places that is walked from end to end: it is small, and mostly empty. */
#include "relayd/service/lend_knocks.h"

#include <string.h>

/* After each copy, when the next one follows. A NAT that drops one for another reason than its
 * rules hardly drops all of them. */
static const uint32_t gaps_ms[LEND_COPIES] = {150, 300, 0};

static const struct bucket_rate all_rate = {.per_s = LEND_JOBS_PER_S, .burst = LEND_JOBS_PER_S};

int lend_knocks_init(struct lend_knocks *knocks, struct relay_base *base, struct mono now)
{
    static const struct bucket_rate neighbour = {.per_s = LEND_NEIGHBOUR_PER_S,
                                                 .burst = LEND_NEIGHBOUR_BURST};
    static const struct bucket_rate net = {.per_s = LEND_NET_PER_S, .burst = LEND_NET_BURST};
    int rc;

    knocks->base = base;
    bucket_init(&knocks->all, &all_rate, now);
    rc = bucket_table_new(&knocks->neighbours, KEY_SIZE, NEIGHBOURS_MAX, &neighbour, &base->env);
    if (rc == ERR_OK) {
        rc = bucket_table_new(&knocks->nets, 16, LEND_NETS_MAX, &net, &base->env);
    }
    return rc;
}

void lend_knocks_fini(struct lend_knocks *knocks)
{
    bucket_table_free(knocks->neighbours);
    bucket_table_free(knocks->nets);
}

bool lend_knocks_begin(struct lend_knocks *knocks, const struct endpoint *local,
                       const struct endpoint *remote, const uint8_t transaction[STUN_ID_SIZE],
                       struct mono now)
{
    for (size_t i = 0; i < LEND_KNOCKS_MAX; i++) {
        struct lend_knock *knock = &knocks->list[i];

        if (knock->left == 0) {
            *knock = (struct lend_knock){
                .local = *local, .remote = *remote, .left = LEND_COPIES, .due = now};
            memcpy(knock->transaction, transaction, STUN_ID_SIZE);
            return true;
        }
    }
    return false;
}

/* Nobody may be led to special addresses, but where this relay has such an address itself. */
static bool may_send(const struct endpoint *own, const struct endpoint *remote)
{
    return remote->port != 0 &&
           (endpoint_scope(remote) == ENDPOINT_SCOPE_GLOBAL || endpoint_same_special(remote, own));
}

bool lend_knocks_begin_lent(struct lend_knocks *knocks, const uint8_t neighbour[KEY_SIZE],
                            const struct endpoint *own, const struct endpoint *remote,
                            const uint8_t transaction[STUN_ID_SIZE], struct mono now)
{
    static const struct endpoint any = {.port = 0};
    struct relay_counters *counters = &knocks->base->counters;
    uint8_t net[16] = {0};

    memcpy(net, remote->ip, endpoint_is_v4(remote) ? 15 : 6);
    if (!may_send(own, remote)) {
        counters->lent_bad_target++;
        return false;
    }
    if (!bucket_table_take(knocks->neighbours, neighbour, 1, now)) {
        counters->lent_limited_neighbour++;
        return false;
    }
    if (!bucket_table_take(knocks->nets, net, 1, now)) {
        counters->lent_limited_net++;
        return false;
    }
    if (!bucket_take(&knocks->all, &all_rate, 1, now) ||
        !lend_knocks_begin(knocks, &any, remote, transaction, now)) {
        counters->lent_limited_all++;
        return false;
    }
    counters->lent_sent++;
    return true;
}

void lend_knocks_transmit(struct lend_knocks *knocks, struct outbox *out, struct mono now)
{
    uint8_t packet[STUN_REQUEST_SIZE];

    for (size_t i = 0; i < LEND_KNOCKS_MAX; i++) {
        struct lend_knock *knock = &knocks->list[i];

        if (knock->left > 0 && mono_due(knock->due, now)) {
            stun_indication(packet, knock->transaction);
            outbox_put(out, &knock->local, &knock->remote, packet, sizeof(packet));
            knock->due = mono_add_ms(now, gaps_ms[LEND_COPIES - knock->left]);
            knock->left--;
        }
    }
}

struct mono lend_knocks_deadline(const struct lend_knocks *knocks)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < LEND_KNOCKS_MAX; i++) {
        at = knocks->list[i].left > 0 ? mono_min(at, knocks->list[i].due) : at;
    }
    return at;
}
