/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of peers on this host: which IPv4 address of the host's own pool stands for which
 * peer, and which peer an address of either family belongs to. The first choice is a hash of the
 * key, so most hosts agree; another one is taken where that is not free. What was once assigned
 * stays: the owner of the book stores it and tells it to the book of the next start. The network
 * and broadcast address and base + 53 (the resolver) are never assigned. No I/O.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/net/addrplan.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ADDRESS_BOOK_RESOLVER_OFFSET = 53, /* from the pool's base */
    ADDRESS_BOOK_ATTEMPTS_MAX = 64,    /* hashed choices before the pool is searched in order */
    ADDRESS_BOOK_ABSENT_MAX = 4096,    /* assignments of keys that are not in the book, ... */
    ADDRESS_BOOK_ABSENT_SHARE = 8,     /* ... and at most the pool divided by this */
};

/** What address_book_new needs; copied. */
struct address_book_config {
    struct addrplan_pool pool;
    uint8_t own_key[KEY_SIZE];
    uint32_t peers_max;
    uint32_t (*ip4_hash)(const uint8_t key[KEY_SIZE], uint32_t attempt);
    void (*ip6)(uint8_t ip[16], const uint8_t key[KEY_SIZE]); /* the key's automatic address */
};

struct address_book;

/** The addresses of one peer (or of this host). */
struct address_book_addresses {
    bool has_v4;
    uint8_t v4[4];
    uint8_t v6[16];
};

/** An empty book. ERR_NOMEM leaves *out NULL. */
int address_book_new(struct address_book **out, const struct address_book_config *cfg,
                     const struct env *env) MUST_CHECK;

/** Free it. NULL is fine. */
void address_book_free(struct address_book *book);

/**
 * Tell an assignment that was stored, this host's or a peer's, before address_book_own and the
 * first address_book_add. ERR_DROP if it is outside the pool, reserved, or another key's, or if the
 * key has another address; then nothing changes. ERR_NOMEM; ERR_LIMIT.
 */
int address_book_remember(struct address_book *book, const uint8_t key[KEY_SIZE],
                          const uint8_t v4[4]) MUST_CHECK;

/**
 * Forget one assignment, if there are too many of keys that are not in the book: that of the key
 * that has been absent longest, whose address is free again. Returns true and the key, which the
 * owner deletes from its store; call it again until it returns false. Not before all known peers
 * were added.
 */
bool address_book_trim(struct address_book *book, uint8_t key[KEY_SIZE]);

/** This host's addresses, chosen before those of the peers. *fresh: the IPv4 address was assigned
 * just now, so store it. ERR_LIMIT: no free address (has_v4 false), ERR_NOMEM. */
int address_book_own(struct address_book *book, struct address_book_addresses *out,
                     bool *fresh) MUST_CHECK;

/**
 * Add a peer under a number of the caller's choice. A key that is in the book already keeps its
 * addresses and its number.
 *
 * fresh   set if the IPv4 address was assigned just now: store it
 *
 * ERR_LIMIT: out->has_v4 is false; if out->v6 is not all zero the pool was full and the peer is in
 * the book with IPv6 only, else there are too many peers (or it is this host's own key). ERR_NOMEM:
 * not added.
 */
int address_book_add(struct address_book *book, const uint8_t key[KEY_SIZE], uint32_t peer,
                     struct address_book_addresses *out, bool *fresh) MUST_CHECK;

/** Take a peer out, and its fixed addresses; its IPv4 assignment stays remembered until
 * address_book_trim takes it. */
void address_book_remove(struct address_book *book, const uint8_t key[KEY_SIZE]);

/** Give the fixed addresses of an EUI-64 to a peer in the book. The first key seen keeps it:
 * ERR_DROP if another (also this host) has it, or the key is not in the book; ERR_LIMIT beyond
 * ADDRPLAN_FIXED_MAX; ERR_NOMEM. Claiming again is fine. */
int address_book_claim(struct address_book *book, const uint8_t key[KEY_SIZE],
                       const uint8_t eui64[EUI64_SIZE]) MUST_CHECK;

/** Give up the fixed addresses of a key in the book, before it claims those that it has now. */
void address_book_unclaim(struct address_book *book, const uint8_t key[KEY_SIZE]);

/** Who a local address belongs to. */
enum address_book_owner {
    ADDRESS_BOOK_OWNER_NONE,
    ADDRESS_BOOK_OWNER_SELF,
    ADDRESS_BOOK_OWNER_PEER,
};

/** The owner of an address of 4 or 16 bytes: pool IPv4, key IPv6, 4in6 or fixed. *peer is written
 * for ADDRESS_BOOK_OWNER_PEER only. */
enum address_book_owner address_book_find(const struct address_book *book, const uint8_t *ip,
                                          size_t size, uint32_t *peer);

/** Assigned IPv4 addresses, remembered ones included. Later: the metrics of a host. */
size_t address_book_assigned_count(const struct address_book *book);
