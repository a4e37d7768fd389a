/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sealing and opening of data and ping frames, 0x83 and 0x84 (docs/protocol.md, sections 6 and 8;
 * layout in proto/wire/frame.h). A sender is one channel of one session and belongs to one
 * thread; a receiver is all channels of one session and belongs to one thread.
 *
 * Key of a direction and channel = BLAKE2b-256(key = Split key, "ziglan key 1" || AEAD name ||
 * channel(1)). Counters begin at 0 in every channel. The 16 header bytes are the associated data.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/handshake.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames per channel after which a new session is wanted; at twice that a sender is exhausted and
 * a receiver refuses. */
#define TRANSPORT_REKEY_FRAMES_AES_256_GCM (UINT64_C(1) << 27)
#define TRANSPORT_REKEY_FRAMES_CHACHA20_POLY1305 (UINT64_C(1) << 60)
/* Failed opens after which a receive key is not used any more. */
#define TRANSPORT_FAILED_OPENS_MAX (UINT64_C(1) << 36)

struct transport_sender;
struct transport_receiver;

/** Why a frame was not opened, for counters. */
enum transport_drop {
    TRANSPORT_DROP_NONE,
    TRANSPORT_DROP_MALFORMED, /* size, type, reserved bytes, channel or receiver index */
    TRANSPORT_DROP_OLD,       /* left of the replay window */
    TRANSPORT_DROP_REPLAY,    /* seen before */
    TRANSPORT_DROP_LIMIT,     /* counter beyond the key's limit, or too many failed opens */
    TRANSPORT_DROP_TAG,       /* forged or damaged */
    TRANSPORT_DROP_NOMEM,     /* no memory for a channel's first frame */
    TRANSPORT_DROP_COUNT,
};

/** The short name of a reason ("replay"). Never NULL. Later: dropped frames by reason, told by the
 * host (monitoring). */
const char *transport_drop_name(enum transport_drop drop);

/** What was in a frame. */
struct transport_opened {
    enum frame_type type; /* FRAME_TYPE_DATA or FRAME_TYPE_PING */
    uint8_t channel;
    uint64_t counter;
    size_t plain_size;
    enum transport_drop drop; /* set on failure too; the other members then mean nothing */
};

/** A sender for one channel (below FRAME_CHANNEL_COUNT). keys are borrowed for the call.
 * ERR_NOMEM. Free wipes; NULL is legal. */
int transport_sender_new(struct transport_sender **out, const struct session_keys *keys,
                         uint8_t channel) MUST_CHECK;
void transport_sender_free(struct transport_sender *sender);

/**
 * Seal in place: buf is FRAME_HEADER_SIZE free bytes || plain_size bytes of plaintext ||
 * FRAME_TAG_SIZE free bytes. Header, ciphertext and tag are written there.
 *
 * type  FRAME_TYPE_DATA or FRAME_TYPE_PING
 *
 * Returns the frame's size, plain_size + FRAME_OVERHEAD, or 0 if the sender is exhausted, in which
 * case buf is as it was.
 */
size_t transport_seal(struct transport_sender *sender, enum frame_type type, uint8_t *buf,
                      size_t plain_size);

/** The same with the plaintext (plain_size borrowed bytes) elsewhere; frame has plain_size +
 * FRAME_OVERHEAD bytes of room. */
size_t transport_seal_from(struct transport_sender *sender, enum frame_type type,
                           const uint8_t *plain, size_t plain_size, uint8_t *frame);

/** Begin a new handshake now (the caller adds its own limit of time). */
bool transport_sender_wants_rekey(const struct transport_sender *sender);

/** Nothing can be sealed any more. */
bool transport_sender_exhausted(const struct transport_sender *sender);

/** A receiver for all channels of a session. keys are borrowed for the call. ERR_NOMEM. Free wipes;
 * NULL is legal. Channels allocate about 2 KB on their first valid frame. */
int transport_receiver_new(struct transport_receiver **out,
                           const struct session_keys *keys) MUST_CHECK;
void transport_receiver_free(struct transport_receiver *receiver);

/**
 * Open a frame of any size and content.
 *
 * plain  room for size - FRAME_OVERHEAD bytes; frame + FRAME_HEADER_SIZE of a writable frame will
 *        do (in place). Its content is undefined on failure.
 * out    always written; out->drop tells the reason of a failure
 *
 * Returns ERR_OK or ERR_DROP. The replay window changes on ERR_OK only; on failure nothing changes
 * but the number of failed opens.
 */
int transport_open(struct transport_receiver *receiver, const uint8_t *frame, size_t size,
                   uint8_t *plain, struct transport_opened *out) MUST_CHECK;

/**
 * The next frame that opens widens the window of its channel to REPLAY_WINDOW_WIDE (8 KB more),
 * before it moves it: for a frame that comes by another path and may be far ahead of those on the
 * slower one. false takes that back. Without memory the channel stays as it is.
 */
void transport_receiver_widen(struct transport_receiver *receiver, bool wanted);

/** The peer's counters are so far that a new session should be made, should the peer not do it. */
bool transport_receiver_wants_rekey(const struct transport_receiver *receiver);

/** Too many failed opens: drop the session. */
bool transport_receiver_exhausted(const struct transport_receiver *receiver);
