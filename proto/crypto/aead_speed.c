/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few rounds for each AEAD, which take turns, so that a slow moment meets all of them. */
#include "proto/crypto/aead_speed.h"

enum { ROUNDS = 8, FRAMES = 16, PLAIN_SIZE = 1300 };

static uint64_t round_ns(const struct aead_key *key, aead_speed_clock *now, uint64_t round)
{
    uint8_t frame[PLAIN_SIZE + AEAD_TAG_SIZE_MAX] = {0};
    struct mono begin = now();

    for (uint64_t i = 0; i < FRAMES; i++) {
        aead_seal(key, round * FRAMES + i, NULL, 0, frame, PLAIN_SIZE, frame);
    }
    return mono_ns_between(begin, now());
}

static void sort(struct aead_list *list, uint64_t best_ns[AEAD_LIST_MAX])
{
    for (size_t i = 1; i < list->count; i++) {
        for (size_t k = i; k > 0 && best_ns[k] < best_ns[k - 1]; k--) {
            uint64_t ns = best_ns[k];
            uint8_t id = list->ids[k];

            best_ns[k] = best_ns[k - 1];
            list->ids[k] = list->ids[k - 1];
            best_ns[k - 1] = ns;
            list->ids[k - 1] = id;
        }
    }
}

struct aead_list aead_list_by_speed(aead_speed_clock *now)
{
    static const uint8_t secret[AEAD_KEY_SIZE]; /* of nobody */
    struct aead_list list = aead_list_local();
    struct aead_key keys[AEAD_LIST_MAX];
    uint64_t best_ns[AEAD_LIST_MAX];

    for (size_t i = 0; i < list.count; i++) {
        aead_key_init(&keys[i], (enum aead)list.ids[i], secret);
        best_ns[i] = UINT64_MAX;
    }
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < list.count; i++) {
            uint64_t ns = round_ns(&keys[i], now, round);

            best_ns[i] = ns < best_ns[i] ? ns : best_ns[i];
        }
    }
    sort(&list, best_ns);
    return list;
}
