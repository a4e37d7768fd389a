/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each message is lost without harm: what is not answered is over after a while. */
#include "client/libstun2/punch_words.h"

#include "proto/wire/control.h"

#include <string.h>

bool punch_words_ask(struct app_base *base, struct app_punch *punch)
{
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_session *relay = app_base_relay(base, punch->relay);
    uint8_t token[PUNCH_TOKEN_SIZE];

    if (relay == NULL) {
        return false;
    }
    env_random(base->env, token, sizeof(token));
    if (punch->key_known) {
        request.target = control_bytes(punch->key, KEY_SIZE);
    } else {
        request.app = control_text(punch->app);
    }
    request.token = control_bytes(token, sizeof(token));
    request.nat_kind = base->nat_kind;
    punch->request_id = app_base_request(base);
    message.request_id = punch->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &request;
    return relay_session_send(relay, &message);
}

void punch_words_answer(const struct app_base *base, uint64_t relay, uint64_t offer_id, bool yes)
{
    Ziglan__PunchAnswer answer = ZIGLAN__PUNCH_ANSWER__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_session *session = app_base_relay(base, relay);
    uint8_t token[PUNCH_TOKEN_SIZE];

    if (session == NULL) {
        return;
    }
    env_random(base->env, token, sizeof(token));
    answer.punch_id = offer_id;
    answer.accept = yes;
    answer.token = control_bytes(token, sizeof(token));
    answer.nat_kind = yes ? base->nat_kind : 0;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_ANSWER;
    message.punch_answer = &answer;
    (void)relay_session_send(session, &message);
}

void punch_words_result(const struct app_base *base, const struct app_punch *punch, bool direct)
{
    Ziglan__PunchResult result = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct relay_session *relay = app_base_relay(base, punch->relay);

    if (relay == NULL || !punch->terms.known) {
        return;
    }
    result.punch_id = punch->terms.id;
    result.direct = direct;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
    message.punch_result = &result;
    (void)relay_session_send(relay, &message);
}

void punch_words_places(const struct app_base *base, const struct app_punch *punch)
{
    const struct own_addresses *own = &base->own;
    struct punch_places places = {
        .side = punch->terms.side, .punch_id = punch->terms.id, .port = own->port};
    struct relay_session *relay = app_base_relay(base, punch->relay);
    uint8_t nonce[PUNCH_PLACES_NONCE_SIZE], frame[PUNCH_PLACES_SIZE];

    for (size_t i = 0; i < own->count && places.count < PUNCH_PLACES_MAX; i++) {
        memcpy(places.ips[places.count++], own->addrs[i].ip, sizeof(places.ips[0]));
    }
    env_random(base->env, nonce, sizeof(nonce));
    if (relay != NULL && places.count > 0 && punch->terms.known &&
        punch_places_write(frame, &places, base->identity, punch->key, nonce) == ERR_OK) {
        (void)relay_session_forward(relay, punch->key, frame, sizeof(frame));
    }
}

void punch_words_opened(const struct app_base *base, const struct app_punch *punch)
{
    struct punch_probe word = {.side = punch->terms.side, .punch_id = punch->terms.id};
    struct relay_session *relay = app_base_relay(base, punch->relay);
    uint8_t frame[PUNCH_PROBE_SIZE];

    if (relay == NULL) {
        return;
    }
    env_random(base->env, &word.transaction, sizeof(word.transaction));
    punch_probe_encode(&word, punch->terms.probe_key, frame);
    (void)relay_session_forward(relay, punch->key, frame, sizeof(frame));
}
