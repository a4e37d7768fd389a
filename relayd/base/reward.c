/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing the reward address for an application. */
#include "relayd/base/reward.h"

#include <string.h>

static const struct record_reward *of_chain(const struct rewards *rewards, const char *chain,
                                            size_t size)
{
    for (size_t i = 0; i < rewards->count; i++) {
        const struct record_reward *reward = &rewards->list[i];

        if (strlen(reward->chain) == size && memcmp(reward->chain, chain, size) == 0) {
            return reward;
        }
    }
    return NULL;
}

const struct record_reward *reward_for(const struct rewards *rewards, const char *app)
{
    const struct record_reward *own = of_chain(rewards, app, strcspn(app, ".:/"));

    return own != NULL ? own : of_chain(rewards, REWARD_CHAIN_ANY, strlen(REWARD_CHAIN_ANY));
}
