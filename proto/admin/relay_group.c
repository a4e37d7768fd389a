/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists are those that people are shown, so the rewards are read out of them. */
#include "proto/admin/relay_group.h"

#include "proto/wire/record.h"
#include "proto/wire/reward_group.h"

#include <stdlib.h>

/* The rewards of all rows as claims, which borrow from them; returns how many. */
static size_t claims_take(struct reward_claim *claims, const json_t *list)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rewards = json_object_get(json_array_get(list, i), "rewards");

        for (size_t k = 0; k < json_array_size(rewards) && k < RECORD_REWARDS_MAX; k++) {
            const json_t *reward = json_array_get(rewards, k);

            claims[count++] = (struct reward_claim){
                .owner = i,
                .chain = json_string_value(json_object_get(reward, "chain")),
                .address = json_string_value(json_object_get(reward, "address"))};
        }
    }
    return count;
}

bool relay_groups_set(json_t *list)
{
    size_t count = json_array_size(list);
    struct reward_claim *claims = calloc(count * RECORD_REWARDS_MAX + 1, sizeof(*claims));
    uint32_t *groups = calloc(count + 1, sizeof(*groups));
    bool done = claims != NULL && groups != NULL &&
                reward_groups(groups, count, claims, claims_take(claims, list)) == ERR_OK;

    for (size_t i = 0; done && i < count; i++) {
        done = json_object_set_new(json_array_get(list, i), "group",
                                   json_integer((json_int_t)groups[i])) == 0;
    }
    free(claims);
    free(groups);
    return done;
}
