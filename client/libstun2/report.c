/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both families are measured at once, each by a state machine of its own. */
#include "client/libstun2/report.h"

#include "client/stun2/relay_addresses.h"

#include <string.h>

static bool is_running(const struct report *report)
{
    return report->running[NETCHECK_IPV4] || report->running[NETCHECK_IPV6];
}

static bool has_relays(const struct report *report, size_t family)
{
    struct endpoint one;

    return relay_addresses(&report->base->relays, family == NETCHECK_IPV4, &one, 1) > 0;
}

static void family_begin(struct report *report, size_t family, const struct stun2_address *sockets,
                         bool hairpin, struct mono now)
{
    struct netcheck_config cfg = {.hairpin = hairpin};

    report->running[family] = sockets != NULL;
    if (sockets == NULL) {
        return;
    }
    cfg.relays_count = relay_addresses(&report->base->relays, family == NETCHECK_IPV4, cfg.relays,
                                       NETCHECK_RELAYS_MAX);
    for (size_t i = 0; i < NETCHECK_SOCKETS; i++) {
        cfg.locals[i] = app_endpoint(&sockets[i]);
    }
    netcheck_init(&report->checks[family], &cfg, report->base->env, now);
}

bool report_begin(struct report *report, const struct stun2_address *ip4,
                  const struct stun2_address *ip6, bool hairpin, struct mono now)
{
    _Static_assert((int)STUN2_REPORT_SOCKETS == (int)NETCHECK_SOCKETS, "one for each purpose");
    if ((ip4 != NULL && !has_relays(report, NETCHECK_IPV4)) ||
        (ip6 != NULL && !has_relays(report, NETCHECK_IPV6))) {
        return false;
    }
    family_begin(report, NETCHECK_IPV4, ip4, hairpin, now);
    family_begin(report, NETCHECK_IPV6, ip6, hairpin, now);
    return is_running(report);
}

bool report_receive(struct report *report, const struct dgram *in, struct mono now)
{
    for (size_t family = 0; family < NETCHECK_FAMILIES; family++) {
        const struct netcheck_config *cfg = &report->checks[family].cfg;

        for (size_t i = 0; report->running[family] && i < NETCHECK_SOCKETS; i++) {
            if (cfg->locals[i].port == in->local.port && in->local.port != 0) {
                netcheck_receive(&report->checks[family], in, now);
                return true;
            }
        }
    }
    return false;
}

void report_transmit(struct report *report, struct mono now)
{
    for (size_t family = 0; family < NETCHECK_FAMILIES; family++) {
        if (report->running[family]) {
            netcheck_transmit(&report->checks[family], &report->base->box, now);
        }
    }
}

void report_show(struct report *report, unsigned progress)
{
    report->shown = progress;
}

void report_take(struct report *report, const struct netcheck_result *result)
{
    enum nat_name name = netcheck_result_name(result);
    struct stun2_event *event;

    report->result = *result;
    report->known = true;
    report->shown = 100;
    report->base->nat_kind = (uint8_t)(name == NAT_NAME_UNKNOWN ? STUN2_NAT_UNSURE : (int)name);
    event = app_events_add(&report->base->events, STUN2_EVENT_REPORT);
    event->nat_kind = report->base->nat_kind;
}

void report_expire(struct report *report, struct mono now)
{
    struct netcheck_result result = {0};

    if (!is_running(report)) {
        return;
    }
    for (size_t family = 0; family < NETCHECK_FAMILIES; family++) {
        if (report->running[family] && !netcheck_is_done(&report->checks[family], now)) {
            return;
        }
    }
    for (size_t family = 0; family < NETCHECK_FAMILIES; family++) {
        result.families[family].tried = report->running[family];
        if (report->running[family]) {
            netcheck_found_read(&report->checks[family], &result.families[family].found);
        }
        report->running[family] = false;
    }
    report_take(report, &result);
}

struct mono report_deadline(const struct report *report)
{
    struct mono at = MONO_NEVER;

    for (size_t family = 0; family < NETCHECK_FAMILIES; family++) {
        if (report->running[family]) {
            at = mono_min(at, netcheck_deadline(&report->checks[family]));
        }
    }
    return at;
}

unsigned report_progress(const struct report *report, struct mono now)
{
    unsigned least = report->shown;

    for (size_t family = 0; family < NETCHECK_FAMILIES; family++) {
        unsigned done =
            report->running[family] ? netcheck_progress(&report->checks[family], now) : 100;

        least = done < least ? done : least;
    }
    return least;
}

static void family_read(const struct netcheck_family *family, struct stun2_nat *out)
{
    const struct netcheck_found *found = &family->found;
    const struct nat_facts *facts = &found->facts;

    out->tried = family->tried;
    if (!family->tried) {
        return;
    }
    out->kind = facts->name == NAT_NAME_UNKNOWN ? STUN2_NAT_UNSURE : (int)facts->name;
    out->translated = facts->translated;
    out->mapping = (int)facts->mapping;
    out->filtering = (int)facts->filtering;
    out->ports = (int)facts->ports;
    out->port_step = facts->step;
    out->port_low = facts->port_low;
    out->port_high = facts->port_high;
    out->port_kept = facts->preserving;
    out->public_addresses = facts->addresses;
    out->one_address = found->one_address;
    out->hairpin = found->hairpin == NETCHECK_HAIRPIN_NOT_ASKED ? -1
                   : found->hairpin == NETCHECK_HAIRPIN_YES     ? 1
                                                                : 0;
    out->mtu = found->mtu;
    out->local = app_address(&facts->local);
    out->mapped = app_address(&facts->mapped);
    for (size_t i = 0; i < found->relays_count && i < STUN2_NAT_RELAYS_MAX; i++) {
        out->relays[i] = (struct stun2_nat_relay){.address = app_address(&found->relays[i].address),
                                                  .sent = found->relays[i].sent,
                                                  .answered = found->relays[i].answered,
                                                  .rtt_us = found->relays[i].rtt_us};
        out->relays_count++;
    }
}

bool report_read(const struct report *report, struct stun2_report *out)
{
    memset(out, 0, sizeof(*out));
    if (!report->known) {
        return false;
    }
    out->kind = report->base->nat_kind;
    family_read(&report->result.families[NETCHECK_IPV4], &out->ip4);
    family_read(&report->result.families[NETCHECK_IPV6], &out->ip6);
    return true;
}
