/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring of events, and what they are filled with. */
#include "client/libstun2/app_events.h"

#include <stdio.h>
#include <string.h>

struct stun2_event *app_events_add(struct app_events *events, enum stun2_event_type type)
{
    struct stun2_event *event;

    if (events->count == APP_EVENTS_MAX) {
        env_trace(events->env, TRACE_LEVEL_WARN, "events.lost",
                  "the application did not poll its events, and the newest is lost; poll until "
                  "none is left after each call");
        events->count--;
    }
    event = &events->ring[(events->first + events->count) % APP_EVENTS_MAX];
    events->count++;
    memset(event, 0, sizeof(*event));
    event->type = type;
    return event;
}

bool app_events_take(struct app_events *events, struct stun2_event *out)
{
    if (events->count == 0) {
        return false;
    }
    *out = events->ring[events->first];
    events->first = (events->first + 1) % APP_EVENTS_MAX;
    events->count--;
    return true;
}

struct stun2_address app_address(const struct endpoint *endpoint)
{
    struct stun2_address address = {.port = endpoint->port};

    memcpy(address.ip, endpoint->ip, sizeof(address.ip));
    return address;
}

struct endpoint app_endpoint(const struct stun2_address *address)
{
    return endpoint_v6(address->ip, address->port);
}

void app_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text == NULL ? "" : text);
}
