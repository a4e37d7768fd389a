/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table that is walked from end to end. */
#include "client/stun2/guess_samples.h"

#include <string.h>

static const uint16_t gaps_ms[GUESS_SAMPLE_TRIES] = {250, 400, 0};

void guess_samples_add(struct guess_samples *samples, uint16_t socket, const struct endpoint *relay,
                       const uint8_t id[STUN_ID_SIZE], struct mono at)
{
    struct guess_sample *sample = &samples->list[samples->count];

    if (samples->count == GUESS_SAMPLES_MAX) {
        return;
    }
    samples->count++;
    *sample = (struct guess_sample){.socket = socket, .relay = *relay, .ask_at = at};
    memcpy(sample->id, id, STUN_ID_SIZE);
}

static bool is_open(const struct guess_sample *sample)
{
    return endpoint_is_none(&sample->mapped) && sample->tries < GUESS_SAMPLE_TRIES;
}

const struct guess_sample *guess_samples_next(struct guess_samples *samples, struct mono now)
{
    for (size_t i = 0; i < samples->count; i++) {
        struct guess_sample *sample = &samples->list[i];

        if (is_open(sample) && mono_due(sample->ask_at, now)) {
            sample->ask_at = mono_add_ms(now, gaps_ms[sample->tries]);
            sample->tries++;
            return sample;
        }
    }
    return NULL;
}

bool guess_samples_on_answer(struct guess_samples *samples, uint16_t socket,
                             const struct endpoint *relay, const uint8_t id[STUN_ID_SIZE],
                             const struct endpoint *mapped)
{
    for (size_t i = 0; i < samples->count; i++) {
        struct guess_sample *sample = &samples->list[i];

        if (sample->tries > 0 && sample->socket == socket &&
            endpoint_equal(&sample->relay, relay) && memcmp(sample->id, id, STUN_ID_SIZE) == 0) {
            sample->mapped = *mapped;
            return true;
        }
    }
    return false;
}

size_t guess_samples_answered(const struct guess_samples *samples)
{
    size_t answered = 0;

    for (size_t i = 0; i < samples->count; i++) {
        answered += endpoint_is_none(&samples->list[i].mapped) ? 0 : 1;
    }
    return answered;
}

struct mono guess_samples_deadline(const struct guess_samples *samples)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < samples->count; i++) {
        if (is_open(&samples->list[i])) {
            at = mono_min(at, samples->list[i].ask_at);
        }
    }
    return at;
}
