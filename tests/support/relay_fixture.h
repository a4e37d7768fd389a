/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay core and several clients, which are real hubs of the link, joined by a wire in memory, in
 * virtual time and with seeded randomness. What a client receives is kept for the test to look at.
 * A failure aborts.
 */
#pragma once

#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/record.h"
#include "proto/wire/url.h"
#include "tests/support/env.h"
#include "tests/support/parts.h"
#include "tests/support/relay_node.h"
#include "tests/support/wire.h"

enum { CLIENTS_MAX = 6, KEPT_MAX = 512, LOOSE_MAX = 64, FRAME_SIZE = 100 };

/** One event of a client's session, with a copy of its data. */
struct kept {
    enum link_event_type type;
    size_t size;
    uint8_t *data;
    enum link_reason reason;
};

/** A host as the relay sees it: a hub of the link, and the events of its newest session. */
struct client {
    struct identity identity;
    struct link_hub *hub;
    struct handle handle;
    struct endpoint address;
    struct kept kept[KEPT_MAX];
    size_t kept_count;
    bool open;
    uint32_t request_next;
    struct part attachment; /* for its next Hello; size 0: none */
};

/** The relay, its clients, and the wire. */
struct world {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node relay;
    struct client clients[CLIENTS_MAX];
    struct outbox box; /* of the clients */
    struct control_arena arena;
    struct wire_packet *loose[LOOSE_MAX]; /* sent to an address of no client, as STUN answers are */
    size_t loose_count;
};

/** Abort unless rc is ERR_OK, and say what failed. */
void must(int rc, const char *what);

/** Start the relay on its store; it must not run. */
void world_core_start(struct world *w);

/** A running relay and clients that have not dialled yet. cfg as for relay_node_configure; it may
 * be NULL. Freed with world_free. */
struct world *world_new(const struct relay_config *cfg);

/** Forget what the client received. */
void client_forget(struct client *c);

/** Free the world and all that it holds. */
void world_free(struct world *w);

/** Let everything happen for `ms` milliseconds of virtual time. */
void world_run(struct world *w, uint64_t ms);

/** The client dials the relay as the entry point of its ziglan, and 200 ms pass. */
void client_dial(struct world *w, struct client *c);

/** Send a control message. */
void client_send(struct client *c, Ziglan__Control *message);

/** The nth control message (from 0) with this body that the client kept, unpacked into the world's
 * arena until the next call; NULL if there are not that many. */
Ziglan__Control *client_got_nth(struct world *w, struct client *c, Ziglan__Control__BodyCase body,
                                size_t nth);

/** The first of them. */
Ziglan__Control *client_got(struct world *w, struct client *c, Ziglan__Control__BodyCase body);

/** How many of them there are. */
size_t client_count(struct world *w, struct client *c, Ziglan__Control__BodyCase body);

/** How many datagrams are kept; *first becomes the first of them, if there is one. first may be
 * NULL. */
size_t client_datagrams(const struct client *c, const struct kept **first);

/** Make the client's member part with this wanted name, signed now; returns its size. */
size_t member_part_make(struct world *w, struct client *c, const char *name,
                        uint8_t out[RECORD_SIGNED_SIZE_MAX]);

/** Send a Join. invite may be NULL. */
void client_join_send(struct world *w, struct client *c, const uint8_t *invite, const char *name);

/** The same, and wait for the answer. */
void client_join(struct world *w, struct client *c, const uint8_t *invite, const char *name);

/** Make an invite for this number of uses. */
void world_invite(struct world *w, uint32_t uses, uint8_t invite[INVITE_SIZE]);

/** Clients 0 to count - 1 as members "host0", "host1", ...; what they received is forgotten. */
void world_members(struct world *w, int count);

/** What the relay has counted. */
struct relay_counters world_counters(struct world *w);

/** Send a DATAGRAM of this kind (SESSION_DGRAM_...) to the relay, with a frame of `size` bytes for
 * dst. */
void client_frame(struct client *c, uint8_t kind, const uint8_t dst[KEY_SIZE], const uint8_t *frame,
                  size_t size);

/** Send a request whose body has nothing to fill in: Ping or Leave. */
void client_ask(struct client *c, Ziglan__Control__BodyCase body);

/** The code of the first Error that the client got; 0 if it got none. */
uint32_t client_error(struct world *w, struct client *c);

/** Look a member up by what is not NULL of key, name and overlay address, and wait for the answer.
 */
void client_lookup(struct world *w, struct client *c, const uint8_t *key, const char *name,
                   const uint8_t *address);

/** Watch all members from this sequence on, and wait for what the relay knows already. */
void client_watch(struct world *w, struct client *c, uint64_t since);

/** What the watcher c was told last about a member; false if nothing, and then nothing is written.
 * *online is not written by a revocation. */
bool client_told(struct world *w, struct client *c, const struct client *about, bool *online,
                 bool *revoked);

/** Make a data frame of FRAME_SIZE bytes; all of its bytes but the type are `mark`. */
void frame_fill(uint8_t frame[FRAME_SIZE], uint8_t mark);

/** b forgets what it received, and a sends it a frame. True if exactly one arrives. */
bool client_frame_passes(struct world *w, struct client *a, struct client *b);
