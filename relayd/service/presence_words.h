/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words of presence (docs/protocol.md, section 17, "Words"): a relay asks another where a key is by
 * one datagram, for which no session has to be made, and is answered by one. Who does not answer
 * soon is asked again over a session by whoever uses this.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/crypto/word.h"
#include "proto/net/dgram.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/reach_met.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/located.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PRESENCE_WORDS_MAX = 1024,     /* questions that wait for an answer */
    PRESENCE_WORD_MS = 400,        /* so long each waits */
    PRESENCE_WORDS_QUEUE_MAX = 64, /* datagrams that wait for the next transmit */
    /* Questions that are looked at, of 60 us each: in all, so that strangers with the addresses of
     * relays cost no more than a twentieth of a core, and from one IPv4 /24 or IPv6 /48. */
    PRESENCE_WORDS_PER_S = 800,
    PRESENCE_WORDS_BURST = 2000,
    PRESENCE_WORDS_NET_PER_S = 200,
    PRESENCE_WORDS_NET_BURST = 1000,
    PRESENCE_WORD_NETS_MAX = 16384, /* networks whose rate is remembered */
};

/** A question of ours. */
struct presence_word {
    bool used;
    struct word word;
    uint8_t to[KEY_SIZE], key[KEY_SIZE];
    struct endpoint address;
    uint32_t request_id; /* of the look-up */
    struct mono due;     /* when it is given up */
};

struct presence_words {
    struct relay_base *base;    /* borrowed */
    struct mesh *mesh;          /* borrowed; NULL: nobody is asked or answered */
    struct reach_met *met;      /* borrowed; to whom words went; NULL: nobody asks */
    struct presence_word *ring; /* PRESENCE_WORDS_MAX places, used in turn */
    uint64_t first, next;       /* those between may wait */
    struct outbox out;
    struct bucket all;
    struct bucket_table *nets;
};

/** Make it in zeroed memory; mesh and met are set when there are any. base is borrowed. ERR_NOMEM;
 * presence_words_fini is legal then. */
int presence_words_init(struct presence_words *words, struct relay_base *base,
                        struct mono now) MUST_CHECK;
void presence_words_fini(struct presence_words *words);

/** Ask a relay by a word. False if that cannot be: it does not answer words, or would not know that
 * this relay is one. */
bool presence_words_ask(struct presence_words *words, const struct locate_output *question,
                        struct mono now);

/** Take the next question of ours that was not answered in time; false if there is none. */
bool presence_words_over(struct presence_words *words, struct presence_word *out, struct mono now);

/** A datagram that begins like a word arrived: the key that it asks about, and how to answer.
 * False, which is counted: it is none, or too much. */
bool presence_words_asked(struct presence_words *words, const struct dgram *in,
                          uint8_t key[KEY_SIZE], struct word *word, struct mono now);

/** Answer it. */
void presence_words_answer(struct presence_words *words, const struct dgram *in,
                           const struct word *word, const struct located *located);

/** A datagram that begins like an answer arrived: the question of ours, and what is answered, which
 * borrows from `body`. False, which is counted: it answers nothing. */
bool presence_words_answered(struct presence_words *words, const struct dgram *in,
                             struct presence_word *out, uint8_t body[WORD_BODY_SIZE_MAX],
                             struct locate_record records[PRESENCE_PER_KEY_MAX], size_t *count);

/** When to call presence_words_over again; at once while something waits to be sent. */
struct mono presence_words_deadline(const struct presence_words *words);
