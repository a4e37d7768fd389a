/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/link/quic/answer.h"

#include "proto/link/quic/hub.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

static const struct bucket_rate answer_rate = {.per_s = ANSWERS_PER_S, .burst = ANSWERS_PER_S};

/* A free place for an answer to `in`, or NULL. */
static struct answer *place(struct link_hub *hub, const struct dgram *in, struct mono now)
{
    struct answer *answer;

    if (hub->answers.count == ANSWERS_MAX ||
        !bucket_take(&hub->answer_bucket, &answer_rate, 1, now)) {
        return NULL;
    }
    answer = &hub->answers.waiting[hub->answers.count];
    answer->local = in->local;
    answer->remote = in->remote;
    return answer;
}

/* What was written into the free place is to be sent, unless it failed or would amplify. */
static bool keep(struct link_hub *hub, const struct dgram *in, struct answer *answer,
                 ngtcp2_ssize size)
{
    if (size <= 0 || (size_t)size > in->size) {
        return false;
    }
    answer->size = (size_t)size;
    hub->answers.count++;
    return true;
}

void answer_version(struct link_hub *hub, const struct dgram *in, const ngtcp2_version_cid *vc,
                    struct mono now)
{
    static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
    struct answer *answer = place(hub, in, now);
    uint8_t unused_random;

    if (answer == NULL || vc->dcidlen > NGTCP2_MAX_CIDLEN || vc->scidlen > NGTCP2_MAX_CIDLEN) {
        return;
    }
    env_random(hub->env, &unused_random, 1);
    if (keep(hub, in, answer,
             ngtcp2_pkt_write_version_negotiation(
                 answer->bytes, sizeof(answer->bytes), unused_random, vc->scid, vc->scidlen,
                 vc->dcid, vc->dcidlen, versions, sizeof(versions) / sizeof(versions[0])))) {
        hub->stats.version_sent++;
    }
}

void answer_retry(struct link_hub *hub, const struct dgram *in, const ngtcp2_pkt_hd *hd,
                  struct mono now)
{
    struct answer *answer = place(hub, in, now);
    uint8_t token[TOKEN_SIZE];
    ngtcp2_cid scid;

    if (answer == NULL) {
        return;
    }
    scid.datalen = CONN_CID_SIZE;
    env_random(hub->env, scid.data, scid.datalen);
    retry_token_seal(token, &hub->token_key, hub->env, &in->remote, &hd->dcid, &scid, now);
    if (keep(hub, in, answer,
             ngtcp2_crypto_write_retry(answer->bytes, sizeof(answer->bytes), hd->version, &hd->scid,
                                       &scid, &hd->dcid, token, sizeof(token)))) {
        hub->stats.retry_sent++;
    }
}

void answer_reset(struct link_hub *hub, const struct dgram *in, const ngtcp2_version_cid *vc,
                  struct mono now)
{
    uint8_t random[RESET_SIZE_MAX - NGTCP2_STATELESS_RESET_TOKENLEN];
    size_t size = in->size - 1 < RESET_SIZE_MAX ? in->size - 1 : RESET_SIZE_MAX;
    ngtcp2_stateless_reset_token token;
    struct answer *answer;

    if (in->size <= RESET_SIZE_MIN || vc->dcidlen != CONN_CID_SIZE) {
        return;
    }
    answer = place(hub, in, now);
    if (answer == NULL) {
        return;
    }
    hub_reset_token(hub, vc->dcid, vc->dcidlen, &token);
    env_random(hub->env, random, sizeof(random));
    if (keep(hub, in, answer,
             ngtcp2_pkt_write_stateless_reset2(answer->bytes, size, &token, random,
                                               size - NGTCP2_STATELESS_RESET_TOKENLEN))) {
        hub->stats.reset_sent++;
    }
}

void answer_ledger(struct link_hub *hub, struct outbox *out, struct mono now)
{
    uint8_t random[RESET_SIZE_MAX - NGTCP2_STATELESS_RESET_TOKENLEN];
    uint8_t packet[RESET_SIZE_MAX];
    ngtcp2_stateless_reset_token token;
    struct link_reset_row entry;

    if (!mono_due(reset_ledger_deadline(&hub->ledger), now)) {
        return;
    }
    for (unsigned i = 0; i < RESET_LEDGER_PER_TURN && hub_outbox_has_room(out); i++) {
        if (!reset_ledger_next(&hub->ledger, &entry)) {
            break;
        }
        hub_reset_token(hub, entry.cid, sizeof(entry.cid), &token);
        env_random(hub->env, random, sizeof(random));
        if (ngtcp2_pkt_write_stateless_reset2(packet, sizeof(packet), &token, random,
                                              sizeof(random)) == sizeof(packet)) {
            outbox_put(out, &entry.local, &entry.remote, packet, sizeof(packet));
            hub->stats.resets_told++;
        }
    }
    reset_ledger_rest(&hub->ledger, now);
}

void answers_transmit(struct answers *answers, struct outbox *out)
{
    size_t sent = 0;

    while (sent < answers->count) {
        const struct answer *answer = &answers->waiting[sent];

        if (out->items_count == out->items_capacity ||
            out->bytes_capacity - out->bytes_used < answer->size) {
            break;
        }
        outbox_put(out, &answer->local, &answer->remote, answer->bytes, answer->size);
        sent++;
    }
    answers->count -= sent;
    memmove(answers->waiting, answers->waiting + sent, answers->count * sizeof(struct answer));
}
