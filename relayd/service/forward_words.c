/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of words without receipts, in the order in which they are given up. */
#include "relayd/service/forward_words.h"

#include "relayd/service/word_place.h"
#include "rendezvous/presence/hrw.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct bucket_rate all_rate = {.per_s = FORWARD_WORDS_PER_S,
                                            .burst = FORWARD_WORDS_BURST};

int forward_words_init(struct forward_words *words, struct relay_base *base, struct mono now)
{
    static const struct bucket_rate net_rate = {.per_s = FORWARD_WORDS_NET_PER_S,
                                                .burst = FORWARD_WORDS_NET_BURST};
    int rc;

    words->base = base;
    bucket_init(&words->all, &all_rate, now);
    words->ring = calloc(FORWARD_WORDS_MAX, sizeof(*words->ring));
    rc = words->ring == NULL
             ? ERR_NOMEM
             : outbox_init(&words->out, (size_t)FORWARD_WORDS_QUEUE_MAX * FRAME_WORD_SIZE_MAX,
                           FORWARD_WORDS_QUEUE_MAX);
    if (rc == ERR_OK) {
        rc = bucket_table_new(&words->nets, sizeof(struct hrw_prefix), FORWARD_WORD_NETS_MAX,
                              &net_rate, &base->env);
    }
    if (rc == ERR_OK) {
        rc = once_new(&words->once, &base->env, env_wall_ms(&base->env), now);
    }
    return rc;
}

void forward_words_fini(struct forward_words *words)
{
    for (size_t i = 0; words->ring != NULL && i < FORWARD_WORDS_MAX; i++) {
        if (words->ring[i].used) {
            word_wipe(&words->ring[i].word);
            free(words->ring[i].body);
        }
    }
    free(words->ring);
    once_free(words->once);
    outbox_fini(&words->out);
    bucket_table_free(words->nets);
}

/* ---- words of ours ---- */

static struct forward_word *place_at(const struct forward_words *words, uint64_t at)
{
    return &words->ring[at % FORWARD_WORDS_MAX];
}

static size_t waiting_for(const struct forward_words *words, const uint8_t to[KEY_SIZE])
{
    size_t count = 0;

    for (uint64_t at = words->first; at < words->next; at++) {
        const struct forward_word *word = place_at(words, at);

        count += word->used && memcmp(word->to, to, KEY_SIZE) == 0 ? 1 : 0;
    }
    return count;
}

static bool address_find(const struct forward_words *words, const uint8_t to[KEY_SIZE],
                         struct endpoint *out)
{
    return word_place_find(words->mesh, words->base->cfg.identity->public_key, to,
                           RECORD_PROTOCOL_FRAME_WORD_FLAG, out);
}

bool forward_words_may(const struct forward_words *words, const uint8_t to[KEY_SIZE], size_t size)
{
    struct endpoint address;

    return size <= FRAME_WORD_BODY_SIZE_MAX && !place_at(words, words->next)->used &&
           waiting_for(words, to) < FORWARD_WORDS_PER_RELAY_MAX &&
           address_find(words, to, &address);
}

/* A number that was never in a word of ours, also after a restart, unless the clock was set back.
 */
static uint64_t number_next(struct forward_words *words)
{
    uint64_t wall_ms = env_wall_ms(&words->base->env);

    words->number_last = wall_ms > words->number_last ? wall_ms : words->number_last + 1;
    return words->number_last;
}

bool forward_words_send(struct forward_words *words, const uint8_t to[KEY_SIZE],
                        const uint8_t *body, size_t size, struct mono now)
{
    static const struct endpoint any_local = {.port = 0};
    struct forward_word *at = place_at(words, words->next);
    uint8_t secret[KEY_SIZE], bytes[FRAME_WORD_SIZE_MAX];
    size_t sealed;

    if (!forward_words_may(words, to, size) || !address_find(words, to, &at->address)) {
        return false;
    }
    at->body = malloc(size);
    if (at->body == NULL) {
        return false;
    }
    env_random(&words->base->env, secret, sizeof(secret));
    at->word.number = number_next(words);
    sealed = frame_word_seal(bytes, &at->word, words->base->cfg.identity, to, secret, body, size);
    sodium_memzero(secret, sizeof(secret));
    if (sealed == 0) {
        free(at->body);
        return false;
    }
    outbox_put(&words->out, &any_local, &at->address, bytes, sealed);
    reach_met_note(words->met, to, now);
    memcpy(at->body, body, size);
    memcpy(at->to, to, KEY_SIZE);
    at->size = size;
    at->sent_at = now;
    at->due = mono_add_ms(now, FORWARD_WORD_WAIT_MS);
    at->used = true;
    words->next++;
    words->base->counters.frame_words_sent++;
    return true;
}

