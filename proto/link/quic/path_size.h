/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How large packets may be. ngtcp2 finds the size of the path and never lowers it again; this file
 * notices when packets of that size no longer arrive, and sets a limit below it (RFC 8899, section
 * 4.3; RFC 9000, section 14.3).
 *
 * A lost packet above the base size makes its size a suspect, and a trial of that size follows. The
 * path is a black hole for the suspect when three such packets in a row were lost, each of them
 * sent after the loss of the one before was known. Then the limit falls to the base size, and
 * trials search for the largest size that still passes, which becomes the limit. Sizes above the
 * limit are tried again after a minute, if something that large is to be sent.
 *
 * ngtcp2 deems a packet lost when a later one was acknowledged. Where all that is sent is large, or
 * the window is full, that takes long. So where large packets stay unacknowledged for longer than
 * they should, and behind each trial, a small packet goes: the question.
 *
 * Sizes are those of UDP payloads. Pure: no clock, no allocation.
 */
#pragma once

#include "proto/base/mono.h"

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PATH_SIZE_BASE = 1200,      /* every path that carries QUIC takes it */
    PATH_SIZE_LOSSES = 3,       /* so many in a row: the size does not pass */
    PATH_SIZE_VERIFY_MS = 20,   /* from a loss to the trial of the suspect */
    PATH_SIZE_LATE_MS = 75,     /* beyond a round trip and a quarter, an acknowledgement is late */
    PATH_SIZE_SMALL = 256,      /* bytes of the window that are kept for questions */
    PATH_SIZE_RETRY_MS = 10,    /* from a trial that could not be sent to the next attempt */
    PATH_SIZE_RAISE_MS = 60000, /* until sizes above the limit are tried again */
};

/** What is known of one path. Zeroed: nothing is suspect and there is no limit. */
struct path_size {
    size_t limit;          /* below the size that ngtcp2 found; 0: none */
    size_t suspect;        /* the smallest large packet that was lost; 0: none */
    unsigned losses;       /* of large packets up to the limit, in a row */
    size_t trial;          /* the size to try; 0: none */
    uint64_t trial_id;     /* of the trial that is on its way; 0: none */
    unsigned trial_losses; /* of trials of this size, during a search */
    struct mono due;       /* when the next trial may be sent */
    struct mono large_at;  /* the first large packet since one was acknowledged; 0: none */
    bool asked;            /* a question went since then */
    bool asks;             /* a question is to be sent now */
    struct mono raise_at;  /* if there is a limit: when sizes above it may be tried */
    uint64_t sequence;     /* number of the large packet sent last */
    uint64_t counted;      /* a loss counts only for packets with a larger number */
    uint64_t received;     /* packets that had come from the peer when a loss last counted */
};

/** The path is a new one: forget all, and let packets of the old one count no longer. */
void path_size_reset(struct path_size *p);

/** The largest size to send: the limit, or `found` (the size that ngtcp2 found) if that is smaller.
 */
size_t path_size_cap(const struct path_size *p, size_t found);

/** The id of a packet of `size` bytes (below 65536) that is about to be sent, for the functions
 * below. 0 up to the base size: of such packets nothing is kept. */
uint64_t path_size_id(struct path_size *p, size_t size, struct mono now);

/** The packet was acknowledged. found: the size that ngtcp2 found. */
void path_size_on_ack(struct path_size *p, uint64_t id, size_t found, struct mono now);

/** The packet is deemed lost. received: how many genuine packets of the peer were ever read. The
 * loss counts only if that number grew since the last loss that counted; otherwise the whole path
 * may be down, which says nothing about sizes. */
void path_size_on_loss(struct path_size *p, uint64_t id, uint64_t received, struct mono now);

/** Something larger than path_size_cap is to be sent: search for larger sizes, if it is time to. */
void path_size_want(struct path_size *p, size_t found, struct mono now);

/** The size of a trial that is to be sent now; 0: none. */
size_t path_size_trial(const struct path_size *p, struct mono now);

/** The trial was sent under this id; or it could not be sent (id 0) and is due again soon. */
void path_size_trial_sent(struct path_size *p, uint64_t id, struct mono now);

/** True if a large packet may be late before long: path_size_note_late wants to be called. */
bool path_size_waits(const struct path_size *p);

/** A question is to be sent if a large packet is late. rtt_ns: the smoothed round trip. */
void path_size_note_late(struct path_size *p, uint64_t rtt_ns, struct mono now);

/** The question was sent, or could not be sent. */
void path_size_asked(struct path_size *p);

/** When there is a trial or a question next; MONO_NEVER: none is planned. rtt_ns: of no concern
 * unless path_size_waits. */
struct mono path_size_deadline(const struct path_size *p, uint64_t rtt_ns);
