/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ziglans that this host joined, in the order in which their names take precedence: those of
 * the configuration first, as it lists them, then the others as they were joined. The order is
 * kept in the store, so that neither a restart nor a leave changes it.
 */
#pragma once

#include "client/ziglan/farewell.h"
#include "client/ziglan/ziglan.h"
#include "client/ziglan/ziglan_store.h"

struct ziglan_list {
    TAILQ_HEAD(ziglan_list_head, ziglan) head;
    size_t count;
    struct farewell_list farewells; /* of those that were left */
    const struct ziglan_context *context;
};

/** Load the ziglans of the store, at most ZIGLAN_COUNT_MAX, in their order. One that cannot be read
 * is traced and left out. context is borrowed for the list's life. ERR_NOMEM, ERR_SYSTEM: the list
 * is filled in part, and ziglan_list_fini is due all the same. */
int ziglan_list_init(struct ziglan_list *list, const struct ziglan_context *context,
                     struct mono now) MUST_CHECK;

/** Free all of them; their sessions stay the relay set's. A list of zeros is fine. */
void ziglan_list_fini(struct ziglan_list *list);

/** Join the ziglan of a URL: it is stored, and the last of the list; a farewell to it ends.
 * ERR_LIMIT at ZIGLAN_COUNT_MAX and at RELAY_SET_MAX, ERR_NOMEM, ERR_SYSTEM; then nothing else
 * changes. */
int ziglan_list_add(struct ziglan_list *list, const struct url *url, const char *wanted_name,
                    struct mono now) MUST_CHECK;

/** Leave one and free it, and its relays. Nobody may refer to either any more. If it admitted us
 * once, a farewell to its entry point begins. */
void ziglan_list_leave(struct ziglan_list *list, struct ziglan *ziglan, struct mono now);

/** Put the ziglans with these keys first, in this order; the others follow in theirs. Keys of
 * ziglans that are not joined do not matter. ERR_SYSTEM if it could not be stored; then it counts
 * until the next start. */
int ziglan_list_order(struct ziglan_list *list, const struct ziglan_order *first) MUST_CHECK;

/** The one with this key, or NULL. */
struct ziglan *ziglan_list_find(const struct ziglan_list *list, const uint8_t key[KEY_SIZE]);
/** The one with this name, or if none has it with a key that begins so. NULL unless exactly one
 * fits; *count tells how many do. */
struct ziglan *ziglan_list_find_text(const struct ziglan_list *list, const char *name_or_key,
                                     size_t *count);

/** The ziglan that holds this session; NULL: the relay is of no ziglan. */
struct ziglan *ziglan_list_of_relay(const struct ziglan_list *list,
                                    const struct relay_session *relay);

/** The timers of all. */
void ziglan_list_expire(struct ziglan_list *list, struct mono now);
struct mono ziglan_list_deadline(const struct ziglan_list *list);
