/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rounds are those of client/stun2/punch_round; what is sent and proven in them is here. */
#include "client/libstun2/punch_way.h"

#include "client/libstun2/punch_keep.h"
#include "client/libstun2/punch_send.h"
#include "client/libstun2/punch_words.h"

#include <string.h>

enum { TOLD_AGAIN_BURST = 3 /* with it the peer is told once more; the first word may be lost */ };

/* ---- rounds ---- */

/* An address that the peer says it has is a target if both are in one LAN, or behind one NAT; or if
 * it is public. */
static void add_places(const struct punch_table *table, struct app_punch *punch)
{
    const struct own_addresses *own = &table->base->own;
    const struct relay_session *relay = relay_set_find(&table->base->relays, punch->relay);
    bool one_nat = relay != NULL && endpoint_same_ip(&relay->observed, &punch->terms.observed);

    for (size_t i = 0; i < punch->places.count; i++) {
        struct endpoint e = endpoint_v6(punch->places.ips[i], punch->places.port);
        bool near =
            own_addresses_on_lan(own, &e) || (one_nat && own_addresses_may_reach_private(own, &e));

        if (!own_addresses_have(own, &e)) {
            (void)punch_round_add(&punch->round, &e, false, near);
        }
    }
}

void punch_way_fire(struct punch_table *table, struct app_punch *punch, struct mono fire_at)
{
    const struct relay_session *relay = relay_set_find(&table->base->relays, punch->relay);
    const struct endpoint *observed = &punch->terms.observed;
    /* An address of a LAN means another machine elsewhere, unless the relay is in it, too. */
    bool private_ok = relay != NULL && endpoint_same_special(observed, &relay->remote);

    punch_round_init(&punch->round, fire_at, PUNCH_PROBE_SIZE, PUNCH_NEAR_MS);
    (void)punch_round_add(&punch->round, observed, true, private_ok);
    if (punch->keeping.held) { /* it may be the relay alone that sees another address */
        (void)punch_round_add(&punch->round, &punch->proven.remote, true, true);
    }
    add_places(table, punch);
    punch->firing = true;
    punch_words_places(table->base, punch);
}

static void expire_round(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    const struct punch_round *round = &punch->round;
    struct endpoint to;

    while (punch_round_next(&punch->round, &to, now)) {
        if (punch_send(table, punch, &to, round->hops, now) && !round->receipt &&
            endpoint_equal(&to, &punch->terms.observed) &&
            (round->burst == 0 || round->burst == TOLD_AGAIN_BURST)) {
            punch_words_opened(table->base, punch);
            if (round->burst == TOLD_AGAIN_BURST) {
                punch_words_places(table->base, punch);
            }
        }
    }
    if (punch->step == PUNCH_STEP_OPEN && round->receipt && !punch->keeping.held &&
        punch_round_deadline(round).ns == MONO_NEVER.ns) {
        punch->firing = false;
        return;
    }
    if (!mono_due(punch_round_end(round), now)) {
        return;
    }
    punch->firing = false;
    if (punch->step == PUNCH_STEP_FIRING) {
        punch_words_result(table->base, punch, false);
        punch_table_fail(table, punch, STUN2_FAILURE_NO_WAY, NULL);
    } else if (!round->receipt || punch->keeping.held) {
        punch_keep_on_vain_round(table, punch, now);
    }
}

/* ---- proof ---- */

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
    if (!same || punch->step != PUNCH_STEP_OPEN) {
        punch->keeping.since = now;
        punch->keeping.way = (struct way){0};
    }
    proven->remote = *at;
    punch_keep_on_answer(punch, now);
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
    } else if ((punch->step == PUNCH_STEP_LOST || !endpoint_equal(&punch->proven.remote, from)) &&
               allowance_take_learned(&punch->allowance, now)) {
        (void)punch_send(table, punch, from, 0, now);
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
        punch_send_answer(table, punch, m.transaction, in);
        punch->proven.asks_from = in->remote;
        on_heard(table, punch, &in->remote, now);
    }
    return true;
}

/* The peer says that its NAT is open. */
static void on_word(struct app_punch *punch, const uint8_t *frame, size_t size, struct mono now)
{
    struct punch_probe m;

    if (punch->firing &&
        punch_probe_decode(&m, punch->terms.probe_key, punch->terms.side, frame, size) == ERR_OK &&
        !m.answer && !is_repeated(punch, m.transaction)) {
        punch_round_opened(&punch->round, now);
    }
}

/* The peer says which addresses it has. */
static void on_places(struct punch_table *table, struct app_punch *punch, const uint8_t *frame,
                      size_t size)
{
    if (punch_places_read(&punch->places, table->base->identity, punch->key, punch->terms.side,
                          frame, size) == ERR_OK &&
        punch->firing) {
        add_places(table, punch);
    }
}

void punch_way_on_relayed(struct punch_table *table, const uint8_t key[KEY_SIZE],
                          const uint8_t *frame, size_t size, struct mono now)
{
    struct app_punch *punch;
    uint64_t id;

    if (!punch_probe_id(frame, size, &id) && !punch_places_id(frame, size, &id)) {
        return;
    }
    punch = punch_table_of_id(table, id);
    if (punch == NULL || memcmp(punch->key, key, KEY_SIZE) != 0) {
        return;
    }
    if (size == PUNCH_PLACES_SIZE) {
        on_places(table, punch, frame, size);
    } else {
        on_word(punch, frame, size, now);
    }
}

/* ---- time ---- */

void punch_way_expire(struct punch_table *table, struct app_punch *punch, struct mono now)
{
    punch_keep_expire(table, punch, now);
    if (punch->firing) {
        expire_round(table, punch, now);
    }
}

struct mono punch_way_deadline(const struct punch_table *table, const struct app_punch *punch)
{
    struct mono at = punch_keep_deadline(table, punch);

    return !punch->firing ? at
                          : mono_min(at, mono_min(punch_round_deadline(&punch->round),
                                                  punch_round_end(&punch->round)));
}
