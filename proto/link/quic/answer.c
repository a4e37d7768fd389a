/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each kind of answer is written into the next free place of the queue. */
#include "proto/link/quic/answer.h"

#include "proto/link/quic/hub_tables.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <sodium.h>
#include <string.h>

static const struct bucket_rate answer_rate = {.per_s = ANSWERS_PER_S, .burst = ANSWERS_PER_S};

void answers_init(struct answers *answers, const uint8_t reset_secret[32], struct link_stats *stats,
                  const struct env *env, struct mono now)
{
    answers->env = env;
    answers->stats = stats;
    memcpy(answers->reset_secret, reset_secret, sizeof(answers->reset_secret));
    env_random(env, answers->token_key.bytes, sizeof(answers->token_key.bytes));
    bucket_init(&answers->bucket, &answer_rate, now);
}

void answer_reset_token(const struct answers *answers, const uint8_t *cid, size_t size,
                        ngtcp2_stateless_reset_token *token)
{
    (void)crypto_generichash(token->data, sizeof(token->data), cid, size, answers->reset_secret,
                             sizeof(answers->reset_secret));
}

/* The place for an answer to `in`; NULL if the queue is full or the rate is used up. */
static struct answer *place(struct answers *answers, const struct dgram *in, struct mono now)
{
    struct answer *answer;

    if (answers->count == ANSWERS_MAX || !bucket_take(&answers->bucket, &answer_rate, 1, now)) {
        return NULL;
    }
    answer = &answers->waiting[answers->count];
    answer->local = in->local;
    answer->remote = in->remote;
    return answer;
}

/* Queue the answer of `size` bytes that was written into its place. False if writing failed or the
 * answer is larger than `in`. */
static bool keep(struct answers *answers, const struct dgram *in, struct answer *answer,
                 ngtcp2_ssize size)
{
    if (size <= 0 || (size_t)size > in->size) {
        return false;
    }
    answer->size = (size_t)size;
    answers->count++;
    return true;
}

void answer_version(struct answers *answers, const struct dgram *in, const ngtcp2_version_cid *vc,
                    struct mono now)
{
    static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
    struct answer *answer = place(answers, in, now);
    uint8_t unused_random;

    if (answer == NULL || vc->dcidlen > NGTCP2_MAX_CIDLEN || vc->scidlen > NGTCP2_MAX_CIDLEN) {
        return;
    }
    env_random(answers->env, &unused_random, 1);
    if (keep(answers, in, answer,
             ngtcp2_pkt_write_version_negotiation(
                 answer->bytes, sizeof(answer->bytes), unused_random, vc->scid, vc->scidlen,
                 vc->dcid, vc->dcidlen, versions, sizeof(versions) / sizeof(versions[0])))) {
        answers->stats->version_sent++;
    }
}

void answer_retry(struct answers *answers, const struct dgram *in, const ngtcp2_pkt_hd *hd,
                  struct mono now)
{
    struct answer *answer = place(answers, in, now);
    uint8_t token[TOKEN_SIZE];
    ngtcp2_cid scid;

    if (answer == NULL) {
        return;
    }
    scid.datalen = HUB_CID_SIZE;
    env_random(answers->env, scid.data, scid.datalen);
    retry_token_seal(token, &answers->token_key, answers->env, &in->remote, &hd->dcid, &scid, now);
    if (keep(answers, in, answer,
             ngtcp2_crypto_write_retry(answer->bytes, sizeof(answer->bytes), hd->version, &hd->scid,
                                       &scid, &hd->dcid, token, sizeof(token)))) {
        answers->stats->retry_sent++;
    }
}

void answer_reset(struct answers *answers, const struct dgram *in, const ngtcp2_version_cid *vc,
                  struct mono now)
{
    uint8_t random[RESET_SIZE_MAX - NGTCP2_STATELESS_RESET_TOKENLEN];
    size_t size = in->size > RESET_SIZE_MAX ? RESET_SIZE_MAX : RESET_SIZE_MIN;
    ngtcp2_stateless_reset_token token;
    struct answer *answer;

    if (in->size <= RESET_SIZE_MIN || vc->dcidlen != HUB_CID_SIZE) {
        return;
    }
    answer = place(answers, in, now);
    if (answer == NULL) {
        return;
    }
    answer_reset_token(answers, vc->dcid, vc->dcidlen, &token);
    env_random(answers->env, random, sizeof(random));
    if (keep(answers, in, answer,
             ngtcp2_pkt_write_stateless_reset2(answer->bytes, size, &token, random,
                                               size - NGTCP2_STATELESS_RESET_TOKENLEN))) {
        answers->stats->reset_sent++;
    }
}

void answer_ledger(struct answers *answers, struct reset_ledger *ledger, struct outbox *out,
                   struct mono now)
{
    uint8_t random[RESET_SIZE_MAX - NGTCP2_STATELESS_RESET_TOKENLEN];
    uint8_t packet[RESET_SIZE_MAX];
    ngtcp2_stateless_reset_token token;
    struct link_reset_row entry;

    if (!mono_due(reset_ledger_deadline(ledger), now)) {
        return;
    }
    for (unsigned i = 0; i < RESET_LEDGER_PER_TURN && outbox_has_room(out, LINK_PACKET_SIZE_MAX);
         i++) {
        if (!reset_ledger_next(ledger, &entry)) {
            break;
        }
        answer_reset_token(answers, entry.cid, sizeof(entry.cid), &token);
        env_random(answers->env, random, sizeof(random));
        if (ngtcp2_pkt_write_stateless_reset2(packet, sizeof(packet), &token, random,
                                              sizeof(random)) == sizeof(packet)) {
            outbox_put(out, &entry.local, &entry.remote, packet, sizeof(packet));
            answers->stats->resets_told++;
        }
    }
    reset_ledger_rest(ledger, now);
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
