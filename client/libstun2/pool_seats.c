/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A seat for each pool at each relay. */
#include "client/libstun2/pool_seats.h"

#include "client/libstun2/failures.h"

#include <stdio.h>
#include <string.h>

static struct pool_seat *seat_of(struct pool_seats *pools, uint64_t relay, const char *app)
{
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        struct pool_seat *seat = &pools->seats[i];

        if (seat->step != POOL_STEP_UNUSED && seat->relay == relay && strcmp(seat->app, app) == 0) {
            return seat;
        }
    }
    return NULL;
}

static struct pool_seat *seat_of_request(struct pool_seats *pools, uint64_t relay,
                                         uint32_t request_id)
{
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        struct pool_seat *seat = &pools->seats[i];

        if (seat->step == POOL_STEP_ASKED && seat->relay == relay &&
            seat->request_id == request_id) {
            return seat;
        }
    }
    return NULL;
}

static struct stun2_event *tell(struct pool_seats *pools, const struct pool_seat *seat,
                                enum stun2_event_type type)
{
    struct stun2_event *event = app_events_add(&pools->base->events, type);

    event->relay = seat->relay;
    app_text(event->app, sizeof(event->app), seat->app);
    return event;
}

static void tell_left(struct pool_seats *pools, struct pool_seat *seat, int code, const char *text)
{
    struct stun2_event *event = tell(pools, seat, STUN2_EVENT_POOL_LEFT);

    event->code = code;
    app_text(event->text, sizeof(event->text),
             text == NULL || text[0] == '\0' ? failure_text(code) : text);
    *seat = (struct pool_seat){.step = POOL_STEP_UNUSED};
}

bool pool_seats_want(struct pool_seats *pools, uint64_t relay, const char *app, struct mono now)
{
    if (seat_of(pools, relay, app) != NULL) {
        return true;
    }
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        struct pool_seat *seat = &pools->seats[i];

        if (seat->step == POOL_STEP_UNUSED) {
            *seat = (struct pool_seat){.step = POOL_STEP_WANTED, .relay = relay};
            (void)snprintf(seat->app, sizeof(seat->app), "%s", app);
            app_base_want_kind(pools->base);
            pool_seats_expire(pools, now);
            return true;
        }
    }
    return false;
}

void pool_seats_quit(struct pool_seats *pools, uint64_t relay, const char *app)
{
    struct pool_seat *seat = seat_of(pools, relay, app);
    struct relay_session *session = app_base_relay(pools->base, relay);
    Ziglan__PoolLeave body = ZIGLAN__POOL_LEAVE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (seat == NULL) {
        return;
    }
    if (session != NULL && seat->step != POOL_STEP_WANTED) {
        body.app = control_text(app);
        message.body_case = ZIGLAN__CONTROL__BODY_POOL_LEAVE;
        message.pool_leave = &body;
        (void)relay_session_send(session, &message);
    }
    *seat = (struct pool_seat){.step = POOL_STEP_UNUSED};
}

bool pool_seats_has(const struct pool_seats *pools, uint64_t relay, const char *app)
{
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        const struct pool_seat *seat = &pools->seats[i];

        if ((seat->step == POOL_STEP_ASKED || seat->step == POOL_STEP_IN) && seat->relay == relay &&
            strcmp(seat->app, app) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- messages ---- */

void pool_seats_on_joined(struct pool_seats *pools, const struct relay_session *from,
                          uint32_t request_id, const Ziglan__PoolJoined *joined)
{
    struct pool_seat *seat = seat_of_request(pools, from->number, request_id);
    struct stun2_event *event;

    if (seat == NULL) {
        return;
    }
    seat->step = POOL_STEP_IN;
    seat->wait_until = MONO_NEVER;
    event = tell(pools, seat, STUN2_EVENT_POOL_JOINED);
    event->pool_size = joined->size;
    event->pool_limit = joined->limit;
    if (joined->reward != NULL) {
        app_text(event->reward.chain, sizeof(event->reward.chain), joined->reward->chain);
        app_text(event->reward.address, sizeof(event->reward.address), joined->reward->address);
        app_text(event->reward.identity, sizeof(event->reward.identity), joined->reward->identity);
    }
}

void pool_seats_on_leave(struct pool_seats *pools, const struct relay_session *from,
                         const Ziglan__PoolLeave *leave)
{
    struct pool_seat *seat = seat_of(pools, from->number, leave->app);

    if (seat != NULL && seat->step == POOL_STEP_IN) {
        tell_left(pools, seat, STUN2_FAILURE_ENDED, NULL);
    }
}

bool pool_seats_on_error(struct pool_seats *pools, const struct relay_session *from,
                         uint32_t request_id, const Ziglan__Error *error)
{
    struct pool_seat *seat = seat_of_request(pools, from->number, request_id);

    if (seat == NULL) {
        return false;
    }
    tell_left(pools, seat, (int)error->code, error->text);
    return true;
}

void pool_seats_on_closed(struct pool_seats *pools, uint64_t relay)
{
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        struct pool_seat *seat = &pools->seats[i];

        if (seat->step != POOL_STEP_UNUSED && seat->relay == relay) {
            seat->step = POOL_STEP_WANTED;
        }
    }
}

void pool_seats_relay_gone(struct pool_seats *pools, uint64_t relay)
{
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        if (pools->seats[i].relay == relay) {
            pools->seats[i] = (struct pool_seat){.step = POOL_STEP_UNUSED};
        }
    }
}

/* ---- time ---- */

static bool may_join(const struct pool_seats *pools, const struct pool_seat *seat)
{
    return seat->step == POOL_STEP_WANTED && pools->base->nat_kind != 0 &&
           app_base_relay(pools->base, seat->relay) != NULL;
}

static void join(struct pool_seats *pools, struct pool_seat *seat, struct mono now)
{
    struct relay_session *session = app_base_relay(pools->base, seat->relay);
    Ziglan__PoolJoin body = ZIGLAN__POOL_JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.app = control_text(seat->app);
    body.nat_kind = pools->base->nat_kind;
    seat->request_id = app_base_request(pools->base);
    message.request_id = seat->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_POOL_JOIN;
    message.pool_join = &body;
    if (relay_session_send(session, &message)) {
        seat->step = POOL_STEP_ASKED;
        seat->wait_until = mono_add_ms(now, APP_ANSWER_MS);
    }
}

void pool_seats_expire(struct pool_seats *pools, struct mono now)
{
    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        struct pool_seat *seat = &pools->seats[i];

        if (may_join(pools, seat)) {
            join(pools, seat, now);
        } else if (seat->step == POOL_STEP_ASKED && mono_due(seat->wait_until, now)) {
            tell_left(pools, seat, STUN2_FAILURE_SILENT, NULL);
        }
    }
}

struct mono pool_seats_deadline(const struct pool_seats *pools)
{
    static const struct mono at_once = {0};
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < STUN2_POOLS_MAX; i++) {
        const struct pool_seat *seat = &pools->seats[i];

        if (may_join(pools, seat)) {
            return at_once;
        }
        if (seat->step == POOL_STEP_ASKED) {
            at = mono_min(at, seat->wait_until);
        }
    }
    return at;
}
