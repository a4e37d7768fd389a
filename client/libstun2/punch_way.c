/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds are those of client/stun2/punch_round; what is sent and proven in them is here. */
#include "client/libstun2/punch_way.h"

#include "client/libstun2/punch_words.h"

#include <string.h>

enum { TOLD_AGAIN_BURST = 3 /* with it the peer is told once more; the first word may be lost */ };

static const struct endpoint any;

/* ---- sending ---- */

/* What would go to an address that never answered, and is too much, is not sent (client/path). */
static bool send_out(struct punch_table *table, struct app_punch *punch, const struct endpoint *to,
                     uint8_t hops, struct mono now)
{
    struct punch_probe m = {.side = punch->terms.side, .punch_id = punch->terms.id};
    struct punch_sent *sent = &punch->memory.sent[punch->memory.sent_next];
    uint8_t frame[PUNCH_PROBE_SIZE];

    if (!endpoint_equal(to, &punch->proven.remote) &&
        !allowance_take(&punch->allowance, NULL, now)) {
        return false;
    }
    do {
        env_random(table->base->env, &m.transaction, sizeof(m.transaction));
    } while (m.transaction == 0);
    punch->memory.sent_next = (punch->memory.sent_next + 1) % PUNCH_SENT_MAX;
    *sent = (struct punch_sent){.transaction = m.transaction, .to = *to};
    punch_probe_encode(&m, punch->terms.probe_key, frame);
    outbox_put_hops(&table->base->box, &any, to, frame, sizeof(frame), hops);
    return true;
}

static void send_answer(struct punch_table *table, const struct app_punch *punch,
                        uint64_t transaction, const struct dgram *in)
{
    const struct punch_probe answer = {.side = punch->terms.side,
                                       .answer = true,
                                       .punch_id = punch->terms.id,
                                       .transaction = transaction,
                                       .observed = in->remote};
    uint8_t frame[PUNCH_PROBE_SIZE];

    punch_probe_encode(&answer, punch->terms.probe_key, frame);
    outbox_put(&table->base->box, &in->local, &in->remote, frame, sizeof(frame));
}

/* ---- rounds ---- */

void punch_way_fire(struct punch_table *table, struct app_punch *punch, struct mono fire_at)
{
    const struct relay_session *relay = relay_set_find(&table->base->relays, punch->relay);
    const struct endpoint *observed = &punch->terms.observed;
    /* An address of a LAN means another machine elsewhere, unless the relay is in it, too. */
    bool private_ok = relay != NULL && endpoint_same_special(observed, &relay->remote);

    punch_round_init(&punch->round, fire_at, PUNCH_PROBE_SIZE, PUNCH_NEAR_MS);
    (void)punch_round_add(&punch->round, observed, true, private_ok);
    punch->firing = true;
}

static void expire_round(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    const struct punch_round *round = &punch->round;
    struct endpoint to;

    while (punch_round_next(&punch->round, &to, now)) {
        if (send_out(table, punch, &to, round->hops, now) && !round->receipt &&
            endpoint_equal(&to, &punch->terms.observed) &&
            (round->burst == 0 || round->burst == TOLD_AGAIN_BURST)) {
            punch_words_opened(table->base, punch);
        }
    }
    if (punch->step == PUNCH_STEP_OPEN && punch_round_deadline(round).ns == MONO_NEVER.ns) {
        punch->firing = false;
    }
    if (!mono_due(punch_round_end(round), now)) {
        return;
    }
    punch->firing = false;
    if (punch->step == PUNCH_STEP_FIRING) {
        punch_words_result(table->base, punch, false);
        punch_table_fail(table, punch, STUN2_FAILURE_NO_WAY, NULL);
    } else if (punch->step == PUNCH_STEP_LOST && punch->wait_until.ns == MONO_NEVER.ns) {
        punch_retry_failed(&punch->retry, now);
    }
}

/* ---- proof ---- */

static void keep_from(struct app_punch *punch, struct mono now)
{
    punch->proven.misses = 0;
    punch->proven.heard_at = now;
    punch->proven.check_at = MONO_NEVER;
}

/* The peer answers at this address. Of two that work, the one counts from which it speaks itself:
 * the other may be one that its NAT forgets. */
static void prove(struct punch_table *table, struct app_punch *punch, const struct endpoint *at,
                  struct mono now)
{
    struct punch_proven *proven = &punch->proven;
    bool same = endpoint_equal(&proven->remote, at);

    if (punch->firing) {
        punch_round_on_receipt(&punch->round, at, now);
    }
    if (punch->step == PUNCH_STEP_OPEN && !same && !endpoint_equal(&proven->asks_from, at)) {
        return;
    }
    proven->since = same && punch->step == PUNCH_STEP_OPEN ? proven->since : now;
    proven->remote = *at;
    keep_from(punch, now);
    if (punch->step == PUNCH_STEP_OPEN) {
        if (!same) {
            (void)punch_table_event(table, punch, STUN2_EVENT_MOVED);
        }
        return;
    }
    punch->step = PUNCH_STEP_OPEN;
    punch->was_open = true; /* a PunchGo that is on its way counts all the same */
    punch_retry_succeeded(&punch->retry);
    punch_words_result(table->base, punch, true);
    (void)punch_table_event(table, punch, STUN2_EVENT_OPEN);
}

