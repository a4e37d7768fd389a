/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Words, 0xA0 and 0xA1: a question of one relay to another and its answer, each one datagram, for
 * which no session is needed (docs/protocol.md, section 17, "Words"). Only the relay that is asked
 * can read the question, and only it can have made the answer. Who asks is not proven: an answer is
 * never larger than its question, and says what anybody may know who asks.
 *
 *   question: 0xA0 || zeros(7) || number(8) || e(32) || sealed(key(32) || zeros)      = 768 bytes
 *   answer:   0xA1 || zeros(7) || number(8) || sealed(body)                      <= 768 bytes
 *
 * e is an X25519 key made for this question. Of BLAKE2b-512("stun2 word 1" || X25519(e, relay) || e
 * || key of the relay) the first half seals the question and the other half the answer, both by
 * ChaCha20-Poly1305 with the counter 0 and all bytes before as associated data.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/word_header.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORD_SIZE = 768, /* of each question, and of an answer at most */
    WORD_BODY_SIZE_MAX = WORD_SIZE - WORD_HEADER_SIZE - AEAD_TAG_SIZE,
    WORD_RANDOM_SIZE = KEY_SIZE + 8,
};

/** What both sides know of a question until it is answered. Wipe with word_wipe. */
struct word {
    uint64_t number;
    uint8_t answer_key[AEAD_KEY_SIZE];
};

/** Forget it. */
void word_wipe(struct word *word);

/** Ask the relay `to` about a key. random is fresh. ERR_DROP, with nothing written, if nobody can
 * have the key `to`. Pure. */
int word_ask(uint8_t out[WORD_SIZE], struct word *word, const uint8_t to[KEY_SIZE],
             const uint8_t key[KEY_SIZE], const uint8_t random[WORD_RANDOM_SIZE]) MUST_CHECK;

/** Read a question to this relay: size bytes of any content. ERR_DROP, with nothing written, if it
 * is none. It costs some 60 us. Pure. */
int word_asked(struct word *word, uint8_t key[KEY_SIZE], const struct identity *own,
               const uint8_t *data, size_t size) MUST_CHECK;

/** Answer it with a body of at most WORD_BODY_SIZE_MAX bytes; returns the size of the answer. A
 * question is answered once. */
size_t word_answer(uint8_t out[WORD_SIZE], const struct word *word, const uint8_t *body,
                   size_t size);

/** The number of an answer, by which the caller finds its question. False, with *number untouched,
 * if it is none by type and size. Nothing else is checked. */
bool word_number(const uint8_t *data, size_t size, uint64_t *number);

/** Read the answer to this question: size bytes of any content. ERR_DROP, with nothing that counts
 * written, if the relay that was asked did not make it. Pure. */
int word_answered(uint8_t body[WORD_BODY_SIZE_MAX], size_t *body_size, const struct word *word,
                  const uint8_t *data, size_t size) MUST_CHECK;
