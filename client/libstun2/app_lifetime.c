/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One measurement at a time; its result is that of the network in which it was made. */
#include "client/libstun2/app_lifetime.h"

#include "client/stun2/relay_addresses.h"

#include <string.h>

/* ---- what follows from it ---- */

static uint32_t smaller(uint32_t ms, uint32_t most)
{
    return ms < most ? ms : most;
}

static void keepalive_follow(struct app_lifetime *l)
{
    l->base->keepalive =
        keepalive_of(lifetime_young_ms(&l->found), lifetime_span_ms(&l->found.kept));
    l->base->keepalive_measured = true;
    l->base->relays.keepalive = l->base->keepalive;
}

void app_lifetime_take(struct app_lifetime *l, const struct lifetime_found *found)
{
    struct stun2_event *event = app_events_add(&l->base->events, STUN2_EVENT_LIFETIME);

    l->state = APP_LIFETIME_NONE;
    l->found = *found;
    l->known = true;
    event->code = found->unable ? 0 : 1;
    if (!found->unable) {
        keepalive_follow(l);
    }
}

void app_lifetime_doubt(struct app_lifetime *l, bool elsewhere)
{
    struct keepalive *keepalive = &l->base->keepalive;
    struct lifetime_found found = l->found;

    if (elsewhere && l->state != APP_LIFETIME_NONE) {
        if (l->state == APP_LIFETIME_OURS) {
            lifetime_read(&l->turns.lifetime, &found);
        }
        found.unable = true;
        app_lifetime_take(l, &found);
    }
    if (l->base->keepalive_measured) { /* what is oftener than usual stays: it does no harm */
        keepalive->young_ms = smaller(keepalive->young_ms, KEEPALIVE_MS_UNMEASURED);
        keepalive->kept_ms = smaller(keepalive->kept_ms, KEEPALIVE_MS_UNMEASURED);
        l->base->relays.keepalive = *keepalive;
        l->base->keepalive_measured = false;
    }
}

/* ---- measurements ---- */

bool app_lifetime_begin(struct app_lifetime *l, const struct stun2_address *sockets,
                        struct mono now)
{
    struct endpoint first = app_endpoint(&sockets[0]), relays[LIFETIME_RELAYS_MAX];
    uint16_t ports[LIFETIME_SOCKETS];
    size_t count =
        relay_addresses(&l->base->relays, endpoint_is_v4(&first), relays, LIFETIME_RELAYS_MAX);

    _Static_assert((int)STUN2_LIFETIME_SOCKETS == (int)LIFETIME_SOCKETS, "the same number");
    if (l->state != APP_LIFETIME_NONE || count == 0) {
        return false;
    }
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        ports[i] = sockets[i].port;
    }
    lifetime_turns_init(&l->turns, ports, relays, count, l->base->env, now);
    l->state = APP_LIFETIME_OURS;
    return true;
}

bool app_lifetime_lend(struct app_lifetime *l)
{
    if (l->state != APP_LIFETIME_NONE) {
        return false;
    }
    l->state = APP_LIFETIME_OTHERS;
    app_lifetime_show(l, &(struct lifetime_found){0}, 0);
    return true;
}

void app_lifetime_show(struct app_lifetime *l, const struct lifetime_found *found, uint32_t age_ms)
{
    l->found = *found;
    l->known = true;
    l->shown_age_ms = age_ms;
}

void app_lifetime_end(struct app_lifetime *l)
{
    if (l->state != APP_LIFETIME_NONE) {
        l->state = APP_LIFETIME_NONE;
        l->known = false;
    }
}

bool app_lifetime_receive(struct app_lifetime *l, const struct dgram *in, struct mono now)
{
    for (size_t i = 0; l->state == APP_LIFETIME_OURS && i < LIFETIME_SOCKETS; i++) {
        if (l->turns.lifetime.cfg.ports[i] == in->local.port && in->local.port != 0) {
            lifetime_receive(&l->turns.lifetime, in, now);
            return true;
        }
    }
    return false;
}

void app_lifetime_transmit(struct app_lifetime *l, struct mono now)
{
    struct lifetime_found found;

    if (l->state != APP_LIFETIME_OURS) {
        return;
    }
    lifetime_turns_transmit(&l->turns, &l->base->box, now);
    if (lifetime_turns_are_done(&l->turns)) {
        lifetime_read(&l->turns.lifetime, &found);
        app_lifetime_take(l, &found);
    }
}

struct mono app_lifetime_deadline(const struct app_lifetime *l)
{
    return l->state == APP_LIFETIME_OURS ? lifetime_deadline(&l->turns.lifetime) : MONO_NEVER;
}

/* ---- what was found ---- */

static struct stun2_lifetime_span span_of(const struct lifetime_span *span)
{
    return (struct stun2_lifetime_span){
        .ms = lifetime_span_ms(span), .alive_ms = span->alive_ms, .gone_ms = span->dead_ms};
}

bool app_lifetime_read(const struct app_lifetime *l, struct stun2_lifetime *out, struct mono now)
{
    static const int as[] = {[LIFETIME_ANSWERED_UNKNOWN] = STUN2_ANSWERED_UNKNOWN,
                             [LIFETIME_ANSWERED_AS_QUIET] = STUN2_ANSWERED_AS_UNANSWERED,
                             [LIFETIME_ANSWERED_AS_KEPT] = STUN2_ANSWERED_AS_KEPT,
                             [LIFETIME_ANSWERED_AS_BOTH] = STUN2_ANSWERED_AS_BOTH};
    struct lifetime_found found = l->found;

    memset(out, 0, sizeof(*out));
    if (!l->known && l->state != APP_LIFETIME_OURS) {
        return false;
    }
    if (l->state == APP_LIFETIME_OURS) {
        lifetime_read(&l->turns.lifetime, &found);
        out->age_ms = lifetime_age_ms(&l->turns.lifetime, now);
    }
    out->age_ms = l->state == APP_LIFETIME_OTHERS ? l->shown_age_ms : out->age_ms;
    out->running = l->state != APP_LIFETIME_NONE;
    out->unable = !out->running && found.unable;
    out->kept = span_of(&found.kept);
    out->unanswered = span_of(&found.quiet);
    out->answered_once = as[found.answered];
    out->inbound_keeps = found.inbound == LIFETIME_INBOUND_UNKNOWN ? -1
                         : found.inbound == LIFETIME_INBOUND_YES   ? 1
                                                                   : 0;
    out->keepalive_ms = l->base->keepalive.kept_ms;
    return true;
}
