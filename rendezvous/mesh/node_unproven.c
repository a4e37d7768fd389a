/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list is short, so all is found by looking through it. */
#include "rendezvous/mesh/node_unproven.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 8 };

static void release(struct node_unproven_list *list, struct node_unproven *unproven)
{
    node_item_release(list->shelf, unproven->node);
    for (size_t i = 0; i < unproven->attestations_count; i++) {
        node_item_release(list->shelf, unproven->attestations[i]);
    }
}

struct node_unproven *node_unproven_find(const struct node_unproven_list *list,
                                         const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < list->count; i++) {
        if (memcmp(node_item_key(list->slots[i].node), key, KEY_SIZE) == 0) {
            return &list->slots[i];
        }
    }
    return NULL;
}

static int reserve(struct node_unproven_list *list)
{
    if (list->count == NODE_UNPROVEN_MAX) {
        return ERR_LIMIT;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? SLOTS_MIN : list->capacity * 2;
        struct node_unproven *slots = realloc(list->slots, capacity * sizeof(*slots));

        if (slots == NULL) {
            return ERR_NOMEM;
        }
        list->slots = slots;
        list->capacity = capacity;
    }
    return ERR_OK;
}

int node_unproven_put(struct node_unproven_list *list, struct node_item *node, struct mono due)
{
    struct node_unproven *former = node_unproven_find(list, node_item_key(node));

    if (former == NULL) {
        int rc = reserve(list);

        if (rc != ERR_OK) {
            return rc;
        }
        former = &list->slots[list->count++];
    } else {
        release(list, former);
    }
    *former = (struct node_unproven){.node = node_item_keep(node), .due = due};
    return ERR_OK;
}

void node_unproven_attest(struct node_unproven_list *list, struct node_unproven *unproven,
                          struct node_item *attestation)
{
    struct node_item **slot = NULL;

    for (size_t i = 0; i < unproven->attestations_count && slot == NULL; i++) {
        if (memcmp(node_item_key(unproven->attestations[i]), node_item_key(attestation),
                   KEY_SIZE) == 0) {
            slot = &unproven->attestations[i];
        }
    }
    if (slot != NULL) {
        if (node_item_created_ms(*slot) >= node_item_created_ms(attestation)) {
            return;
        }
        node_item_release(list->shelf, *slot);
    } else if (unproven->attestations_count < NODE_CANDIDATES_MAX) {
        slot = &unproven->attestations[unproven->attestations_count++];
    } else {
        return;
    }
    *slot = node_item_keep(attestation);
}

void node_unproven_remove(struct node_unproven_list *list, struct node_unproven *unproven)
{
    release(list, unproven);
    *unproven = list->slots[--list->count];
}

/* True if a relay of this network is being dialled: nobody makes us knock at one network's door
 * with many hands. */
static bool network_busy(const struct node_unproven_list *list, uint64_t prefix)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->slots[i].dialling && node_item_prefix(list->slots[i].node) == prefix) {
            return true;
        }
    }
    return false;
}

static size_t dials(const struct node_unproven_list *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        count += list->slots[i].dialling;
    }
    return count;
}

struct node_unproven *node_unproven_dial(struct node_unproven_list *list, struct mono now)
{
    struct node_unproven *best = NULL;

    if (dials(list) >= NODE_DIALS_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct node_unproven *at = &list->slots[i];

        if (!at->dialling && mono_due(at->due, now) &&
            (best == NULL || mono_before(at->due, best->due)) &&
            !network_busy(list, node_item_prefix(at->node))) {
            best = at;
        }
    }
    if (best != NULL) {
        best->dialling = true;
        best->due = mono_add_ms(now, NODE_DIAL_MS_MAX);
    }
    return best;
}

bool node_unproven_failed(struct node_unproven *unproven, struct mono now)
{
    unproven->dialling = false;
    unproven->tries++;
    unproven->due = mono_add_ms(now, (uint64_t)NODE_DIAL_RETRY_MS * unproven->tries);
    return unproven->tries < NODE_DIAL_TRIES;
}

struct mono node_unproven_deadline(const struct node_unproven_list *list)
{
    struct mono deadline = MONO_NEVER;
    bool full = dials(list) >= NODE_DIALS_MAX;

    for (size_t i = 0; i < list->count; i++) {
        const struct node_unproven *at = &list->slots[i];

        if (at->dialling || (!full && !network_busy(list, node_item_prefix(at->node)))) {
            deadline = mono_min(deadline, at->due);
        }
    }
    return deadline;
}

void node_unproven_fini(struct node_unproven_list *list)
{
    while (list->count > 0) {
        node_unproven_remove(list, &list->slots[list->count - 1]);
    }
    free(list->slots);
    list->slots = NULL;
    list->capacity = 0;
}
