/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay as a sans-IO state machine: it answers STUN, owns the sessions, forwards datagrams by
 * dst_pubkey with the authenticated sender as source, serves the directory of the ziglan it hosts,
 * and introduces nodes to each other. Datagrams and instants go in; datagrams and counters come
 * out. The same core runs in the simulator.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/net/dgram.h"
#include "proto/wire/url.h"
#include "proto/wire/verdict.h"
#include "relayd/core/counters.h"
#include "rendezvous/directory/directory.h"
#include "rendezvous/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct relay_core;

/** What a relay core is made of. Texts are copied; the other pointers are borrowed and outlive the
 * core. */
struct relay_config {
    const struct identity *identity;        /* the relay's key */
    const struct identity *ziglan_identity; /* the ziglan's key, NULL: hosts none, or key offline */
    const uint8_t *delegation;              /* signed entry delegation; NULL with the key at hand:
                                               the core makes one and renews it */
    size_t delegation_size;
    const char *ziglan_name;
    const char *public_hosts;                 /* "HOST[:PORT][,...]" for URLs */
    uint32_t session_max;                     /* 0: default */
    uint32_t watch_max;                       /* members told in full to a watcher, default 10000 */
    uint32_t stun_per_addr_per_s, stun_per_s; /* 0: defaults 10 and 20000 */
    struct link_reset_row
        *ledger; /* memory that outlives a crash (proto/link/link.h), NULL: none */
    uint32_t ledger_capacity;
    bool open_relay; /* forward for strangers too, each at most 20 Mbit/s */
};

/** Make a core on a store (rendezvous/store/store.h). ERR_NOMEM, ERR_SYSTEM. */
int relay_core_new(struct relay_core **out, const struct relay_config *cfg, struct store *store,
                   const struct env *env, struct mono now) MUST_CHECK;
void relay_core_free(struct relay_core *core);

/** One received UDP payload, any content. `in->local` is where it came to. */
void relay_core_receive(struct relay_core *core, const struct dgram *in, struct mono now);

/** Timers up to now. */
void relay_core_expire(struct relay_core *core, struct mono now);

/** Append what is to be sent, as much as there is room for. */
void relay_core_transmit(struct relay_core *core, struct outbox *out, struct mono now);

/** When to call expire and transmit again; `now` or earlier while output is queued. */
struct mono relay_core_deadline(const struct relay_core *core);

/** Tell all sessions to go elsewhere for a while (GoAway) and close them: before a stop. They are
 * gone, and relay_core_stopped says so, about 250 ms later. */
void relay_core_shutdown(struct relay_core *core, uint32_t reconnect_in_ms, struct mono now);

/** True once no session is left after relay_core_shutdown. */
bool relay_core_stopped(const struct relay_core *core);

/** Take over what may change while running: name, public hosts, limits, open_relay. session_max can
 * grow only up to what the core was made with (its connections were sized then). A newer
 * delegation is taken over if there was one before; one that is not this ziglan's is traced, and
 * the former one stays. */
void relay_core_reload(struct relay_core *core, const struct relay_config *cfg, struct mono now);

/** Everything there is to count, at `now`. */
void relay_core_snapshot(const struct relay_core *core, struct relay_snapshot *out,
                         struct mono now);

/** The ziglan's public key; false if the relay hosts none. */
bool relay_core_ziglan_key(const struct relay_core *core, uint8_t key[KEY_SIZE]);

/** Make an invite and its URL. NOT_FOUND: no ziglan here. BAD_REQUEST: the relay has no public
 * host to name, or the terms are not valid. LIMIT, UNAVAILABLE. */
enum verdict relay_core_invite(struct relay_core *core, const struct directory_terms *terms,
                               char url[URL_SIZE_MAX]);

/** One member for a listing. */
struct relay_member {
    uint8_t key[KEY_SIZE];
    char name[NAME_TEXT_SIZE];
    bool online, revoked;
    uint64_t expires_ms;    /* of the admission, wall clock */
    struct endpoint remote; /* online: where its session comes from */
    uint64_t online_ms;     /* online: for how long */
};

/** The next member in key order; `key` is the last one seen, all zero to begin. NOT_FOUND at the
 * end. */
enum verdict relay_core_member_next(struct relay_core *core, uint8_t key[KEY_SIZE],
                                    struct relay_member *out, struct mono now);

/** Throw out whom `text` means (a key's text form or a name): its session ends, watchers are told,
 * and it cannot come back. key_out is whom it meant. */
enum verdict relay_core_revoke(struct relay_core *core, const char *text, uint8_t key_out[KEY_SIZE],
                               struct mono now);

/** Take a revocation back: the node may join again with a fresh invite. */
enum verdict relay_core_restore(struct relay_core *core, const char *text,
                                uint8_t key_out[KEY_SIZE], struct mono now);
