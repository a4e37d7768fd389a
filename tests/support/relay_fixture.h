/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay core and several clients, which are real link hubs, joined by a wire of memory in
 * virtual time with seeded randomness. What a client received is kept for the test to look at.
 */
#pragma once

#include "proto/link/link.h"
#include "proto/wire/control.h"
#include "proto/wire/record.h"
#include "proto/wire/url.h"
#include "tests/support/env.h"
#include "tests/support/relay_node.h"
#include "tests/support/wire.h"

enum { CLIENTS_MAX = 6, KEPT_MAX = 512, LOOSE_MAX = 64, FRAME_SIZE = 100 };

/** One message that a client received. */
struct kept {
    enum link_event_type type;
    size_t size;
    uint8_t *data;
    enum link_reason reason;
};

/** A host as the relay sees it: a hub of the link, and what it received on its newest connection.
 */
struct client {
    struct identity identity;
    struct link_hub *hub;
    struct handle handle;
    struct endpoint address;
    struct kept kept[KEPT_MAX];
    size_t kept_count;
    bool open;
    uint32_t request_next;
};

/** The relay, who may join it, and the wire. */
struct world {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node relay;
    struct client clients[CLIENTS_MAX];
    struct outbox box; /* of the clients */
    struct control_arena arena;
    struct wire_packet *loose[LOOSE_MAX]; /* what came to nobody's address: STUN answers */
    size_t loose_count;
};

/** Abort unless rc is ERR_OK, and say what failed. */
void must(int rc, const char *what);

/** Start the relay on its store. */
void world_core_start(struct world *w);

/** A relay that runs, with what cfg (may be NULL) says besides whose it is and where. To be freed
 * with world_free. */
struct world *world_new(const struct relay_config *cfg);

/** Forget what it received. */
void client_forget(struct client *c);

/** Free all of it. */
void world_free(struct world *w);

/** Let everything happen for `ms` milliseconds of virtual time. */
void world_run(struct world *w, uint64_t ms);

/** Dial the relay as the entry point of its ziglan. */
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

/** Datagrams kept, and the first of them. */
size_t client_datagrams(const struct client *c, const struct kept **first);

/** The client's member part with this wanted name, made now; returns its size. */
size_t member_part_make(struct world *w, struct client *c, const char *name,
                        uint8_t out[RECORD_SIGNED_SIZE_MAX]);

/** Send a Join. invite may be NULL. */
void client_join_send(struct world *w, struct client *c, const uint8_t *invite, const char *name);

/** The same, and wait for the answer. */
void client_join(struct world *w, struct client *c, const uint8_t *invite, const char *name);

/** A fresh invite of `uses`. */
void world_invite(struct world *w, uint32_t uses, uint8_t invite[INVITE_SIZE]);

/** Clients 0 to count - 1 as members "host0", "host1", ...; what they received is forgotten. */
void world_members(struct world *w, int count);

/** What the relay has counted. */
struct relay_counters world_counters(struct world *w);

/** Send `size` bytes as a frame of one host-to-host type to dst. */
void client_frame(struct client *c, uint8_t kind, const uint8_t dst[KEY_SIZE], const uint8_t *frame,
                  size_t size);

/** Ask with a body that says nothing more: Ping or Leave. */
void client_ask(struct client *c, Ziglan__Control__BodyCase body);

/** The code of the first Error it got, 0: none. */
uint32_t client_error(struct world *w, struct client *c);

/** Ask for a member by what is not NULL: key, name or overlay address; and wait for the answer. */
void client_lookup(struct world *w, struct client *c, const uint8_t *key, const char *name,
                   const uint8_t *address);

/** Watch everything after this sequence, and wait for what is known already. */
void client_watch(struct world *w, struct client *c, uint64_t since);

/** What the watcher c was told last about a member; false if nothing. *online is not written for
 * one that was revoked. */
bool client_told(struct world *w, struct client *c, const struct client *about, bool *online,
                 bool *revoked);

/** A frame of FRAME_SIZE bytes that is marked by all of its bytes but the first. */
void frame_fill(uint8_t frame[FRAME_SIZE], uint8_t mark);

/** Send a frame from a to b, which forgets what it received before; true if it arrived. */
bool client_frame_passes(struct world *w, struct client *a, struct client *b);
