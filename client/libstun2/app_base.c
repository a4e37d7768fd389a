/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of questions, and relays that can be asked. */
#include "client/libstun2/app_base.h"

enum { REQUEST_FIRST = 0x100, REQUEST_LAST = 0xffffff };

void app_base_want_kind(struct app_base *base)
{
    if (base->nat_kind == 0 && !base->kind_wanted) {
        base->kind_wanted = true;
        (void)app_events_add(&base->events, STUN2_EVENT_MEASURE_FIRST);
    }
}

void app_base_set_keepalive(struct app_base *base, uint32_t ms)
{
    uint32_t bounded = ms < APP_KEEPALIVE_MS_MIN   ? APP_KEEPALIVE_MS_MIN
                       : ms > APP_KEEPALIVE_MS_MAX ? APP_KEEPALIVE_MS_MAX
                                                   : ms;
    uint32_t usual = keepalive_unmeasured().kept_ms;

    base->keepalive = (struct keepalive){bounded, bounded};
    base->keepalive_measured = false;
    base->relays.keepalive = bounded < usual ? base->keepalive : keepalive_unmeasured();
}

uint32_t app_base_request(struct app_base *base)
{
    base->request_last = base->request_last < REQUEST_FIRST || base->request_last >= REQUEST_LAST
                             ? REQUEST_FIRST
                             : base->request_last + 1;
    return base->request_last;
}

struct relay_session *app_base_relay(const struct app_base *base, uint64_t relay)
{
    struct relay_session *session = relay_set_find(&base->relays, relay);

    return session != NULL && session->open ? session : NULL;
}
