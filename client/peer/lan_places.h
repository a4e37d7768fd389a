/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where peers are on the LANs of this host, as their own notices say (docs/protocol.md, section 13,
 * "On one LAN"). Only addresses inside a prefix of ours are kept, and only for LAN_PLACE_MS.
 */
#pragma once

#include "client/path/candidates.h"
#include "proto/base/bucket.h"
#include "proto/base/env.h"
#include "proto/base/map.h"
#include "proto/base/mono.h"
#include "proto/crypto/lan_notice.h"

#include <sys/queue.h>

enum {
    LAN_PLACE_MS = 200 * 1000, /* three notices and some more */
    LAN_PLACES_MAX = 1024,     /* peers; who was heard longest ago makes room */
    LAN_READS_PER_S = 200,     /* notices that are opened at all */
    LAN_VERIFIES_PER_S = 20,   /* of members whose signature is verified, 60 us each */
};

/** Where one peer is. */
struct lan_place {
    TAILQ_ENTRY(lan_place) in_list;
    uint8_t key[KEY_SIZE];
    uint64_t sequence;
    struct mono heard_at;
    struct endpoint at[LAN_NOTICE_ADDRESSES_MAX];
    size_t count; /* 0: nowhere on a LAN of ours; its sequence counts all the same */
};

struct lan_places {
    TAILQ_HEAD(lan_place_list, lan_place) by_age; /* who was heard longest ago first */
    struct map *by_key;
    struct bucket reads, verifies;
    bool wanted; /* a peer is sought that was not heard; whoever asks the LAN sets it back */
};

/** Nobody was heard. ERR_NOMEM. */
int lan_places_init(struct lan_places *places, const struct env *env, struct mono now) MUST_CHECK;

/** Free all. Places of zeros are fine. */
void lan_places_fini(struct lan_places *places);

/** True if one more notice may be opened, or so many signatures verified, now. That is counted
 * then, and only then. */
bool lan_places_may_read(struct lan_places *places, struct mono now);
bool lan_places_may_verify(struct lan_places *places, unsigned signatures, struct mono now);

/** True if a notice with this sequence would be newer than what was heard of this key. */
bool lan_places_is_newer(const struct lan_places *places, const uint8_t key[KEY_SIZE],
                         uint64_t sequence);

/** A notice was verified: keep those of its addresses that are on a LAN of ours. The place; NULL
 * without memory. */
const struct lan_place *lan_places_hear(struct lan_places *places, const struct lan_notice *notice,
                                        const struct own_addresses *own, struct mono now);

/** Where this peer is, if it is anywhere on a LAN of ours, and was heard lately; else NULL. Places
 * of zeros are fine. */
const struct lan_place *lan_places_find(const struct lan_places *places,
                                        const uint8_t key[KEY_SIZE], struct mono now);

/** We are in another network: nobody was heard there. What was heard before does not count again.
 */
void lan_places_leave(struct lan_places *places);
