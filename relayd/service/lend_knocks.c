/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of places that is walked from end to end: it is small, and mostly empty. */
#include "relayd/service/lend_knocks.h"

#include <string.h>

/* After each copy, when the next one follows. A NAT that drops one for another reason than its
 * rules hardly drops all of them. */
static const uint32_t gaps_ms[LEND_COPIES] = {150, 300, 0};

static const struct bucket_rate all_rate = {.per_s = LEND_JOBS_PER_S, .burst = LEND_JOBS_PER_S};

static int budget_init(struct lend_budget *budget, const struct env *env, struct mono now)
{
    static const struct bucket_rate neighbour = {.per_s = LEND_NEIGHBOUR_PER_S,
                                                 .burst = LEND_NEIGHBOUR_BURST};
    static const struct bucket_rate net = {.per_s = LEND_NET_PER_S, .burst = LEND_NET_BURST};
    int rc = bucket_table_new(&budget->neighbours, KEY_SIZE, NEIGHBOURS_MAX, &neighbour, env);

    bucket_init(&budget->all, &all_rate, now);
    if (rc == ERR_OK) {
        rc = bucket_table_new(&budget->nets, 16, LEND_NETS_MAX, &net, env);
    }
    return rc;
}

int lend_knocks_init(struct lend_knocks *knocks, struct relay_base *base, struct mono now)
{
    int rc = budget_init(&knocks->knocks, &base->env, now);

    knocks->base = base;
    if (rc == ERR_OK) {
        rc = budget_init(&knocks->answers, &base->env, now);
    }
    return rc;
}

void lend_knocks_fini(struct lend_knocks *knocks)
{
    bucket_table_free(knocks->knocks.neighbours);
    bucket_table_free(knocks->knocks.nets);
    bucket_table_free(knocks->answers.neighbours);
    bucket_table_free(knocks->answers.nets);
}

/* Take a free place. False if there is none. */
static bool place_take(struct lend_knocks *knocks, const struct lend_knock *knock)
{
    for (size_t i = 0; i < LEND_KNOCKS_MAX; i++) {
        if (knocks->list[i].left == 0) {
            knocks->list[i] = *knock;
            return true;
        }
    }
    return false;
}

bool lend_knocks_begin(struct lend_knocks *knocks, const struct endpoint *local,
                       const struct endpoint *remote, const uint8_t transaction[STUN_ID_SIZE],
                       struct mono now)
{
    struct lend_knock knock = {.local = *local, .remote = *remote, .left = LEND_COPIES, .due = now};

    memcpy(knock.transaction, transaction, STUN_ID_SIZE);
    return place_take(knocks, &knock);
}

/* Nobody may be led to special addresses, but where this relay has such an address itself. */
static bool may_send(const struct endpoint *own, const struct endpoint *remote)
{
    return remote->port != 0 &&
           (endpoint_scope(remote) == ENDPOINT_SCOPE_GLOBAL || endpoint_same_special(remote, own));
}

/* Whether something may be sent for this neighbour to this network. */
static bool budget_take(struct lend_knocks *knocks, struct lend_budget *budget,
                        const struct lend_lent *lent, struct mono now)
{
    struct relay_counters *counters = &knocks->base->counters;
    uint8_t net[16] = {0};

    memcpy(net, lent->remote.ip, endpoint_is_v4(&lent->remote) ? 15 : 6);
    if (!may_send(lent->own, &lent->remote)) {
        counters->lent_bad_target++;
        return false;
    }
    if (!bucket_table_take(budget->neighbours, lent->neighbour, 1, now)) {
        counters->lent_limited_neighbour++;
        return false;
    }
    if (!bucket_table_take(budget->nets, net, 1, now)) {
        counters->lent_limited_net++;
        return false;
    }
    if (!bucket_take(&budget->all, &all_rate, 1, now)) {
        counters->lent_limited_all++;
        return false;
    }
    return true;
}

static bool lent_begin(struct lend_knocks *knocks, struct lend_knock *knock,
                       const struct lend_lent *lent)
{
    memcpy(knock->transaction, lent->transaction, STUN_ID_SIZE);
    if (!place_take(knocks, knock)) {
        knocks->base->counters.lent_limited_all++;
        return false;
    }
    knocks->base->counters.lent_sent++;
    return true;
}

bool lend_knocks_begin_lent(struct lend_knocks *knocks, const struct lend_lent *lent,
                            struct mono now)
{
    struct lend_knock knock = {.remote = lent->remote, .left = LEND_COPIES, .due = now};

    return budget_take(knocks, &knocks->knocks, lent, now) && lent_begin(knocks, &knock, lent);
}

bool lend_knocks_answer_lent(struct lend_knocks *knocks, const struct lend_lent *lent,
                             struct mono now)
{
    struct lend_knock knock = {
        .local = *lent->own, .remote = lent->remote, .answer = true, .left = 1, .due = now};

    return budget_take(knocks, &knocks->answers, lent, now) && lent_begin(knocks, &knock, lent);
}

static void knock_send(const struct lend_knock *knock, struct outbox *out)
{
    uint8_t packet[STUN_ANSWER_SIZE_MAX];
    size_t size = STUN_REQUEST_SIZE;

    if (knock->answer) {
        size = stun_lent_answer(packet, knock->transaction, &knock->remote, &knock->local);
    } else {
        stun_indication(packet, knock->transaction);
    }
    outbox_put(out, &knock->local, &knock->remote, packet, size);
}

void lend_knocks_transmit(struct lend_knocks *knocks, struct outbox *out, struct mono now)
{
    for (size_t i = 0; i < LEND_KNOCKS_MAX; i++) {
        struct lend_knock *knock = &knocks->list[i];

        if (knock->left > 0 && mono_due(knock->due, now)) {
            knock_send(knock, out);
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
