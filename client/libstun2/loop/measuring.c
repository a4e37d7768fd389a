/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers look how far they are, and show that to the agent. */
#include "client/libstun2/loop/measuring.h"

#include "client/libstun2/api.h"
#include "client/stun2/relay_addresses.h"
#include "proto/base/fault.h"

#include <string.h>

static const double report_poll_s = 0.05, life_poll_s = 0.25;

/* ---- the report ---- */

static void report_end(struct measuring *m)
{
    ev_timer_stop(m->loop, &m->report_poll);
    nat_sockets_close(m->nat);
    m->nat = NULL;
}

static void on_report_poll(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct measuring *m = w->data;
    struct netcheck_result result = {0};

    (void)loop;
    (void)events;
    report_show(&m->agent->report, nat_sockets_progress(m->nat));
    if (nat_sockets_is_done(m->nat)) {
        nat_sockets_read(m->nat, &result);
        report_end(m);
        report_take(&m->agent->report, &result);
        pump_kick(m->pump);
    }
}

int measuring_report(struct measuring *m, bool hairpin)
{
    const struct relay_set *relays = &m->agent->base.relays;
    struct nat_sockets_relays whom = {0};
    struct fault fault = {0};

    if (m->nat != NULL) {
        return STUN2_ERROR_STATE;
    }
    whom.count[NETCHECK_IPV4] =
        relay_addresses(relays, true, whom.list[NETCHECK_IPV4], NETCHECK_RELAYS_MAX);
    whom.count[NETCHECK_IPV6] =
        relay_addresses(relays, false, whom.list[NETCHECK_IPV6], NETCHECK_RELAYS_MAX);
    if (nat_sockets_open(&m->nat, m->loop, api_env(), &whom, hairpin, &fault) != ERR_OK) {
        env_trace(api_env(), TRACE_LEVEL_WARN, "report.refused", "no report on the NAT: %s",
                  fault.text);
        return STUN2_ERROR_SYSTEM;
    }
    report_show(&m->agent->report, 0);
    ev_timer_again(m->loop, &m->report_poll);
    return STUN2_OK;
}

/* True if relays see this machine at another IP than before, and it was measured where it was. */
static bool is_elsewhere(struct measuring *m, const struct stun2_event *event)
{
    static const uint8_t none[16];
    struct endpoint seen = app_endpoint(&event->address);
    uint8_t *before = m->seen[endpoint_is_v4(&seen) ? NETCHECK_IPV4 : NETCHECK_IPV6];
    bool other;

    if (event->type != STUN2_EVENT_RELAY_OPEN && event->type != STUN2_EVENT_ADDRESS) {
        return false;
    }
    other = memcmp(before, none, sizeof(none)) != 0 && memcmp(before, seen.ip, sizeof(none)) != 0;
    memcpy(before, seen.ip, sizeof(none));
    return other && m->measured;
}

void measuring_look(struct measuring *m, const struct stun2_event *event)
{
    const struct relay_session *relay;

    m->report_wanted =
        is_elsewhere(m, event) || m->report_wanted || event->type == STUN2_EVENT_MEASURE_FIRST;
    if (!m->report_wanted || m->nat != NULL) {
        return;
    }
    TAILQ_FOREACH(relay, &m->agent->base.relays.list, in_set)
    {
        if (relay->open) {
            m->report_wanted = false;
            m->measured = true;
            if (measuring_report(m, false) != STUN2_OK) { /* nobody waits for what will not come */
                report_take(&m->agent->report, &(struct netcheck_result){0});
            }
            return;
        }
    }
}

/* ---- lifetimes ---- */

static void life_end(struct measuring *m)
{
    ev_timer_stop(m->loop, &m->life_poll);
    lifetime_run_close(m->run);
    m->run = NULL;
}

static void on_life_poll(struct ev_loop *loop, struct ev_timer *w, int events)
{
    struct measuring *m = w->data;
    struct lifetime_found found;
    bool done = lifetime_run_is_done(m->run);

    (void)loop;
    (void)events;
    lifetime_run_read(m->run, &found);
    if (m->agent->lifetime.state != APP_LIFETIME_OTHERS) { /* ended, or the network changed */
        life_end(m);
    } else if (done) {
        life_end(m);
        app_lifetime_take(&m->agent->lifetime, &found);
        pump_kick(m->pump);
    } else {
        app_lifetime_show(&m->agent->lifetime, &found, lifetime_run_age_ms(m->run));
    }
}

int measuring_lifetime(struct measuring *m)
{
    const struct relay_set *relays = &m->agent->base.relays;
    struct endpoint list[LIFETIME_RELAYS_MAX];
    struct fault fault = {0};
    size_t count = relay_addresses(relays, true, list, LIFETIME_RELAYS_MAX);

    count += relay_addresses(relays, false, list + count, LIFETIME_RELAYS_MAX - count);
    if (count == 0 || !app_lifetime_lend(&m->agent->lifetime)) {
        return STUN2_ERROR_STATE;
    }
    life_end(m); /* of one that was ended just now */
    if (lifetime_run_open(&m->run, m->loop, api_env(), list, count, &fault) != ERR_OK) {
        env_trace(api_env(), TRACE_LEVEL_WARN, "lifetime.refused",
                  "the lifetimes of mappings are not measured: %s", fault.text);
        app_lifetime_end(&m->agent->lifetime);
        return STUN2_ERROR_SYSTEM;
    }
    ev_timer_again(m->loop, &m->life_poll);
    return STUN2_OK;
}

/* ---- life ---- */

void measuring_init(struct measuring *m, struct ev_loop *loop, struct stun2 *agent,
                    struct pump *pump)
{
    *m = (struct measuring){.loop = loop, .agent = agent, .pump = pump};
    ev_timer_init(&m->report_poll, on_report_poll, report_poll_s, report_poll_s);
    ev_timer_init(&m->life_poll, on_life_poll, life_poll_s, life_poll_s);
    m->report_poll.data = m;
    m->life_poll.data = m;
}

void measuring_fini(struct measuring *m)
{
    if (m->loop != NULL) {
        report_end(m);
        life_end(m);
    }
}
