/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at a way: the relay is asked, some time passes, and then the peer is. */
#include "client/libstun2/punch_keep.h"

#include "client/libstun2/punch_send.h"

static const struct endpoint any;

/* ---- what happens ---- */

void punch_keep_on_answer(struct app_punch *punch, struct mono now)
{
    struct punch_keeping *k = &punch->keeping;

    k->heard_at = now;
    k->check_at = MONO_NEVER;
    k->misses = 0;
    k->asked = false;
    k->held = false;
}

void punch_keep_on_data(struct app_punch *punch, struct mono now)
{
    punch->keeping.data_at = now;
    punch->keeping.talks = true;
}

void punch_keep_on_sent(struct app_punch *punch, struct mono now)
{
    if (!punch->keeping.talks) {
        punch_keep_on_data(punch, now);
    }
}

void punch_keep_doubt(struct app_punch *punch, struct mono at)
{
    struct punch_keeping *k = &punch->keeping;

    if (punch->was_open && k->misses == 0) { /* else one is on its way */
        k->check_at = mono_min(k->check_at, at);
    }
}

void punch_keep_on_network_begins(struct app_punch *punch, const struct way_finder *ways)
{
    if (punch->step == PUNCH_STEP_OPEN &&
        way_differs(&punch->keeping.way, ways, &any, &punch->proven.remote)) {
        punch->keeping.held = true;
        punch->keeping.asked = false;
    }
}

void punch_keep_on_network(struct app_punch *punch, const struct way_finder *ways, struct mono now)
{
    enum way_change change;

    if (!punch->was_open) {
        return;
    }
    change = way_look(&punch->keeping.way, ways, &any, &punch->proven.remote);
    if (change == WAY_SAME) {
        return;
    }
    punch->keeping.held = punch->keeping.held || change != WAY_DOUBTFUL;
    punch->keeping.asked = false; /* an answer by the former way says nothing */
    punch_keep_doubt(punch, now);
}

void punch_keep_learn_way(struct app_punch *punch, const struct way_finder *ways)
{
    if (punch->was_open) {
        way_learn(&punch->keeping.way, ways, &any, &punch->proven.remote);
    }
}

/* The way is gone: the application is told, and relays are asked at `at`. */
static void lose(struct punch_table *table, struct app_punch *punch, struct mono at)
{
    punch->step = PUNCH_STEP_LOST;
    punch->keeping.held = false;
    punch_retry_reset(&punch->retry, at);
    (void)punch_table_event(table, punch, STUN2_EVENT_LOST);
}

void punch_keep_on_vain_round(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    struct mono rest_over = mono_add_ms(now, PUNCH_KEEP_REST_MS);

    punch->keeping.rests_until = rest_over;
    if (punch->step == PUNCH_STEP_OPEN && punch->keeping.held) {
        lose(table, punch, rest_over);
    } else if (punch->step == PUNCH_STEP_LOST && punch->wait_until.ns == MONO_NEVER.ns) {
        punch_retry_failed(&punch->retry, now);
        punch->retry.at = mono_before(punch->retry.at, rest_over) ? rest_over : punch->retry.at;
    }
}

/* ---- looking ---- */

/* When a talk has been silent for long enough; NEVER: nobody talks, or that silence was looked at.
 */
static struct mono quiet_at(const struct punch_keeping *k)
{
    struct mono silent = mono_add_ms(k->data_at, PUNCH_KEEP_QUIET_MS);
    struct mono next = mono_add_ms(k->quiet_at, PUNCH_KEEP_QUIET_EVERY_MS);

    if (!k->talks) {
        return MONO_NEVER;
    }
    return mono_before(silent, next) ? next : silent;
}

/* When the relay has said what there is to say, or will say nothing. */
static struct mono answered_at(const struct punch_table *table, const struct app_punch *punch)
{
    const struct punch_keeping *k = &punch->keeping;
    const struct relay_session *relay = app_base_relay(table->base, punch->relay);
    struct mono over = mono_add_ms(k->asked_at, k->held ? PUNCH_KEEP_HOLD_MS : PUNCH_KEEP_ASK_MS),
                heard;

    if (relay == NULL) {
        return over;
    }
    heard = link_hub_heard_at(relay->hub, relay->active);
    return mono_before(heard, k->asked_at)
               ? over
               : mono_add_ns(heard, 2 * link_hub_rtt_ns(relay->hub, relay->active) +
                                        PUNCH_KEEP_SETTLE_MS * NS_PER_MS);
}

/* When the next step of a look is due. */
static struct mono look_at(const struct punch_table *table, const struct app_punch *punch)
{
    const struct punch_keeping *k = &punch->keeping;

    if (!punch->was_open || (k->held && punch->firing) ||
        (punch->step == PUNCH_STEP_LOST && app_base_relay(table->base, punch->relay) != NULL)) {
        return MONO_NEVER; /* rounds find it */
    }
    if (k->asked) {
        return answered_at(table, punch);
    }
    if (k->misses > 0) {
        return k->check_at;
    }
    return mono_min(
        mono_min(k->check_at, quiet_at(k)),
        mono_add_ms(k->heard_at, keepalive_ms(&table->base->keepalive, k->since, k->heard_at)));
}

static void ask_relay(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    const struct relay_session *relay = app_base_relay(table->base, punch->relay);

    if (relay != NULL) {
        link_hub_ping(relay->hub, relay->active, now);
    }
    punch->keeping.asked = relay != NULL || punch->keeping.held;
    punch->keeping.asked_at = now;
}

static void ask_peer(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    struct punch_keeping *k = &punch->keeping;

    k->asked = false;
    k->held = false; /* the relay sees this side where it was */
    if (k->misses >= PUNCH_KEEP_MISSES_MAX && punch->step == PUNCH_STEP_OPEN) {
        lose(table, punch,
             punch->firing                      ? MONO_NEVER
             : mono_before(now, k->rests_until) ? k->rests_until
                                                : now);
    }
    (void)punch_send(table, punch, &punch->proven.remote, 0, now);
    k->misses++;
    k->check_at = mono_add_ms(now, punch->step == PUNCH_STEP_OPEN ? PUNCH_KEEP_CHECK_MS
                                                                  : PUNCH_KEEP_LOST_CHECK_MS);
}

void punch_keep_expire(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    struct punch_keeping *k = &punch->keeping;

    if (!mono_due(look_at(table, punch), now)) {
        return;
    }
    if (k->talks && mono_due(quiet_at(k), now)) {
        k->talks = false;
        k->quiet_at = now;
    }
    if (!k->asked && k->misses == 0) {
        ask_relay(table, punch, now);
    }
    if (!k->asked || mono_due(answered_at(table, punch), now)) {
        ask_peer(table, punch, now);
    }
}

struct mono punch_keep_deadline(const struct punch_table *table, const struct app_punch *punch)
{
    return look_at(table, punch);
}
