/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each need of an open session has a time of its own. */
#include "client/stun2/relay_upkeep.h"

static bool is_attached(const struct relay_session *relay)
{
    return relay->open && relay_session_is_used(relay);
}

/* ---- what the relay is told and asked ---- */

/* No answer is asked for: an older relay does not know the message, and one that refuses it would
 * refuse it again. */
static bool announce(struct relay_session *relay)
{
    Ziglan__Announce announce = ZIGLAN__ANNOUNCE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t record[ATTACHMENT_SIZE];
    size_t size = attachments_make(relay->attaching.attachments, relay->relay_key, record);

    announce.record = control_bytes(record, size);
    message.body_case = ZIGLAN__CONTROL__BODY_ANNOUNCE;
    message.announce = &announce;
    return size > 0 && relay_session_send(relay, &message);
}

static void expire_attachment(struct relay_session *relay, struct mono now)
{
    if (is_attached(relay) && mono_due(relay->attaching.renew_at, now)) {
        relay->attaching.renew_at =
            mono_add_ms(now, announce(relay) ? ATTACHMENTS_RENEW_MS : ATTACHMENTS_RETRY_MS);
    }
}

/* Ask the relay for a sign of life; it also says how full it is. If none comes, the session stalls
 * (link.h). */
static void ask(struct relay_session *relay, struct mono now)
{
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = &ping;
    if (relay_session_send(relay, &message)) {
        relay_facts_on_ping(&relay->facts, now);
    }
}

static void expire_facts(struct relay_session *relay, struct mono now)
{
    if (is_attached(relay) && mono_due(relay->facts.ask_at, now)) {
        relay->facts.ask_at = mono_add_ms(now, RELAY_FACTS_ASK_MS);
        ask(relay, now);
    }
}

/* ---- does it answer? ---- */

/* When a relay that owes an answer is late; NEVER: it owes none. If a lane was silent first, the
 * time counts from then on, but for three round trips of the session. */
static struct mono late_at(const struct relay_session *relay)
{
    struct mono since = link_hub_unanswered_since(relay->hub, relay->active);
    struct mono first =
        relay->flow.lane_silent ? mono_min(since, relay->flow.lane_unanswered_at) : since;
    struct mono late = mono_add_ms(first, RELAY_LATE_MS);
    struct mono least = mono_add_ns(since, 3 * link_hub_rtt_ns(relay->hub, relay->active));

    if (since.ns == MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    return mono_before(late, least) ? least : late;
}

static bool is_silent(const struct relay_session *relay, struct mono now)
{
    struct mono heard = link_hub_heard_at(relay->hub, relay->active);

    if (mono_before(heard, relay->flow.lane_heard_at)) {
        heard = relay->flow.lane_heard_at;
    }
    return mono_ms_between(heard, now) >= RELAY_SILENCE_MS;
}

static void look(struct relay_session *relay, struct mono now)
{
    struct relay_flow *flow = &relay->flow;
    struct mono late = late_at(relay);
    bool was_late = flow->late;

    flow->late = mono_due(late, now);
    flow->late_new = flow->late && (flow->late_new || !was_late);
    flow->asked = flow->asked && !flow->flows;
    flow->looked = flow->flows || late.ns != MONO_NEVER.ns || !flow->asked;
    flow->flows = false;
    flow->lane_silent = flow->lane_silent && late.ns != MONO_NEVER.ns;
    if (late.ns == MONO_NEVER.ns && !flow->asked && is_silent(relay, now)) {
        flow->asked = true;
        ask(relay, now);
    }
    flow->look_at = mono_add_ms(now, RELAY_LOOK_MS);
    if (!flow->late) {
        flow->look_at = mono_min(flow->look_at, late);
    }
}

static struct mono look_at(const struct relay_session *relay)
{
    static const struct mono at_once = {0};

    if (!relay->open) {
        return MONO_NEVER;
    }
    if (relay->flow.looked) {
        return relay->flow.look_at;
    }
    return relay->flow.flows ? at_once : MONO_NEVER;
}

void relay_upkeep_on_frame(struct relay_session *relay)
{
    relay->flow.flows = true;
}

void relay_upkeep_on_lane_frame(struct relay_session *relay, struct mono now)
{
    relay->flow.flows = true;
    relay->flow.lane_silent = false;
    relay->flow.lane_heard_at = now;
}

void relay_upkeep_on_lane_silent(struct relay_session *relay, struct mono since, struct mono now)
{
    relay->flow.flows = true;
    relay->flow.lane_silent = true;
    relay->flow.lane_unanswered_at = since;
    ask(relay, now);
}

bool relay_upkeep_take_late(struct relay_session *relay)
{
    bool late = relay->flow.late_new;

    relay->flow.late_new = false;
    return late;
}

/* The session's mapping is kept as long as NATs were found to keep one; and of a relay that may
 * move nothing else tells that it is gone. */
static uint32_t keepalive_wanted(const struct relay_session *relay)
{
    uint32_t sign_ms = relay->sought.sign_ms;
    uint32_t ms = keepalive_ms(relay->keepalive, relay->mapped_at,
                               link_hub_heard_at(relay->hub, relay->active));

    return sign_ms != 0 && sign_ms < ms ? sign_ms : ms;
}

static void expire_keepalive(struct relay_session *relay, struct mono now)
{
    if (relay->open) {
        relay->keepalive_told_ms = keepalive_wanted(relay);
        link_hub_keepalive(relay->hub, relay->active, relay->keepalive_told_ms, now);
    }
}

/* At once: with an idle session nothing else is due before the mapping may be gone. */
static struct mono keepalive_at(const struct relay_session *relay)
{
    static const struct mono at_once = {0};

    return relay->open && keepalive_wanted(relay) != relay->keepalive_told_ms ? at_once
                                                                              : MONO_NEVER;
}

void relay_upkeep_expire(struct relay_session *relay, struct mono now)
{
    expire_keepalive(relay, now);
    expire_attachment(relay, now);
    expire_facts(relay, now);
    if (mono_due(look_at(relay), now)) {
        look(relay, now);
    }
}

struct mono relay_upkeep_deadline(const struct relay_session *relay)
{
    struct mono at =
        is_attached(relay) ? mono_min(relay->attaching.renew_at, relay->facts.ask_at) : MONO_NEVER;

    return mono_min(at, mono_min(look_at(relay), keepalive_at(relay)));
}
