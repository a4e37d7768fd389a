/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The session of a host to an entry point of a ziglan: which addresses are dialled when, which
 * session is the active one, and when to give one up. The hub (proto/link) does the talking; this
 * is the part that never stops trying.
 *
 *   resolve names -> dial the addresses one after the other, a few at a time -> first OPEN wins
 *   stalled: dial beside the old session, which stays until the new one is open
 *   closed: dial again at once, then ever more slowly
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/link/link.h"
#include "proto/wire/url.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ENTRY_TARGETS_MAX = 32,
    ENTRY_DIALS_MAX = 3,         /* at once */
    ENTRY_ADDRS_PER_HOST_MAX = 4,
    ENTRY_STAGGER_MS = 300,      /* between two targets of one round */
    ENTRY_DIAL_MS = 3000,        /* a dial older than this makes room for the next */
    ENTRY_RETRY_MS_MIN = 200,
    ENTRY_RETRY_MS_NEAR = 1500,  /* between rounds, as long as a restart is likely */
    ENTRY_RETRY_NEAR_ROUNDS = 40,
    ENTRY_RETRY_MS_MAX = 15000,
    ENTRY_RESOLVE_RETRY_MS = 5000,
    ENTRY_PORT_FIRST = 4433,
    ENTRY_PORT_SECOND = 443,
};

struct entry_dial {
    struct link_handle handle;
    struct endpoint remote;
    struct mono started_at;
    bool used;
};

struct entry {
    struct endpoint targets[ENTRY_TARGETS_MAX];
    uint8_t target_hosts[ENTRY_TARGETS_MAX]; /* which host of the URL each belongs to */
    size_t targets_count, target_next;
    struct mono resolve_at[URL_HOSTS_MAX]; /* when a name is to be resolved; NEVER: not now */
    struct entry_dial dials[ENTRY_DIALS_MAX];
    bool open, stalled;
    struct link_handle active;
    struct endpoint remote;   /* of the active session */
    struct endpoint observed; /* our address as that relay sees it */
    uint8_t relay_key[KEY_SIZE];
    uint32_t rounds;          /* fruitless rounds since the last success */
    struct mono dial_at;
    struct mono closed_until; /* entry_close: a name that resolves meanwhile dials nothing */
    enum link_reason last_reason;
};

/** Begin: numeric hosts of the URL become targets, names are wanted from the resolver. */
void entry_init(struct entry *entry, const struct url *url, struct mono now);

/** The index of a host whose name is to be resolved now, or -1. It is not asked for again until
 * entry_resolved or ENTRY_RESOLVE_RETRY_MS. */
int entry_resolve_wanted(struct entry *entry, const struct url *url, struct mono now);

/** Addresses of a host, in place of those known before (count 0: the name did not resolve; the
 * former ones stay, and it is tried again later). */
void entry_resolved(struct entry *entry, const struct url *url, size_t host_index,
                    const struct endpoint *addrs, size_t count, struct mono now);

/** Dial what is due. */
void entry_expire(struct entry *entry, const struct url *url, struct link_hub *hub,
                  const struct env *env, struct mono now);

/** When entry_expire or entry_resolve_wanted has something to do. */
struct mono entry_deadline(const struct entry *entry);

/** True if the handle is one of this entry's (active or being dialled). */
bool entry_owns(const struct entry *entry, struct link_handle handle);

/** A dialled connection opened: it becomes the active one, all others are closed. */
void entry_on_open(struct entry *entry, const struct link_event *event, struct link_hub *hub,
                   struct mono now);

/** The active connection does not answer: dial beside it. */
void entry_on_stalled(struct entry *entry, struct link_handle handle, struct mono now);

/** A connection closed. Returns true if it was the active one. */
bool entry_on_closed(struct entry *entry, const struct link_event *event, const struct env *env,
                     struct mono now);

/** Close everything; wait_ms later dial again (UINT64_MAX: never). */
void entry_close(struct entry *entry, struct link_hub *hub, uint64_t wait_ms, struct mono now);
