/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sealing and opening of data and ping frames, 0x83 and 0x84 (docs/protocol.md, sections 6 and 8;
 * layout in proto/wire/frame.h). A sender seals for one channel of one session; a receiver opens
 * all channels of one session. Each belongs to one thread.
 *
 * Every channel of a direction has its own key (channel_key.h), and counters that begin at 0. The
 * 16 header bytes are the associated data.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/aead.h"
#include "proto/crypto/handshake.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* After so many frames of a channel a new session is wanted; at twice that a sender is exhausted
 * and a receiver refuses. */
#define TRANSPORT_REKEY_FRAMES_AES_256_GCM (UINT64_C(1) << 27)
#define TRANSPORT_REKEY_FRAMES_CHACHA20_POLY1305 (UINT64_C(1) << 60)
#define TRANSPORT_REKEY_FRAMES_AEGIS_128L (UINT64_C(1) << 48)
/* Failed opens after which a receive key is not used any more. */
#define TRANSPORT_FAILED_OPENS_MAX (UINT64_C(1) << 36)

struct transport_sender;
struct transport_receiver;

/** Why a frame was not opened, for counters. */
enum transport_drop {
    TRANSPORT_DROP_NONE,
    TRANSPORT_DROP_MALFORMED, /* size, type, reserved bytes, channel or receiver index */
    TRANSPORT_DROP_OLD,       /* the counter is behind the replay window */
    TRANSPORT_DROP_REPLAY,    /* the counter was seen before */
    TRANSPORT_DROP_LIMIT,     /* counter beyond the key's limit, or too many failed opens */
    TRANSPORT_DROP_TAG,       /* forged or damaged */
    TRANSPORT_DROP_NOMEM,     /* no memory for a channel's first frame */
    TRANSPORT_DROP_COUNT,
};

/** The short name of a reason ("replay"). Never NULL. Later: the host tells its dropped frames by
 * reason (monitoring). */
const char *transport_drop_name(enum transport_drop drop);

/** What was in a frame. */
struct transport_opened {
    enum frame_type type; /* FRAME_TYPE_DATA or FRAME_TYPE_PING */
    uint8_t channel;
    uint64_t counter;
    size_t plain_size;
    enum transport_drop drop; /* why it did not open; the other members then mean nothing */
};

/** A sender for one channel (below FRAME_CHANNEL_COUNT). keys are borrowed for the call. ERR_NOMEM
 * leaves *out untouched. */
int transport_sender_new(struct transport_sender **out, const struct session_keys *keys,
                         uint8_t channel) MUST_CHECK;

/** How much larger a frame is than its plaintext: FRAME_OVERHEAD_MIN or FRAME_OVERHEAD_MAX. */
size_t transport_overhead(const struct transport_sender *sender);

/** Wipe and free the sender. NULL is fine. */
void transport_sender_free(struct transport_sender *sender);

/**
 * Seal in place. buf has FRAME_HEADER_SIZE free bytes, plain_size bytes of plaintext, and
 * room for the tag; header, ciphertext and tag are written there.
 *
 * type        FRAME_TYPE_DATA or FRAME_TYPE_PING
 * plain_size  at most FRAME_SIZE_MAX - transport_overhead (checked)
 *
 * Returns the frame's size, plain_size + transport_overhead. If the sender is exhausted it returns
 * 0 and leaves buf as it was.
 */
size_t transport_seal(struct transport_sender *sender, enum frame_type type, uint8_t *buf,
                      size_t plain_size);

/** The same with the plaintext (plain_size bytes, borrowed) elsewhere. frame has room for
 * plain_size + transport_overhead bytes. */
size_t transport_seal_from(struct transport_sender *sender, enum frame_type type,
                           const uint8_t *plain, size_t plain_size, uint8_t *frame);

/** True if enough frames were sealed for a new session to be wanted. (The caller also has a limit
 * of time.) */
bool transport_sender_wants_rekey(const struct transport_sender *sender);

/** True if nothing can be sealed any more. */
bool transport_sender_exhausted(const struct transport_sender *sender);

/** A receiver for all channels of a session. keys are borrowed for the call. ERR_NOMEM leaves *out
 * untouched. A channel takes about 2 KB of memory with its first valid frame. */
int transport_receiver_new(struct transport_receiver **out,
                           const struct session_keys *keys) MUST_CHECK;

/** Wipe and free the receiver. NULL is fine. */
void transport_receiver_free(struct transport_receiver *receiver);

/**
 * Open a frame of any size and content.
 *
 * plain  room for size - FRAME_OVERHEAD_MIN bytes; undefined on failure. To open in place, give
 *        frame + FRAME_HEADER_SIZE of a frame that may be overwritten.
 * out    always written; out->drop tells why the frame did not open
 *
 * ERR_DROP if it did not open: then nothing changes but the number of failed opens.
 */
int transport_open(struct transport_receiver *receiver, const uint8_t *frame, size_t size,
                   uint8_t *plain, struct transport_opened *out) MUST_CHECK;

/**
 * With wanted true, the next frame that opens widens the replay window of its channel to
 * REPLAY_WINDOW_WIDE, before it moves the window; that takes 8 KB more. It is for a frame that
 * comes by another path and may have overtaken many on a slower one. With false, the next frame
 * does not. If there is no memory, the window stays as it is.
 */
void transport_receiver_widen(struct transport_receiver *receiver, bool wanted);

/** True if the peer has sent enough frames for a new session to be wanted; we make it if the peer
 * does not. */
bool transport_receiver_wants_rekey(const struct transport_receiver *receiver);

/** True after too many failed opens: nothing opens any more, so the session is to be dropped. */
bool transport_receiver_exhausted(const struct transport_receiver *receiver);