/* True if this transaction of the peer was answered before; it is remembered. */
static bool is_repeated(struct app_punch *punch, uint64_t transaction)
{
    if (transaction == 0) {
        return true;
    }
    for (size_t i = 0; i < PUNCH_ANSWERED_MAX; i++) {
        if (punch->memory.answered[i] == transaction) {
            return true;
        }
    }
    punch->memory.answered[punch->memory.answered_next] = transaction;
    punch->memory.answered_next = (punch->memory.answered_next + 1) % PUNCH_ANSWERED_MAX;
    return false;
}

/* The peer was heard from where nothing of ours may have gone so far. */
static void on_heard(struct punch_table *table, struct app_punch *punch,
                     const struct endpoint *from, struct mono now)
{
    if (punch->firing) {
        punch_round_on_receipt(&punch->round, from, now);
    } else if (!endpoint_equal(&punch->proven.remote, from) &&
               allowance_take_learned(&punch->allowance, now)) {
        (void)send_out(table, punch, from, 0, now);
    }
}

static void on_answer(struct punch_table *table, struct app_punch *punch, uint64_t transaction,
                      const struct endpoint *from, struct mono now)
{
    for (size_t i = 0; transaction != 0 && i < PUNCH_SENT_MAX; i++) {
        struct punch_sent *sent = &punch->memory.sent[i];

        if (sent->transaction == transaction) {
            sent->transaction = 0;
            if (endpoint_equal(&sent->to, from)) {
                prove(table, punch, from, now);
            } else {
                on_heard(table, punch, from, now);
            }
            return;
        }
    }
}

bool punch_way_on_frame(struct punch_table *table, struct app_punch *punch, const struct dgram *in,
                        struct mono now)
{
    struct punch_probe m;

    if (punch_probe_decode(&m, punch->terms.probe_key, punch->terms.side, in->data, in->size) !=
        ERR_OK) {
        return false;
    }
    if (m.answer) {
        on_answer(table, punch, m.transaction, &in->remote, now);
    } else if (!is_repeated(punch, m.transaction)) {
        send_answer(table, punch, m.transaction, in);
        punch->proven.asks_from = in->remote;
        on_heard(table, punch, &in->remote, now);
    }
    return true;
}

void punch_way_on_relayed(struct punch_table *table, const uint8_t key[KEY_SIZE],
                          const uint8_t *frame, size_t size, struct mono now)
{
    struct app_punch *punch;
    struct punch_probe m;
    uint64_t id;

    if (!punch_probe_id(frame, size, &id)) {
        return;
    }
    punch = punch_table_of_id(table, id);
    if (punch != NULL && memcmp(punch->key, key, KEY_SIZE) == 0 && punch->firing &&
        punch_probe_decode(&m, punch->terms.probe_key, punch->terms.side, frame, size) == ERR_OK &&
        !m.answer && !is_repeated(punch, m.transaction)) {
        punch_round_opened(&punch->round, now);
    }
}

/* ---- keeping ---- */

void punch_way_doubt(struct app_punch *punch, struct mono at)
{
    if (punch->was_open && punch->proven.misses == 0) { /* else one is on its way */
        punch->proven.check_at = mono_min(punch->proven.check_at, at);
    }
}

/* When the peer is asked next. As long as it answers, that follows how often ways are used now. */
static struct mono check_at(const struct punch_table *table, const struct app_punch *punch)
{
    const struct punch_proven *proven = &punch->proven;

    if (!punch->was_open || proven->misses > 0) {
        return proven->check_at;
    }
    return mono_min(proven->check_at,
                    mono_add_ms(proven->heard_at, keepalive_ms(&table->base->keepalive,
                                                               proven->since, proven->heard_at)));
}

static void expire_check(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    struct punch_proven *proven = &punch->proven;
    const struct relay_session *relay = app_base_relay(table->base, punch->relay);

    if (!mono_due(check_at(table, punch), now)) {
        return;
    }
    if (proven->misses == 1 && relay != NULL) {
        /* So the relay sees where we are, if it is we who moved. */
        link_hub_ping(relay->hub, relay->active, now);
    }
    if (proven->misses >= PUNCH_WAY_MISSES_MAX && punch->step == PUNCH_STEP_OPEN) {
        punch->step = PUNCH_STEP_LOST;
        punch_retry_reset(&punch->retry, now);
        (void)punch_table_event(table, punch, STUN2_EVENT_LOST);
    }
    (void)send_out(table, punch, &proven->remote, 0, now);
    proven->misses++;
    proven->check_at = mono_add_ms(now, punch->step == PUNCH_STEP_OPEN ? PUNCH_WAY_CHECK_MS
                                                                       : PUNCH_WAY_LOST_CHECK_MS);
}

void punch_way_expire(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    if (punch->was_open) {
        expire_check(table, punch, now);
    }
    if (punch->firing) {
        expire_round(table, punch, now);
    }
}

struct mono punch_way_deadline(const struct punch_table *table, const struct app_punch *punch)
{
    struct mono at = punch->was_open ? check_at(table, punch) : MONO_NEVER;

    return !punch->firing ? at
                          : mono_min(at, mono_min(punch_round_deadline(&punch->round),
                                                  punch_round_end(&punch->round)));
}
