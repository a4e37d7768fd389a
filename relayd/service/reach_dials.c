/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few places, each with a STUN transaction, and then the handle of a dial. */
#include "relayd/service/reach_dials.h"

#include <string.h>

static bool is_asking(const struct reach_dial *dial)
{
    return dial->used && handle_equal(dial->handle, HANDLE_NONE);
}

/* Whoever passes jobs on chooses where they go, and may let each dial last as long as it can: it
 * gets no more than its share, and makes us send little to any one address. */
static bool job_fits(const struct reach_dials *dials, const struct reach_aim *aim)
{
    size_t jobs = 0, same = 0;

    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        const struct reach_dial *dial = &dials->list[i];

        if (!dial->used || dial->aim.job == 0) {
            continue;
        }
        if (endpoint_same_ip(&dial->aim.address, &aim->address)) {
            return false;
        }
        jobs++;
        same += memcmp(dial->aim.from, aim->from, KEY_SIZE) == 0 ? 1 : 0;
    }
    return jobs < REACH_DIALS_OF_JOBS_MAX && same < REACH_DIALS_OF_NEIGHBOUR_MAX;
}

bool reach_dials_has(const struct reach_dials *dials, const struct reach_aim *aim)
{
    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        const struct reach_dial *dial = &dials->list[i];

        if (dial->used && dial->aim.job != 0 && memcmp(dial->aim.key, aim->key, KEY_SIZE) == 0 &&
            endpoint_equal(&dial->aim.address, &aim->address)) {
            return true;
        }
    }
    return false;
}

bool reach_dials_begin(struct reach_dials *dials, const struct reach_aim *aim, struct mono now)
{
    if (aim->job != 0 && !job_fits(dials, aim)) {
        dials->base->counters.reach_jobs_refused++;
        return false;
    }
    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        struct reach_dial *dial = &dials->list[i];

        if (!dial->used) {
            *dial = (struct reach_dial){
                .aim = *aim,
                .used = true,
                .due = now,
                .until = mono_add_ms(now, REACH_DIAL_ASK_MS),
            };
            env_random(&dials->base->env, dial->transaction, sizeof(dial->transaction));
            return true;
        }
    }
    return false;
}

/* Somebody who speaks our protocols is at the address. */
static void connect_to(struct reach_dials *dials, struct reach_dial *dial, struct mono now)
{
    const struct link_dial whom = {.local = {.port = dials->port},
                                   .remote = dial->aim.address,
                                   .want = LINK_WANT_RELAY,
                                   .key = dial->aim.key};

    if (link_hub_dial(dials->base->hub, &dial->handle, &whom, now) != ERR_OK) {
        dial->handle = HANDLE_NONE;
        dial->until = now;
    }
}

bool reach_dials_on_stun(struct reach_dials *dials, const struct dgram *in, struct mono now)
{
    struct stun_message message;

    if (stun_parse(&message, in->data, in->size) != ERR_OK) {
        return false;
    }
    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        struct reach_dial *dial = &dials->list[i];

        if (is_asking(dial) && endpoint_equal(&dial->aim.address, &in->remote) &&
            stun_is_answer(&message, dial->transaction)) {
            connect_to(dials, dial, now);
            return true;
        }
    }
    return false;
}

void reach_dials_transmit(struct reach_dials *dials, struct outbox *out, struct mono now)
{
    const struct endpoint local = {.port = dials->port};
    uint8_t request[STUN_REQUEST_SIZE];

    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        struct reach_dial *dial = &dials->list[i];

        if (is_asking(dial) && dial->tries < REACH_DIAL_TRIES && mono_due(dial->due, now)) {
            stun_request(request, dial->transaction);
            outbox_put(out, &local, &dial->aim.address, request, sizeof(request));
            dial->tries++;
            dial->due = mono_add_ms(now, REACH_DIAL_TRY_MS);
        }
    }
}

bool reach_dials_expire(struct reach_dials *dials, struct reach_outcome *out, struct mono now)
{
    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        struct reach_dial *dial = &dials->list[i];

        if (is_asking(dial) && mono_due(dial->until, now)) {
            dial->used = false;
            *out = (struct reach_outcome){.aim = dial->aim};
            return true;
        }
    }
    return false;
}

struct mono reach_dials_deadline(const struct reach_dials *dials)
{
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        const struct reach_dial *dial = &dials->list[i];

        if (is_asking(dial)) {
            at = mono_min(at, dial->until);
            at = dial->tries < REACH_DIAL_TRIES ? mono_min(at, dial->due) : at;
        }
    }
    return at;
}

bool reach_dials_take(struct reach_dials *dials, const struct link_event *event, bool *ended,
                      struct reach_outcome *out, struct mono now)
{
    struct reach_dial *dial = dials->list;
    struct reach_dial *end = dials->list + REACH_DIALS_MAX;

    while (event->dialled && dial < end &&
           !(dial->used && !is_asking(dial) && handle_equal(dial->handle, event->handle))) {
        dial++;
    }
    if (!event->dialled || dial == end) {
        return false;
    }
    *ended = event->type == LINK_EVENT_OPEN || event->type == LINK_EVENT_CLOSED;
    if (*ended) {
        dial->used = false;
        *out = (struct reach_outcome){.aim = dial->aim, .proved = event->type == LINK_EVENT_OPEN};
    }
    if (event->type == LINK_EVENT_OPEN) {
        out->rtt_us = (uint32_t)(link_hub_rtt_ns(dials->base->hub, event->handle) / 1000);
        link_hub_close(dials->base->hub, event->handle, 0, "reached", now);
    }
    return true;
}
