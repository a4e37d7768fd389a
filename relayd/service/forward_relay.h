/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames of hosts here to hosts at other relays (docs/protocol.md, section 3). This is the part of
 * the entry relay: it finds the way, and sends the frame to the first relay on it as a datagram of
 * kind 3. The way is known, because frames came by it; or the host named it; or presence is asked,
 * and the frame waits for a moment. relayd/service/forward_foreign.h is the other end.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "proto/wire/relayed.h"
#include "relayd/base/foreign_limits.h"
#include "relayd/base/neighbour_table.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/forward_words.h"
#include "relayd/service/gone.h"
#include "relayd/service/presence.h"
#include "rendezvous/relaying/attached.h"
#include "rendezvous/relaying/marks.h"
#include "rendezvous/relaying/waiting.h"
#include "rendezvous/relaying/ways.h"

#include <stdint.h>

enum {
    FORWARD_BEAR_MS = 1000,         /* the first frames of a source bear its attachment */
    FORWARD_BEAR_AGAIN_MS = 600000, /* and again: it may have been renewed */
    FORWARD_WORD_MS = 1000,         /* between two equal messages about a pair */
    FORWARD_BLOCKED_MS = 10000,     /* what the receiver's relay said of a block holds */
    FORWARD_BLOCKED_TOLD_MAX = 64,  /* blocks of which an end can be told */
    FORWARD_UNREACHABLE_MS = 10000, /* a relay that did not answer is not tried again */
    FORWARD_EXPECTED_MS = 2000,     /* who brought a frame by a word makes the session */
};

/* The kinds of marks (rendezvous/relaying/marks.h). */
enum forward_mark {
    FORWARD_MARK_BEAR,         /* neighbour, source */
    FORWARD_MARK_BLOCKED,      /* source, destination: the relay of dst says so */
    FORWARD_MARK_BLOCKED_TOLD, /* the same: we, the relay of dst, said so */
    FORWARD_MARK_GONE,         /* source, destination */
    FORWARD_MARK_WANTED,       /* neighbour, source */
    FORWARD_MARK_UNREACHABLE,  /* relay */
    FORWARD_MARK_EXPECTED,     /* relay */
    FORWARD_MARK_PUNCH,        /* host here, target, request id: the target's relay was asked */
    FORWARD_MARK_PUNCH_ON_WAY, /* host here, target: it was asked a moment ago */
    FORWARD_MARK_MEASURE,      /* host here: it was told to measure its NAT */
    FORWARD_MARK_LANE,         /* host here, host elsewhere: its relay was asked for a lane */
};

/** An entry relay was told that dst, a host here, blocks src; until then that holds there. */
struct forward_blocked {
    uint8_t src[KEY_SIZE], dst[KEY_SIZE], entry_relay[KEY_SIZE];
    struct mono until;
};

struct forward_relay {
    struct relay_base *base;           /* borrowed, as the next one */
    struct presence_service *presence; /* who is where */
    struct ways *ways;
    struct waiting *waiting;
    struct attached_table *attached; /* hosts of other relays */
    struct marks *marks;
    struct foreign_limits limits;
    struct forward_words words;
    struct forward_blocked told[FORWARD_BLOCKED_TOLD_MAX]; /* a newer one takes the oldest place */
    size_t told_next;
};

/** Make everything, in zeroed memory. base and presence are borrowed and outlive the service.
 * ERR_NOMEM; forward_relay_fini then releases what was made. */
int forward_relay_init(struct forward_relay *service, struct relay_base *base,
                       struct presence_service *presence, struct mono now) MUST_CHECK;
void forward_relay_fini(struct forward_relay *service);

/** A host sent a frame for a key that has no session here; it was allowed to, and charged. What
 * goes nowhere is counted, and the host gets Gone. */
void forward_relay_take(struct forward_relay *service, struct relay_client *from,
                        const uint8_t dst[KEY_SIZE], const uint8_t *frame, size_t size,
                        struct mono now);

/**
 * Send a frame to the next relay on its way, which is dialled if need be; by a word, if it takes
 * those, as long as there is no session. attachment is that of the source, and is left out once the
 * relay must know it. ERR_DROP if nobody knows where that relay is; ERR_LIMIT if too much waits;
 * ERR_NOMEM.
 */
int forward_relay_send(struct forward_relay *service, const uint8_t next[KEY_SIZE],
                       const struct relayed *frame, struct mono now) MUST_CHECK;

/** At which relay a key is, for a client here: by the way of its frames, or by what presence knows
 * at once. False if it does not. */
bool forward_relay_where(struct forward_relay *service, struct relay_client *client,
                         const uint8_t key[KEY_SIZE], uint8_t relay[KEY_SIZE], struct mono now);

/** True if the way from the host `here` to `far` ends at this relay. */
bool forward_relay_ends_at(struct forward_relay *service, const uint8_t here[KEY_SIZE],
                           const uint8_t far[KEY_SIZE], const uint8_t relay[KEY_SIZE],
                           struct mono now);

/** Via: a host names the relays between this one and that of dst. Done, or an Error. */
void forward_relay_on_via(struct forward_relay *service, const struct relay_client *client,
                          const Ziglan__Control *message, struct mono now);

/** A relay says that a frame of a host here went nowhere. */
void forward_relay_on_gone(struct forward_relay *service, const struct relay_client *client,
                           const Ziglan__Control *message, struct mono now);

/** The relay of dst says that dst blocks a host here, so that for a while its frames are dropped
 * here, or that this is over. */
void forward_relay_on_blocked(struct forward_relay *service, const struct relay_client *client,
                              const Ziglan__Control *message, struct mono now);

/** The host dst, which is here, blocks src no longer: the entry relays that were told so hear that,
 * too. */
void forward_relay_unblocked(struct forward_relay *service, const uint8_t dst[KEY_SIZE],
                             const uint8_t src[KEY_SIZE], struct mono now);

/** A relay does not know the attachment of a source: its next frames bear it again. */
void forward_relay_on_wanted(struct forward_relay *service, const struct relay_client *client,
                             const Ziglan__Control *message);

/** The key has no session here any more. */
void forward_relay_gone(struct forward_relay *service, const uint8_t key[KEY_SIZE]);

/** A relay brought a frame by a word, so it is making a session. */
void forward_relay_expect(struct forward_relay *service, const uint8_t relay[KEY_SIZE],
                          struct mono now);

/** There is a session with a neighbour, or none any more, or none could be made. */
void forward_relay_on_neighbour(struct forward_relay *service, const struct neighbour_event *event,
                                struct mono now);

/** The session with this relay does not answer: for a while others are tried. It answers again. */
void forward_relay_unreachable(struct forward_relay *service, const uint8_t relay[KEY_SIZE],
                               struct mono now);
void forward_relay_reached(struct forward_relay *service, const uint8_t relay[KEY_SIZE]);

/** Send what waited for the answers of presence. To be called after the events of a turn. */
void forward_relay_step(struct forward_relay *service, struct mono now);

/** Timers up to now; forward_relay_deadline tells when to call this again. */
void forward_relay_expire(struct forward_relay *service, struct mono now);
struct mono forward_relay_deadline(const struct forward_relay *service);

/** Forget what is over; about once a minute. */
void forward_relay_sweep(struct forward_relay *service, struct mono now);
