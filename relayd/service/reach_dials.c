/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A few places, each with the handle of a dial. */
#include "relayd/service/reach_dials.h"

bool reach_dials_begin(struct reach_dials *dials, const struct reach_aim *aim, struct mono now)
{
    const struct link_dial whom = {.local = {.port = dials->port},
                                   .remote = aim->address,
                                   .want = LINK_WANT_RELAY,
                                   .key = aim->key};

    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        struct reach_dial *dial = &dials->list[i];

        if (!dial->used) {
            dial->aim = *aim;
            dial->used = link_hub_dial(dials->base->hub, &dial->handle, &whom, now) == ERR_OK;
            return dial->used;
        }
    }
    return false;
}

bool reach_dials_take(struct reach_dials *dials, const struct link_event *event, bool *ended,
                      struct reach_outcome *out, struct mono now)
{
    struct reach_dial *dial = dials->list;
    struct reach_dial *end = dials->list + REACH_DIALS_MAX;

    while (event->dialled && dial < end &&
           !(dial->used && handle_equal(dial->handle, event->handle))) {
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
