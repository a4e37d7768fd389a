/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ring of questions, in the order in which they are given up. */
#include "relayd/service/presence_words.h"

#include "proto/base/bytes.h"
#include "relayd/service/word_place.h"
#include "rendezvous/presence/hrw.h"
#include "rendezvous/presence/located_bytes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)LOCATED_BYTES_MAX <= (int)WORD_BODY_SIZE_MAX, "each answer fits");

static const struct bucket_rate all_rate = {.per_s = PRESENCE_WORDS_PER_S,
                                            .burst = PRESENCE_WORDS_BURST};

int presence_words_init(struct presence_words *words, struct relay_base *base, struct mono now)
{
    static const struct bucket_rate net_rate = {.per_s = PRESENCE_WORDS_NET_PER_S,
                                                .burst = PRESENCE_WORDS_NET_BURST};
    int rc;

    words->base = base;
    bucket_init(&words->all, &all_rate, now);
    words->ring = calloc(PRESENCE_WORDS_MAX, sizeof(*words->ring));
    rc = words->ring == NULL
             ? ERR_NOMEM
             : outbox_init(&words->out, (size_t)PRESENCE_WORDS_QUEUE_MAX * WORD_SIZE,
                           PRESENCE_WORDS_QUEUE_MAX);
    if (rc == ERR_OK) {
        rc = bucket_table_new(&words->nets, sizeof(struct hrw_prefix), PRESENCE_WORD_NETS_MAX,
                              &net_rate, &base->env);
    }
    return rc;
}

void presence_words_fini(struct presence_words *words)
{
    if (words->ring != NULL) {
        sodium_memzero(words->ring, PRESENCE_WORDS_MAX * sizeof(*words->ring));
    }
    free(words->ring);
    outbox_fini(&words->out);
    bucket_table_free(words->nets);
}

/* ---- our questions ---- */

static struct presence_word *place_at(struct presence_words *words, uint64_t number)
{
    return &words->ring[number % PRESENCE_WORDS_MAX];
}

bool presence_words_ask(struct presence_words *words, const struct locate_output *question,
                        struct mono now)
{
    static const struct endpoint any_local = {.port = 0};
    struct presence_word *at = place_at(words, words->next);
    uint8_t random[WORD_RANDOM_SIZE], bytes[WORD_SIZE];
    struct endpoint address;
    int rc;

    if (at->used || !word_place_find(words->mesh, words->base->cfg.identity->public_key,
                                     question->to, RECORD_PROTOCOL_WORD_FLAG, &address)) {
        return false;
    }
    env_random(&words->base->env, random, sizeof(random));
    /* The number says which place it has; its other bits are by chance. */
    be64_write(random + KEY_SIZE,
               be64_read(random + KEY_SIZE) / PRESENCE_WORDS_MAX * PRESENCE_WORDS_MAX +
                   words->next % PRESENCE_WORDS_MAX);
    rc = word_ask(bytes, &at->word, question->to, question->key, random);
    sodium_memzero(random, sizeof(random));
    if (rc != ERR_OK) {
        return false;
    }
    outbox_put(&words->out, &any_local, &address, bytes, sizeof(bytes));
    reach_met_note(words->met, question->to, now);
    at->used = true;
    memcpy(at->to, question->to, KEY_SIZE);
    memcpy(at->key, question->key, KEY_SIZE);
    at->address = address;
    at->request_id = question->request_id;
    at->due = mono_add_ms(now, PRESENCE_WORD_MS);
    words->next++;
    words->base->counters.words_asked++;
    return true;
}

/* The oldest question that waits; NULL if none does. */
static struct presence_word *oldest(struct presence_words *words)
{
    while (words->first < words->next && !place_at(words, words->first)->used) {
        words->first++;
    }
    return words->first < words->next ? place_at(words, words->first) : NULL;
}

/* It waits no longer: *out becomes it, without its secret. */
static void take(struct presence_word *word, struct presence_word *out)
{
    word->used = false;
    word_wipe(&word->word);
    *out = *word;
}

bool presence_words_over(struct presence_words *words, struct presence_word *out, struct mono now)
{
    struct presence_word *word = oldest(words);

    if (word == NULL || !mono_due(word->due, now)) {
        return false;
    }
    take(word, out);
    return true;
}

bool presence_words_answered(struct presence_words *words, const struct dgram *in,
                             struct presence_word *out, uint8_t body[WORD_BODY_SIZE_MAX],
                             struct locate_record records[PRESENCE_PER_KEY_MAX], size_t *count)
{
    struct presence_word *at;
    uint64_t number;
    size_t size = 0;

    if (word_number(in->data, in->size, &number)) {
        at = place_at(words, number);
        if (at->used && endpoint_equal(&at->address, &in->remote) &&
            word_answered(body, &size, &at->word, in->data, in->size) == ERR_OK &&
            located_bytes_read(records, count, body, size) == ERR_OK) {
            take(at, out);
            (void)oldest(words); /* so that nobody looks at it again */
            words->base->counters.words_told++;
            return true;
        }
    }
    words->base->counters.words_bad++;
    return false;
}

/* ---- questions of others ---- */

bool presence_words_asked(struct presence_words *words, const struct dgram *in,
                          uint8_t key[KEY_SIZE], struct word *word, struct mono now)
{
    struct relay_counters *counters = &words->base->counters;
    struct hrw_prefix prefix = hrw_prefix_of(&in->remote);

    if (in->size != WORD_SIZE || words->mesh == NULL || !mesh_has_ip(words->mesh, &in->remote)) {
        counters->words_bad++;
        return false;
    }
    if (!bucket_table_take(words->nets, &prefix, 1, now) ||
        !bucket_take(&words->all, &all_rate, 1, now)) {
        counters->words_limit++;
        return false;
    }
    if (word_asked(word, key, words->base->cfg.identity, in->data, in->size) != ERR_OK) {
        counters->words_bad++;
        return false;
    }
    return true;
}

void presence_words_answer(struct presence_words *words, const struct dgram *in,
                           const struct word *word, const struct located *located)
{
    uint8_t body[LOCATED_BYTES_MAX], bytes[WORD_SIZE];
    size_t size = located_bytes_write(located, body);

    size = word_answer(bytes, word, body, size);
    outbox_put(&words->out, &in->local, &in->remote, bytes, size);
    words->base->counters.words_answered++;
}

/* ---- time and output ---- */

struct mono presence_words_deadline(const struct presence_words *words)
{
    struct mono at = MONO_NEVER;

    if (words->out.items_count > 0) {
        return (struct mono){0};
    }
    for (uint64_t i = words->first; i < words->next && at.ns == MONO_NEVER.ns; i++) {
        const struct presence_word *word = &words->ring[i % PRESENCE_WORDS_MAX];

        at = word->used ? word->due : at;
    }
    return at;
}
