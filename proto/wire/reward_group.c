/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Equal claims stand side by side when they are sorted, and join their owners. */
#include "proto/wire/reward_group.h"

#include <stdlib.h>
#include <string.h>

static int claim_compare(const void *a, const void *b)
{
    const struct reward_claim *first = a, *second = b;
    int order = strcmp(first->chain, second->chain);

    return order != 0 ? order : strcmp(first->address, second->address);
}

/* The first of those that an owner was joined with. Ways are shortened as they are gone. */
static size_t root_of(size_t *parents, size_t owner)
{
    while (parents[owner] != owner) {
        parents[owner] = parents[parents[owner]];
        owner = parents[owner];
    }
    return owner;
}

static void join(size_t *parents, size_t a, size_t b)
{
    size_t first = root_of(parents, a), second = root_of(parents, b);

    parents[first > second ? first : second] = first > second ? second : first;
}

int reward_groups(uint32_t *groups, size_t owners_count, struct reward_claim *claims,
                  size_t claims_count)
{
    size_t *parents = calloc(owners_count + 1, sizeof(*parents));
    uint32_t last = 0;

    if (parents == NULL) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < owners_count; i++) {
        parents[i] = i;
        groups[i] = 0;
    }
    if (claims_count > 0) {
        qsort(claims, claims_count, sizeof(*claims), claim_compare);
    }
    for (size_t i = 0; i < claims_count; i++) {
        groups[claims[i].owner] = 1; /* it has one; which one is found below */
        if (i > 0 && claim_compare(&claims[i - 1], &claims[i]) == 0) {
            join(parents, claims[i - 1].owner, claims[i].owner);
        }
    }
    for (size_t i = 0; i < owners_count; i++) {
        if (groups[i] != 0) { /* a root comes before all that were joined with it */
            size_t root = root_of(parents, i);

            groups[i] = root == i ? ++last : groups[root];
        }
    }
    free(parents);
    return ERR_OK;
}
