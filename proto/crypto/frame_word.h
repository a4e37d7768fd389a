/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frame words, 0xA2, and their receipts, 0xA3: a relay brings another a frame of a host in one
 * datagram, as long as there is no session between the two (docs/protocol.md, section 17, "By a
 * word"). Unlike the words of word.h these prove who sent them, because what they bring is charged
 * to their sender. Nothing in them keeps somebody from sending one again: that is for who takes
 * them (rendezvous/relaying/once.h).
 *
 *   frame word: 0xA2 || zeros(7) || number(8) || from(32) || e(32) || sealed(body)
 *   receipt:    0xA3 || zeros(7) || number(8) || sealed()
 *
 * A frame word has 97 to 1,200 bytes, a receipt has 32.
 * from is the Ed25519 key of the sender, e an X25519 key made for this word. Of
 * BLAKE2b-512("stun2 word 2" || X25519(e, relay) || X25519(from, relay) || e || from || key of the
 * relay) the first half seals the word and the other half the receipt, both by ChaCha20-Poly1305
 * with the counter 0 and all bytes before as associated data.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/word.h"
#include "proto/crypto/word_header.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_WORD_SIZE_MAX = 1200, /* passes every way that QUIC passes */
    FRAME_WORD_BODY_AT = WORD_HEADER_SIZE + 2 * KEY_SIZE,
    FRAME_WORD_BODY_SIZE_MAX = FRAME_WORD_SIZE_MAX - FRAME_WORD_BODY_AT - AEAD_TAG_SIZE,
    FRAME_WORD_RECEIPT_SIZE = WORD_HEADER_SIZE + AEAD_TAG_SIZE,
};

/**
 * Seal a body of 1 to FRAME_WORD_BODY_SIZE_MAX bytes for the relay `to`.
 *
 * word    its number is the caller's; the key of the receipt is written. Wipe with word_wipe
 * own     who sends it
 * secret  fresh, of e
 *
 * Returns the size of the word; 0, with nothing written, if nobody can have the key `to`. Pure.
 */
size_t frame_word_seal(uint8_t out[FRAME_WORD_SIZE_MAX], struct word *word,
                       const struct identity *own, const uint8_t to[KEY_SIZE],
                       const uint8_t secret[KEY_SIZE], const uint8_t *body, size_t body_size);

/** Who says to have sent a word of size bytes of any content, and its number, of which nothing is
 * checked. False, with nothing written, if it is none by type and size. Pure. */
bool frame_word_peek(uint8_t from[KEY_SIZE], uint64_t *number, const uint8_t *data, size_t size);

/** Open a word to this relay: size bytes of any content. ERR_DROP, with nothing that counts
 * written, unless the relay that it names made it. It costs some 200 us. Pure. */
int frame_word_open(struct word *word, uint8_t body[FRAME_WORD_BODY_SIZE_MAX], size_t *body_size,
                    const struct identity *own, const uint8_t *data, size_t size) MUST_CHECK;

/** The receipt for a word that was opened. */
void frame_word_receipt(uint8_t out[FRAME_WORD_RECEIPT_SIZE], const struct word *word);

/** The number of a receipt, by which the caller finds its word. False, with *number untouched, if
 * it is none by type and size. Nothing else is checked. */
bool frame_word_receipt_number(uint64_t *number, const uint8_t *data, size_t size);

/** True if the relay to which the word went made this receipt: size bytes of any content. Pure. */
bool frame_word_is_receipt(const struct word *word, const uint8_t *data, size_t size);
