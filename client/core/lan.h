/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts of a ziglan find each other on a LAN where no relay answers: each tells the LAN who and
 * where it is, by notices that only those can read who know the ziglan's key (docs/protocol.md,
 * section 13, "On one LAN"; proto/crypto/lan_notice.h). What follows from one is a handshake or a
 * ping to an address on a LAN of ours, never an answer to whoever sent the notice.
 */
#pragma once

#include "client/ziglan/ziglan_store.h"
#include "proto/base/bucket.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/crypto/lan_notice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct host_core;

enum {
    LAN_EVERY_MS = 60 * 1000,     /* between two notices, less up to a sixth of it at random */
    LAN_BURST = 3,                /* notices at the start and in a new network: some get lost ... */
    LAN_BURST_MS = 400,           /* ... after this, and twice this */
    LAN_ANSWER_SPREAD_MS = 200,   /* so that not all answer at once */
    LAN_ANSWER_AGAIN_MS = 1000,   /* who said it so lately does not repeat it for a question */
    LAN_QUESTION_AGAIN_MS = 2000, /* between two questions for somebody who was not heard */
    LAN_READS_PER_S = 200,        /* notices that are opened at all */
    LAN_VERIFIES_PER_S = 20,      /* of members whose signature is verified, 60 us each */
};

/** When one ziglan's notice is due. */
struct lan_turn {
    uint8_t ziglan_key[KEY_SIZE];
    struct mono at, said_at;
    unsigned burst; /* so many more follow soon */
    bool asks;
    bool due; /* it waits for the shell to take it */
};

/** What a host does about its LANs. Zeroed: nothing. */
struct lan {
    bool on;
    struct lan_turn turns[ZIGLAN_COUNT_MAX];
    size_t turns_count;
    struct mono asked_at; /* the LAN was asked last for somebody who was not heard */
    struct bucket reads, verifies;
};

/** The shell can send to the LAN: begin. Once. ERR_NOMEM: then nothing is heard. */
int host_core_lan_begin(struct host_core *core, struct mono now) MUST_CHECK;

/** A datagram of size bytes came from the LAN, any content. */
void host_core_lan_receive(struct host_core *core, const uint8_t *data, size_t size,
                           struct mono now);

/** Poll a notice that is to be sent to the group on each LAN; false: none is due. */
bool host_core_lan_wanted(struct host_core *core, uint8_t out[LAN_NOTICE_SIZE], struct mono now);

/** The underlay changed: say where we are now, and ask who is there. moved: perhaps to another
 * network. */
void lan_on_network(struct host_core *core, bool moved, struct mono now);

/** Which ziglans there are may have changed, and somebody may be sought. */
void lan_expire(struct host_core *core, struct mono now);
struct mono lan_deadline(const struct host_core *core);
