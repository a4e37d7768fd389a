/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of joined ziglans and its order. */
#include "client/ziglan/ziglan_list.h"

#include <stdio.h>
#include <string.h>

/* ---- order ---- */

static struct ziglan_order order_of(const struct ziglan_list *list)
{
    struct ziglan_order order = {0};
    struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &list->head, in_list)
    {
        memcpy(order.keys[order.count++], ziglan->record.url.key, KEY_SIZE);
    }
    return order;
}

static void put_first(struct ziglan_list *list, const struct ziglan_order *first)
{
    for (size_t i = first->count; i-- > 0;) {
        struct ziglan *ziglan = ziglan_list_find(list, first->keys[i]);

        if (ziglan != NULL) {
            TAILQ_REMOVE(&list->head, ziglan, in_list);
            TAILQ_INSERT_HEAD(&list->head, ziglan, in_list);
        }
    }
}

int ziglan_list_order(struct ziglan_list *list, const struct ziglan_order *first)
{
    struct ziglan_order before = order_of(list);

    put_first(list, first);
    struct ziglan_order after = order_of(list);
    return memcmp(&before, &after, sizeof(after)) == 0
               ? ERR_OK
               : ziglan_store_put_order(list->context->store, &after);
}

static void store_order(const struct ziglan_list *list)
{
    struct ziglan_order order = order_of(list);

    if (ziglan_store_put_order(list->context->store, &order) != ERR_OK) {
        env_trace(list->context->env, TRACE_LEVEL_ERROR, "ziglan.order",
                  "the order of ziglans could not be stored; free some disk space");
    }
}

/* ---- life ---- */

static void append(struct ziglan_list *list, struct ziglan *ziglan)
{
    TAILQ_INSERT_TAIL(&list->head, ziglan, in_list);
    list->count++;
}

static int load_next(struct ziglan_list *list, struct store_cursor *cursor, bool *found,
                     struct mono now)
{
    struct ziglan_record record;
    struct ziglan *ziglan;
    int rc = ziglan_store_next(list->context->store, cursor, &record, found);

    if (rc == ERR_DROP) {
        env_trace(list->context->env, TRACE_LEVEL_ERROR, "ziglan.load",
                  "a stored ziglan cannot be read and is passed over");
        return ERR_OK;
    }
    if (rc != ERR_OK || !*found) {
        return rc;
    }
    if (record.left) {
        if (farewell_resume(&list->farewells, &record, now) != ERR_OK) {
            env_trace(list->context->env, TRACE_LEVEL_ERROR, "ziglan.load",
                      "a relay is not told of a leave before the next start");
        }
        return ERR_OK;
    }
    if (list->count == ZIGLAN_COUNT_MAX) { /* no program of ours stores more */
        return ERR_OK;
    }
    rc = ziglan_new(&ziglan, &record, list->context, now);
    if (rc == ERR_OK) {
        append(list, ziglan);
    }
    return rc;
}

int ziglan_list_init(struct ziglan_list *list, const struct ziglan_context *context,
                     struct mono now)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0);
    struct ziglan_order order;
    bool found = true;
    int rc = ERR_OK;

    *list = (struct ziglan_list){.context = context};
    TAILQ_INIT(&list->head);
    farewell_list_init(&list->farewells, context);
    while (rc == ERR_OK && found) { /* to the end: farewells may stand behind a full list */
        rc = load_next(list, &cursor, &found, now);
    }
    if (rc == ERR_OK) {
        rc = ziglan_store_get_order(context->store, &order);
    }
    if (rc == ERR_OK) {
        put_first(list, &order);
    }
    return rc;
}

void ziglan_list_fini(struct ziglan_list *list)
{
    struct ziglan *ziglan = list->context == NULL ? NULL : TAILQ_FIRST(&list->head);

    while (ziglan != NULL) {
        struct ziglan *next = TAILQ_NEXT(ziglan, in_list);

        ziglan_free(ziglan);
        ziglan = next;
    }
    farewell_list_fini(&list->farewells);
    *list = (struct ziglan_list){0};
}

int ziglan_list_add(struct ziglan_list *list, const struct url *url, const char *wanted_name,
                    struct mono now)
{
    struct ziglan_record record = {.url = *url};
    struct farewell *farewell = farewell_find(&list->farewells, url->key);
    struct ziglan *ziglan;
    int rc;

    if (list->count == ZIGLAN_COUNT_MAX) {
        return ERR_LIMIT;
    }
    (void)snprintf(record.name, sizeof(record.name), "%s", url->name);
    rc = ziglan_new(&ziglan, &record, list->context, now);
    if (rc != ERR_OK) {
        return rc;
    }
    ziglan_want_name(ziglan, wanted_name);
    rc = ziglan_store_put(list->context->store, &ziglan->record);
    if (rc != ERR_OK) {
        ziglan_remove_relays(ziglan, now);
        ziglan_free(ziglan);
        return rc;
    }
    if (farewell != NULL) { /* we changed our mind, and that is stored */
        farewell_cancel(&list->farewells, farewell, now);
    }
    append(list, ziglan);
    store_order(list);
    return ERR_OK;
}

void ziglan_list_leave(struct ziglan_list *list, struct ziglan *ziglan, struct mono now)
{
    TAILQ_REMOVE(&list->head, ziglan, in_list);
    list->count--;
    store_order(list);
    ziglan_erase(ziglan);
    if (ziglan->record.admitted) {
        farewell_begin(&list->farewells, &ziglan->record, ziglan->entry_point, now);
        ziglan->entry_point = NULL;
    }
    ziglan_remove_relays(ziglan, now);
    ziglan_free(ziglan);
}

/* ---- finding ---- */

struct ziglan *ziglan_list_find(const struct ziglan_list *list, const uint8_t key[KEY_SIZE])
{
    struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &list->head, in_list)
    {
        if (memcmp(ziglan->record.url.key, key, KEY_SIZE) == 0) {
            return ziglan;
        }
    }
    return NULL;
}

struct ziglan *ziglan_list_find_text(const struct ziglan_list *list, const char *name_or_key,
                                     size_t *count)
{
    struct ziglan *ziglan;
    struct ziglan *named = NULL;
    struct ziglan *begins = NULL;
    size_t names = 0;
    size_t keys = 0;

    TAILQ_FOREACH(ziglan, &list->head, in_list)
    {
        /* A name is empty until an entry point tells it, and an empty text names nobody. */
        if (name_or_key[0] != '\0' && strcmp(ziglan->record.name, name_or_key) == 0) {
            named = ziglan;
            names++;
        }
        if (key_begins(ziglan->record.url.key, name_or_key)) {
            begins = ziglan;
            keys++;
        }
    }
    *count = names > 0 ? names : keys;
    if (*count != 1) {
        return NULL;
    }
    return names > 0 ? named : begins;
}

struct ziglan *ziglan_list_of_relay(const struct ziglan_list *list,
                                    const struct relay_session *relay)
{
    struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &list->head, in_list)
    {
        if (ziglan_owns(ziglan, relay)) {
            return ziglan;
        }
    }
    return NULL;
}

/* ---- timers ---- */

void ziglan_list_expire(struct ziglan_list *list, struct mono now)
{
    struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &list->head, in_list)
    {
        ziglan_expire(ziglan, now);
    }
    farewell_list_expire(&list->farewells, now);
}

struct mono ziglan_list_deadline(const struct ziglan_list *list)
{
    struct mono at = farewell_list_deadline(&list->farewells);
    struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &list->head, in_list)
    {
        at = mono_min(at, ziglan_deadline(ziglan));
    }
    return at;
}
