/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks everybody, again and again. */
#include "tests/sim/subnet/spread.h"

#include "proto/base/bytes.h"
#include "tests/sim/subnet/node.h"

#include <math.h>
#include <stdlib.h>

enum { SETTLED_MS = 3 * 60 * 1000 }; /* who came later is still learning itself */

void spread_watch(struct spread *spread, const struct world *world, const struct relay *relay)
{
    CHECK(spread->count < SPREAD_MAX);
    spread->list[spread->count++] = (struct spread_subject){
        .relay = relay->number, .since = world->now, .half_s = -1, .most_s = -1, .all_s = -1};
}

static void note(double *at_s, bool reached, double now_s)
{
    if (*at_s < 0 && reached) {
        *at_s = now_s;
    }
}

static void subject_look(struct spread_subject *subject, const struct world *world)
{
    const struct relay *relay = &world->relays[subject->relay];
    double now_s = (double)mono_ms_between(subject->since, world->now) / 1000;
    uint32_t known = 0, count = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        const struct relay *other = &world->relays[i];

        if (other != relay && other->up && other->hostile == 0 &&
            !mono_before(subject->since, mono_add_ms(other->born, SETTLED_MS))) {
            count++;
            known += node_knows(other, relay);
        }
    }
    subject->share = (double)known / count;
    note(&subject->half_s, 2 * known >= count, now_s);
    note(&subject->most_s, 20 * (uint64_t)known >= 19 * (uint64_t)count, now_s);
    note(&subject->all_s, known == count, now_s);
}

bool spread_look(struct spread *spread, const struct world *world)
{
    bool all = true;

    for (size_t i = 0; i < spread->count; i++) {
        struct spread_subject *subject = &spread->list[i];

        if (subject->all_s < 0 && world->relays[subject->relay].up) {
            subject_look(subject, world);
            all = all && subject->all_s >= 0;
        }
    }
    return all;
}

void spread_run(struct spread *spread, struct world *world, uint64_t ms, uint64_t step_ms)
{
    for (uint64_t at = 0; at < ms && !spread_look(spread, world); at += step_ms) {
        node_run(world, step_ms);
    }
}

double spread_share(const struct spread *spread)
{
    double sum = 0;

    for (size_t i = 0; i < spread->count; i++) {
        sum += spread->list[i].share;
    }
    return sum / (double)spread->count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double spread_time(const struct spread *spread, int which, bool worst)
{
    double times[SPREAD_MAX];

    for (size_t i = 0; i < spread->count; i++) {
        const struct spread_subject *at = &spread->list[i];

        times[i] = which == 50 ? at->half_s : which == 95 ? at->most_s : at->all_s;
        times[i] = times[i] < 0 ? INFINITY : times[i];
    }
    qsort(times, spread->count, sizeof(times[0]), compare);
    return times[worst ? spread->count - 1 : spread->count / 2];
}
