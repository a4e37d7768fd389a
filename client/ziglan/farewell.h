/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ziglans that this host left, and whose entry point does not know that yet. A farewell is a
 * session to it and nothing else: no members, no names, no frames. It is kept in the store until
 * the entry point said that we are no member, so that a leave without a network is told by the next
 * start. One that may be gone for good is not dialled for ever: our admission is over long before.
 */
#pragma once

#include "client/ziglan/ziglan_state.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

enum {
    FAREWELLS_MAX = 16,            /* one more takes the place of the oldest */
    FAREWELL_RETRY_MS = 60 * 1000, /* after an answer that is neither yes nor no, or none */
    FAREWELL_DAYS_MAX = 30,        /* then it is given up, over all restarts */
};

struct farewell {
    TAILQ_ENTRY(farewell) in_list;
    struct ziglan_record record;
    struct relay_session *session;
    struct mono again_at; /* when Leave is sent again, if the session is open; NEVER: not now */
    struct mono end_at;   /* when it is given up */
};

struct farewell_list {
    TAILQ_HEAD(farewell_list_head, farewell) head;
    size_t count;
    const struct ziglan_context *context;
};

/** No farewells. context is borrowed for the list's life. */
void farewell_list_init(struct farewell_list *list, const struct ziglan_context *context);

/** Free all; the sessions stay the relay set's, and the store keeps what is not told. */
void farewell_list_fini(struct farewell_list *list);

/** A ziglan that admitted us is left: remember that, and tell its entry point. session is the one
 * to it, which nobody else uses any more, or NULL. Without memory or disk that is traced, and only
 * an open session is told. */
void farewell_begin(struct farewell_list *list, const struct ziglan_record *record,
                    struct relay_session *session, struct mono now);

/** Go on with one from the store. ERR_NOMEM (also: too many relays); then it waits for the next
 * start. */
int farewell_resume(struct farewell_list *list, const struct ziglan_record *record,
                    struct mono now) MUST_CHECK;

/** The farewell of this session; of this ziglan, by its key; by its name or key as text. NULL. */
struct farewell *farewell_of_relay(const struct farewell_list *list,
                                   const struct relay_session *relay);
struct farewell *farewell_find(const struct farewell_list *list, const uint8_t key[KEY_SIZE]);
struct farewell *farewell_find_text(const struct farewell_list *list, const char *name_or_key);

/** Forget it, with its session, told or not. */
void farewell_end(struct farewell_list *list, struct farewell *farewell, struct mono now);

/** The same, but its record in the store stays: it is that of the ziglan, which was joined again.
 */
void farewell_cancel(struct farewell_list *list, struct farewell *farewell, struct mono now);

/** The session opened. */
void farewell_on_open(struct farewell *farewell, struct mono now);

/** A message of the entry point. It may end the farewell. */
void farewell_on_message(struct farewell_list *list, struct farewell *farewell,
                         const Ziglan__Control *message, struct mono now);

/** Send again what is due, give up what was tried for too long, and when that is. */
void farewell_list_expire(struct farewell_list *list, struct mono now);
struct mono farewell_list_deadline(const struct farewell_list *list);
