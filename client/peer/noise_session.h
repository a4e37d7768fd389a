/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Noise sessions of a conversation (docs/protocol.md, section 7). An initiator uses a session
 * at once (current). A responder keeps it as `next`, and sends nothing on it, until the first valid
 * frame comes on it. A session is renewed after NOISE_SESSION_REKEY_MS (by its responder after
 * NOISE_SESSION_REKEY_RESPONDER_MS) and is not used after NOISE_SESSION_REJECT_MS.
 */
#pragma once

#include "client/peer/receiver_index.h"
#include "proto/base/budget.h"
#include "proto/base/mono.h"
#include "proto/crypto/handshake.h"
#include "proto/crypto/replay.h"
#include "proto/crypto/transport.h"

enum {
    NOISE_SESSION_WINDOW_BYTES = 8 * REPLAY_WORD_COUNT_WIDE, /* a wide replay window's */
    NOISE_SESSION_REKEY_MS = 120 * 1000,
    NOISE_SESSION_REKEY_RESPONDER_MS = 150 * 1000,
    NOISE_SESSION_REJECT_MS = 180 * 1000,
};

/** What sessions of all conversations share. */
struct noise_shared {
    struct receiver_indexes indexes;
    struct budget windows; /* widened replay windows */
};

struct noise_session {
    struct conversation *conversation;
    struct noise_shared *shared;
    uint32_t local_index, remote_index;
    bool initiator;
    enum aead aead;
    struct mono made_at;
    bool heard, relayed; /* a frame of the data channel came; the last one through a relay */
    bool widened;        /* its replay window is wide, which counts in shared->windows */
    struct transport_sender *control, *data;
    struct transport_receiver *receiver;
};

/** All zero: none. */
struct noise_sessions {
    struct noise_session *previous, *current, *next;
};

/** Make a session of agreed keys, which stay the caller's to wipe. ERR_NOMEM. */
int noise_session_new(struct noise_session **out, struct conversation *owner,
                      struct noise_shared *shared, const struct session_keys *keys, bool initiator,
                      struct mono now) MUST_CHECK;

/** True if it must not be used any more: too old, or its counters are used up. */
bool noise_session_over(const struct noise_session *session, struct mono now);

/** True if a new one is to be made; and when that will be so by its age. */
bool noise_session_wants_rekey(const struct noise_session *session, struct mono now);
struct mono noise_session_rekey_at(const struct noise_session *session);

/**
 * Open a frame 0x83 or 0x84 of size bytes, any content, that names this session.
 *
 * relayed  it came through a relay
 * plain    room for size bytes
 *
 * ERR_DROP: not authentic, replayed, or too old; nothing changed.
 */
int noise_session_open(struct noise_session *session, bool relayed, const uint8_t *frame,
                       size_t size, uint8_t *plain, struct transport_opened *opened) MUST_CHECK;

/** Put a session (or NULL) into a slot; the one that is there is freed. */
void noise_sessions_replace(struct noise_session **slot, struct noise_session *session);

/** Free all. */
void noise_sessions_fini(struct noise_sessions *sessions);

/** The session that a receiver index names, NULL if none. */
struct noise_session *noise_sessions_find(const struct noise_sessions *sessions,
                                          uint32_t local_index);

/** True if there is none at all. */
bool noise_sessions_none(const struct noise_sessions *sessions);

/** Free those that are over; and when the next one will be so by its age. */
void noise_sessions_expire(struct noise_sessions *sessions, struct mono now);
struct mono noise_sessions_deadline(const struct noise_sessions *sessions);
