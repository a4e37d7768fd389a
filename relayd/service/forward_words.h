/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames of hosts in words (docs/protocol.md, section 17, "By a word"): a session with another
 * relay takes two round trips to make, and meanwhile a frame for a host there travels in one
 * datagram that proves which relay sent it. The other relay says by a receipt that it took the
 * frame. What it gave no receipt for goes over the session, when there is one, or after a while,
 * as if there had been no word. So a word that is lost or refused costs nothing but itself.
 *
 * This part seals and opens, and knows which words wait for a receipt. forward_relay.h decides what
 * is sent so, and forward_foreign.h what becomes of what came.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/crypto/frame_word.h"
#include "proto/net/dgram.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/reach_met.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/relaying/once.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FORWARD_WORDS_MAX = 64,          /* words that wait for a receipt, */
    FORWARD_WORDS_PER_RELAY_MAX = 8, /* and to one relay */
    FORWARD_WORD_WAIT_MS = 400,      /* so long each waits */
    FORWARD_WORDS_QUEUE_MAX = 64,    /* datagrams that wait for the next transmit */
    /* Words that are opened, of 200 us each: in all, so that strangers with the addresses of relays
     * cost no more than a twentieth of a core, and from one IPv4 /24 or IPv6 /48. */
    FORWARD_WORDS_PER_S = 200,
    FORWARD_WORDS_BURST = 500,
    FORWARD_WORDS_NET_PER_S = 50,
    FORWARD_WORDS_NET_BURST = 200,
    FORWARD_WORD_NETS_MAX = 16384, /* networks whose rate is remembered */
};

/** A word of ours without a receipt. */
struct forward_word {
    bool used;
    struct word word;
    uint8_t to[KEY_SIZE];
    struct endpoint address;
    struct mono sent_at, due; /* due: when it has waited for too long */
    uint8_t *body;            /* owned */
    size_t size;
};

/** A word that came: a datagram of kind 3, and what its receipt is made of. */
struct forward_word_in {
    uint8_t from[KEY_SIZE]; /* the relay that made it */
    struct word word;
    uint8_t body[FRAME_WORD_BODY_SIZE_MAX];
    size_t size;
};

struct forward_words {
    struct relay_base *base;   /* borrowed */
    struct mesh *mesh;         /* borrowed; NULL: nobody is known */
    struct reach_met *met;     /* borrowed; to whom words went; NULL: nobody asks */
    struct forward_word *ring; /* FORWARD_WORDS_MAX places, used in turn */
    uint64_t first, next;      /* those between may wait */
    uint64_t number_last;
    struct once *once;
    struct outbox out;
    struct bucket all;
    struct bucket_table *nets;
};

/** Make it in zeroed memory; mesh and met are set when there are any. base is borrowed. ERR_NOMEM;
 * forward_words_fini is legal then. */
int forward_words_init(struct forward_words *words, struct relay_base *base,
                       struct mono now) MUST_CHECK;
void forward_words_fini(struct forward_words *words);

/** True if the relay takes words with frames, of this relay, and there is room for one more of
 * `size` bytes to it. */
bool forward_words_may(const struct forward_words *words, const uint8_t to[KEY_SIZE], size_t size);

/** Send a datagram of kind 3 (size bytes) by a word, and keep a copy until there is a receipt.
 * False, and nothing was sent, if it may not be or there is no memory. */
bool forward_words_send(struct forward_words *words, const uint8_t to[KEY_SIZE],
                        const uint8_t *body, size_t size, struct mono now);

/** Take the next word to this relay without a receipt; or, if `to` is NULL, the next one that
 * waited too long. The caller frees body. False if there is none. */
bool forward_words_take(struct forward_words *words, const uint8_t *to, struct forward_word *out,
                        struct mono now);

/** There is a session with this relay now, whose round trip takes rtt_ns (0: not known): what has
 * no receipt after two of those needs not wait for one any longer. */
void forward_words_hurry(struct forward_words *words, const uint8_t to[KEY_SIZE], uint64_t rtt_ns);

/** A datagram that begins like a word with a frame arrived (any content): it is opened into *out.
 * False, which is counted: nobody whom we believe made it for us, it was taken before, or it is
 * too much. What is opened is not taken again. */
bool forward_words_open(struct forward_words *words, struct forward_word_in *out,
                        const struct dgram *in, struct mono now);

/** Send the receipt for a word that came so. */
void forward_words_receipt(struct forward_words *words, const struct forward_word_in *word,
                           const struct dgram *in, struct mono now);

/** A datagram that begins like a receipt arrived (any content). What is none of ours is counted. */
void forward_words_on_receipt(struct forward_words *words, const struct dgram *in);

/** When to call forward_words_take again; at once while something waits to be sent. */
struct mono forward_words_deadline(const struct forward_words *words);
