/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a host says to its LAN who and where it is (docs/protocol.md, section 13, "On one LAN"): one
 * turn for each ziglan that it joined.
 */
#pragma once

#include "client/ziglan/ziglan_list.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/crypto/lan_notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAN_EVERY_MS = 60 * 1000,     /* between two notices, less up to a sixth of it at random */
    LAN_BURST = 3,                /* notices at the start and in a new network: some get lost ... */
    LAN_BURST_MS = 400,           /* ... after this, and twice this */
    LAN_ANSWER_SPREAD_MS = 200,   /* so that not all answer at once */
    LAN_ANSWER_AGAIN_MS = 1000,   /* who said it so lately does not repeat it for a question */
    LAN_QUESTION_AGAIN_MS = 2000, /* between two questions for somebody who was not heard */
};

/** When one ziglan's notice is due. */
struct lan_turn {
    uint8_t ziglan_key[KEY_SIZE];
    struct mono at, said_at;
    unsigned burst; /* so many more follow soon */
    bool asks;
    bool answers; /* somebody asked */
    bool due;     /* it waits to be taken */
};

/** Zeroed: nothing is ever said. */
struct lan_turns {
    bool on;
    struct lan_turn list[ZIGLAN_COUNT_MAX];
    size_t count;
    uint8_t notice[LAN_NOTICE_SIZE]; /* that follows the proof which was taken */
    bool notice_waits;
    struct mono asked_at; /* the LAN was asked last for somebody who was not heard */
};

/** From now on there are turns. */
void lan_turns_begin(struct lan_turns *turns);

/** One turn for each ziglan of the list: new ones begin at once, former ones end. */
void lan_turns_match(struct lan_turns *turns, const struct ziglan_list *ziglans, struct mono now);

/** Somebody is sought who was not heard: ask, unless that was done just now. True if it is done. */
bool lan_turns_seek(struct lan_turns *turns, struct mono now);

/** When lan_turns_seek asks again; in the past: at once. */
struct mono lan_turns_seek_at(const struct lan_turns *turns);

/** This host is elsewhere, perhaps: all is said and asked anew. */
void lan_turns_again(struct lan_turns *turns, struct mono now);

/** Somebody of this ziglan asks. */
void lan_turns_answer(struct lan_turns *turns, const uint8_t ziglan_key[KEY_SIZE],
                      const struct env *env, struct mono now);

/** Timers. */
void lan_turns_expire(struct lan_turns *turns, const struct env *env, struct mono now);
struct mono lan_turns_deadline(const struct lan_turns *turns);

/** Take the next one that is due: it is said now. *shows: somebody who hears it may not know this
 * host, since it asks or answers. False: none. */
bool lan_turns_take(struct lan_turns *turns, uint8_t ziglan_key[KEY_SIZE], bool *asks, bool *shows,
                    struct mono now);