/* Nobody looks at places in front of the first that is used. */
static void first_find(struct forward_words *words)
{
    while (words->first < words->next && !place_at(words, words->first)->used) {
        words->first++;
    }
}

/* It waits no longer. */
static void release(struct forward_words *words, struct forward_word *word)
{
    word->used = false;
    word_wipe(&word->word);
    first_find(words);
}

bool forward_words_take(struct forward_words *words, const uint8_t *to, struct forward_word *out,
                        struct mono now)
{
    for (uint64_t at = words->first; at < words->next; at++) {
        struct forward_word *word = place_at(words, at);

        if (word->used &&
            (to != NULL ? memcmp(word->to, to, KEY_SIZE) == 0 : mono_due(word->due, now))) {
            *out = *word;
            word_wipe(&out->word);
            release(words, word);
            return true;
        }
    }
    return false;
}

void forward_words_hurry(struct forward_words *words, const uint8_t to[KEY_SIZE], uint64_t rtt_ns)
{
    for (uint64_t at = words->first; at < words->next; at++) {
        struct forward_word *word = place_at(words, at);

        if (rtt_ns > 0 && word->used && memcmp(word->to, to, KEY_SIZE) == 0) {
            word->due = mono_min(word->due, mono_add_ns(word->sent_at, 2 * rtt_ns));
        }
    }
}

void forward_words_on_receipt(struct forward_words *words, const struct dgram *in)
{
    uint64_t number = 0;

    if (frame_word_receipt_number(&number, in->data, in->size)) {
        for (uint64_t at = words->first; at < words->next; at++) {
            struct forward_word *word = place_at(words, at);

            if (word->used && word->word.number == number &&
                endpoint_same_ip(&word->address, &in->remote) &&
                frame_word_is_receipt(&word->word, in->data, in->size)) {
                free(word->body);
                release(words, word);
                words->base->counters.frame_words_receipts++;
                return;
            }
        }
    }
    words->base->counters.frame_words_bad++;
}

/* ---- words of others ---- */

/* True if this can be a word that a relay sent whom we believe, from where it is: all that can be
 * known before anything is computed. Counted if not. */
static bool may_be_good(struct forward_words *words, struct forward_word_in *out,
                        const struct dgram *in, struct mono now)
{
    struct relay_counters *counters = &words->base->counters;
    struct hrw_prefix prefix = hrw_prefix_of(&in->remote);
    struct node_found found;
    uint64_t number = 0;

    if (words->mesh == NULL || !frame_word_peek(out->from, &number, in->data, in->size) ||
        !mesh_find(words->mesh, out->from, &found) || found.own ||
        !endpoint_same_ip(&found.address, &in->remote)) {
        counters->frame_words_bad++;
        return false;
    }
    if (!once_may(words->once, out->from, number, env_wall_ms(&words->base->env), now)) {
        counters->frame_words_old++;
        return false;
    }
    if (!bucket_table_take(words->nets, &prefix, 1, now) ||
        !bucket_take(&words->all, &all_rate, 1, now)) {
        counters->frame_words_limit++;
        return false;
    }
    return true;
}

bool forward_words_open(struct forward_words *words, struct forward_word_in *out,
                        const struct dgram *in, struct mono now)
{
    if (!may_be_good(words, out, in, now)) {
        return false;
    }
    if (frame_word_open(&out->word, out->body, &out->size, words->base->cfg.identity, in->data,
                        in->size) != ERR_OK ||
        !once_take(words->once, out->from, out->word.number)) {
        words->base->counters.frame_words_bad++;
        return false;
    }
    words->base->counters.frame_words_opened++;
    return true;
}

void forward_words_receipt(struct forward_words *words, const struct forward_word_in *word,
                           const struct dgram *in, struct mono now)
{
    uint8_t bytes[FRAME_WORD_RECEIPT_SIZE];

    frame_word_receipt(bytes, &word->word);
    outbox_put(&words->out, &in->local, &in->remote, bytes, sizeof(bytes));
    reach_met_note(words->met, word->from, now);
}

/* ---- time and output ---- */

struct mono forward_words_deadline(const struct forward_words *words)
{
    struct mono at = MONO_NEVER;

    if (words->out.items_count > 0) {
        return (struct mono){0};
    }
    for (uint64_t i = words->first; i < words->next; i++) {
        at = mono_min(at, place_at(words, i)->used ? place_at(words, i)->due : MONO_NEVER);
    }
    return at;
}
