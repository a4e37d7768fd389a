/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map from random numbers to conversations. */
#include "client/peer/receiver_index.h"

int receiver_indexes_init(struct receiver_indexes *indexes, size_t count_max, const struct env *env)
{
    *indexes = (struct receiver_indexes){.env = env};
    return map_new(&indexes->map, sizeof(uint32_t), count_max, env);
}

void receiver_indexes_fini(struct receiver_indexes *indexes)
{
    map_free(indexes->map);
    *indexes = (struct receiver_indexes){0};
}

uint32_t receiver_index_new(struct receiver_indexes *indexes, struct conversation *owner)
{
    for (int i = 0; i < 16; i++) {
        uint32_t index;

        env_random(indexes->env, &index, sizeof(index));
        index &= ~UINT32_C(0xf); /* the low bits name the worker that owns the session: 0 */
        if (index == 0 || map_find_pointer(indexes->map, &index) != NULL) {
            continue;
        }
        return map_put_pointer(indexes->map, &index, owner) == ERR_OK ? index : 0;
    }
    return 0;
}

void receiver_index_drop(struct receiver_indexes *indexes, uint32_t index)
{
    (void)map_remove(indexes->map, &index, NULL);
    indexes->changes++;
}

struct conversation *receiver_index_find(const struct receiver_indexes *indexes, uint32_t index)
{
    return map_find_pointer(indexes->map, &index);
}
