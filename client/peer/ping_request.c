/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small table of pings that people asked for. */
#include "client/peer/ping_request.h"

#include <stddef.h>

struct ping_request *ping_request_begin(struct ping_requests *requests, struct peer *peer,
                                        struct mono now)
{
    for (size_t i = 0; i < PING_REQUESTS_MAX; i++) {
        struct ping_request *request = &requests->list[i];

        if (request->ticket == 0 ||
            mono_ms_between(request->started_at, now) > PING_REQUEST_TIMEOUT_MS) {
            requests->ticket_last = requests->ticket_last % INT32_MAX + 1;
            *request = (struct ping_request){.ticket = requests->ticket_last,
                                             .peer = peer,
                                             .started_at = now,
                                             .sent_at = MONO_NEVER};
            return request;
        }
    }
    return NULL;
}

struct ping_request *ping_request_find(struct ping_requests *requests, int64_t ticket)
{
    for (size_t i = 0; i < PING_REQUESTS_MAX; i++) {
        if (ticket > 0 && requests->list[i].ticket == ticket) {
            return &requests->list[i];
        }
    }
    return NULL;
}

/* One that is over, or whose peer was removed meanwhile, must begin nothing any more. */
bool ping_request_waits(const struct ping_request *request, struct mono now)
{
    return request->ticket != 0 && !request->done && request->sent_at.ns == MONO_NEVER.ns &&
           request->peer != NULL &&
           mono_ms_between(request->started_at, now) <= PING_REQUEST_TIMEOUT_MS;
}

bool ping_request_answer(struct ping_requests *requests, const struct peer *peer,
                         uint64_t transaction, bool relayed, struct mono now)
{
    for (size_t i = 0; i < PING_REQUESTS_MAX; i++) {
        struct ping_request *request = &requests->list[i];

        if (request->ticket != 0 && !request->done && request->peer == peer && transaction != 0 &&
            request->transaction == transaction) {
            request->done = true;
            request->relayed = relayed;
            request->rtt_ns = mono_ns_between(request->sent_at, now);
            return true;
        }
    }
    return false;
}

void ping_request_forget(struct ping_requests *requests, const struct peer *peer)
{
    for (size_t i = 0; i < PING_REQUESTS_MAX; i++) {
        if (requests->list[i].peer == peer) {
            requests->list[i].peer = NULL;
        }
    }
}
