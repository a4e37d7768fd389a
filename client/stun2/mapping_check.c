/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each request has an id of its own, by which what is sent because of it is known. */
#include "client/stun2/mapping_check.h"

#include "proto/base/bytes.h"

#include <string.h>

static void begin(struct mapping_check *check, struct mono now)
{
    check->state = MAPPING_STATE_ASKING;
    check->relay = (struct endpoint){.port = 0};
    memset(check->cookie, 0, sizeof(check->cookie));
    check->sent = false;
    check->tries = 0;
    check->due = now;
}

void mapping_check_set(struct mapping_check *check, const struct env *env, uint16_t port,
                       struct mono now)
{
    if (check->env != NULL && port == check->port) {
        return;
    }
    *check = (struct mapping_check){
        .env = env, .port = port, .due = MONO_NEVER, .again_ms = MAPPING_CHECK_AGAIN_MS_MIN};
    if (port != 0) {
        begin(check, now);
    }
}

void mapping_check_doubt(struct mapping_check *check, struct mono now)
{
    if (check->state != MAPPING_STATE_IDLE) {
        check->again_ms = MAPPING_CHECK_AGAIN_MS_MIN;
        check->proven = (struct endpoint){.port = 0};
        begin(check, now);
    }
}

bool mapping_check_due(const struct mapping_check *check, struct mono now)
{
    return check->state != MAPPING_STATE_IDLE && mono_due(check->due, now);
}

/* The round ended without a packet. */
static void rest(struct mapping_check *check, struct mono now)
{
    check->state = MAPPING_STATE_WAITING;
    check->proven = (struct endpoint){.port = 0};
    check->due = mono_add_ms(now, check->again_ms);
    check->again_ms = check->again_ms < MAPPING_CHECK_AGAIN_MS_MAX / 2
                          ? check->again_ms * 2
                          : (uint64_t)MAPPING_CHECK_AGAIN_MS_MAX;
}

static void request_append(struct mapping_check *check, const struct endpoint *local,
                           struct outbox *out)
{
    enum { REQUEST_SIZE = STUN_REQUEST_SIZE + 4 + LEND_REQUEST_SIZE };
    uint8_t value[LEND_REQUEST_SIZE];
    uint8_t *at = outbox_reserve(out, REQUEST_SIZE);
    size_t size;

    if (at == NULL) {
        return; /* it is sent again */
    }
    env_random(check->env, check->id, sizeof(check->id));
    lend_request_encode(value, check->cookie);
    lend_request_set_port(value, check->port);
    size = stun_lend_request(at, check->id, value, sizeof(value));
    outbox_commit(out, local, &check->relay, size);
}

void mapping_check_ask(struct mapping_check *check, const struct endpoint *local,
                       const struct endpoint *relay, struct outbox *out, struct mono now)
{
    if (check->state != MAPPING_STATE_ASKING) {
        begin(check, now);
    }
    if (relay == NULL) {
        check->due = MONO_NEVER;
        return;
    }
    if (check->sent || check->tries >= MAPPING_CHECK_TRIES) {
        rest(check, now);
        return;
    }
    if (!endpoint_equal(&check->relay, relay)) {
        memset(check->cookie, 0, sizeof(check->cookie));
        check->relay = *relay;
    }
    check->tries++;
    check->due = mono_add_ms(now, MAPPING_CHECK_TRY_MS);
    request_append(check, local, out);
}

void mapping_check_on_relay(struct mapping_check *check, struct mono now)
{
    if (check->state == MAPPING_STATE_ASKING && !mono_before(check->due, MONO_NEVER)) {
        check->due = now;
    }
}

static void on_answer(struct mapping_check *check, const struct dgram *in,
                      const struct stun_message *message, struct mono now)
{
    struct lend_answer answer;

    if (message->lend_at == 0 ||
        lend_answer_decode(&answer, in->data + message->lend_at, message->lend_size) != ERR_OK) {
        return; /* a relay of an older version */
    }
    if (answer.state == LEND_STATE_COOKIE) {
        memcpy(check->cookie, answer.cookie, sizeof(check->cookie));
        check->due = now;
    } else if (answer.state == LEND_STATE_SENT && answer.port == check->port) {
        check->sent = true;
        check->due = mono_add_ms(now, MAPPING_CHECK_PACKETS_MS);
    }
    check->outside = message->mapped;
    check->outside.port = check->port;
}

bool mapping_check_on_stun(struct mapping_check *check, const struct dgram *in, struct mono now)
{
    struct stun_message message;
    bool is_relay = endpoint_equal(&in->remote, &check->relay);

    if (check->state != MAPPING_STATE_ASKING ||
        stun_parse(&message, in->data, in->size) != ERR_OK) {
        return false;
    }
    if (is_relay && stun_is_answer(&message, check->id)) {
        on_answer(check, in, &message, now);
        return true;
    }
    /* Who sends is not the port to which we sent; and only a relay that knows that field sends to
     * the one in question, so its answer must be here. */
    if (is_relay || !check->sent || !stun_is_indication(&message, check->id)) {
        return false;
    }
    check->state = MAPPING_STATE_PROVEN;
    check->proven = check->outside;
    check->again_ms = MAPPING_CHECK_AGAIN_MS_MIN;
    check->due = mono_add_ms(now, MAPPING_CHECK_AGAIN_MS_MAX);
    return true;
}

struct mono mapping_check_deadline(const struct mapping_check *check)
{
    return check->state == MAPPING_STATE_IDLE ? MONO_NEVER : check->due;
}

const struct endpoint *mapping_check_proven(const struct mapping_check *check)
{
    return endpoint_is_none(&check->proven) ? NULL : &check->proven;
}
