/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of control messages: body, who may send it, handler. */
#include "relayd/core/dispatch.h"

#include "relayd/base/control.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/attaching.h"
#include "relayd/service/block.h"
#include "relayd/service/leave.h"
#include "relayd/service/lookup.h"

/* What each handler is given. */
struct request {
    struct relay_core *core;
    struct relay_client *client;
    const Ziglan__Control *message;
    struct mono now;
};

static void on_ping(const struct request *r)
{
    struct relay_base *base = &r->core->base;
    Ziglan__Pong body = ZIGLAN__PONG__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint64_t sessions = session_table_key_count(&base->sessions);

    body.token = r->message->ping->token;
    body.load = (uint32_t)(sessions * 1000 / base->cfg.session_max);
    message.request_id = r->message->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_PONG;
    message.pong = &body;
    reply_send(&base->reply, r->client, &message);
}

static void on_join(const struct request *r)
{
    join_on_join(&r->core->join, r->client, r->message, r->now);
}

static void on_punch_request(const struct request *r)
{
    punch_service_on_request(&r->core->punch, r->client, r->message, r->now);
}

static void on_punch_answer(const struct request *r)
{
    punch_service_on_answer(&r->core->punch, r->client, r->message, r->now);
}

static void on_punch_result(const struct request *r)
{
    punch_service_on_result(&r->core->punch, r->client, r->message, r->now);
}

static void on_punch_relayed(const struct request *r)
{
    punch_service_on_relayed(&r->core->punch, r->client, r->message, r->now);
}

static void on_announce(const struct request *r)
{
    if (r->client->neighbour != NULL) {
        presence_on_told(&r->core->presence, r->client, r->message, r->now);
    } else {
        attaching_on_announce(&r->core->presence, r->client, r->message, r->now);
    }
}

static void on_locate(const struct request *r)
{
    if (r->client->neighbour != NULL) {
        presence_on_asked(&r->core->presence, r->client, r->message, r->now);
    } else {
        presence_on_locate(&r->core->presence, r->client, r->message, r->now);
    }
}

static void on_located(const struct request *r)
{
    presence_on_located(&r->core->presence, r->client, r->message, r->now);
}

static void on_error(const struct request *r)
{
    presence_on_error(&r->core->presence, r->client, r->message, r->now);
}

static void on_via(const struct request *r)
{
    forward_relay_on_via(&r->core->forward, r->client, r->message, r->now);
}

static void on_block(const struct request *r)
{
    block_on_block(&r->core->base, r->client, r->message);
    lane_service_on_block(&r->core->lane, r->client, r->message->block->key.data);
}

static void on_unblock(const struct request *r)
{
    block_on_unblock(&r->core->forward, r->client, r->message, r->now);
}

static void on_lane_open(const struct request *r)
{
    lane_service_on_open(&r->core->lane, r->client, r->message, r->now);
}

static void on_lane_relayed(const struct request *r)
{
    lane_chain_on_relayed(&r->core->lane.chain, r->client, r->message->lane_relayed, r->now);
}

static void on_lane_closed(const struct request *r)
{
    lane_chain_on_closed(&r->core->lane.chain, r->client, r->message->lane_closed->label);
}

static void on_blocked(const struct request *r)
{
    forward_relay_on_blocked(&r->core->forward, r->client, r->message, r->now);
}

static void on_gone(const struct request *r)
{
    forward_relay_on_gone(&r->core->forward, r->client, r->message, r->now);
}

static void on_attachment_wanted(const struct request *r)
{
    forward_relay_on_wanted(&r->core->forward, r->client, r->message);
}

static void on_pool_join(const struct request *r)
{
    pool_service_on_join(&r->core->pool, r->client, r->message, r->now);
}

static void on_pool_leave(const struct request *r)
{
    pool_service_on_leave(&r->core->pool, r->client, r->message);
}

static void on_find(const struct request *r)
{
    search_service_on_find(&r->core->search, r->client, r->message, r->now);
}

static void on_find_result(const struct request *r)
{
    search_service_on_result(&r->core->search, r->client, r->message, r->now);
}

static void on_lookup(const struct request *r)
{
    lookup_on_lookup(&r->core->base, r->client, r->message);
}

static void on_watch(const struct request *r)
{
    watch_on_watch(&r->core->watch, r->client, r->message, r->now);
}

static void on_leave(const struct request *r)
{
    leave_on_leave(&r->core->session, r->client, r->message, r->now);
}

/* In this version no key has the rights of an administrator: invites and revocations are made on
 * the relay itself. */
static void on_administration(const struct request *r)
{
    reply_refuse(&r->core->base.reply, r->client, r->message->request_id, VERDICT_REFUSED,
                 "only on the server itself: relayd invite, relayd revoke");
}

/* A neighbour sends us away, or ends: it closes the connection soon. */
static void on_go_away(const struct request *r)
{
    struct relay_base *base = &r->core->base;

    neighbour_on_away(&base->neighbours, r->client, r->message->go_away->reconnect_in_ms, r->now);
    relay_client_enter(&base->sessions.lists, r->client, RELAY_CLIENT_STATE_CLOSING, r->now);
}

static void on_nodes(const struct request *r)
{
    mesh_service_on_message(&r->core->mesh, r->client, r->message, r->now);
}

static void on_node_lookup(const struct request *r)
{
    mesh_service_on_lookup(&r->core->mesh, r->client, r->message, r->now);
}

static void on_observed(const struct request *r)
{
    reach_on_observed(&r->core->reach, r->client, r->message, r->now);
}

static void on_reach_request(const struct request *r)
{
    reach_jobs_on_request(&r->core->reach.jobs, r->client, r->message->reach_request, r->now);
}

static void on_reach_job(const struct request *r)
{
    reach_jobs_on_job(&r->core->reach.jobs, r->client, r->message->reach_job, r->now);
}

static void on_reach_result(const struct request *r)
{
    struct reach_service *reach = &r->core->reach;

    if (!reach_jobs_on_result(&reach->jobs, r->client, r->message->reach_result)) {
        reach_on_result(reach, r->client, r->message->reach_result, r->now);
    }
}

static void on_lend_job(const struct request *r)
{
    lend_on_job(&r->core->lend, r->client, r->message, r->now);
}

static void on_lend_done(const struct request *r)
{
    lend_on_done(&r->core->lend, r->client, r->message);
}

static void on_lend_ports(const struct request *r)
{
    other_address_on_ports(&r->core->other, r->client, r->message, r->now);
}

static void on_lend_client(const struct request *r)
{
    other_address_on_client(&r->core->other, r->message, r->now);
}

/* What a relay tells who dialled it, and what needs nothing done. */
static void on_nothing(const struct request *r)
{
    (void)r;
}

enum asker {
    ASKER_ANYBODY,
    ASKER_HOST, /* anybody but a relay */
    ASKER_MEMBER,
    ASKER_RELAY,         /* a neighbour, whether we dialled it or it us; that counts as use of it */
    ASKER_RELAY_QUIETLY, /* the same, but a session is not kept for it */
};

static const struct row {
    Ziglan__Control__BodyCase body;
    enum asker asker;
    void (*handler)(const struct request *request);
} table[] = {
    {ZIGLAN__CONTROL__BODY_PING, ASKER_ANYBODY, on_ping},
    {ZIGLAN__CONTROL__BODY_PONG, ASKER_RELAY_QUIETLY, on_nothing},
    {ZIGLAN__CONTROL__BODY_ERROR, ASKER_RELAY_QUIETLY, on_error},
    {ZIGLAN__CONTROL__BODY_GO_AWAY, ASKER_RELAY_QUIETLY, on_go_away},
    {ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS, ASKER_RELAY_QUIETLY, on_observed},
    {ZIGLAN__CONTROL__BODY_NODES, ASKER_RELAY_QUIETLY, on_nodes},
    {ZIGLAN__CONTROL__BODY_NODE_DIGEST, ASKER_RELAY_QUIETLY, on_nodes},
    {ZIGLAN__CONTROL__BODY_NODE_SUMMARY, ASKER_RELAY_QUIETLY, on_nodes},
    {ZIGLAN__CONTROL__BODY_NODE_WANT, ASKER_RELAY_QUIETLY, on_nodes},
    {ZIGLAN__CONTROL__BODY_NODE_LOOKUP, ASKER_ANYBODY, on_node_lookup},
    {ZIGLAN__CONTROL__BODY_REACH_REQUEST, ASKER_RELAY_QUIETLY, on_reach_request},
    {ZIGLAN__CONTROL__BODY_REACH_JOB, ASKER_RELAY_QUIETLY, on_reach_job},
    {ZIGLAN__CONTROL__BODY_REACH_RESULT, ASKER_RELAY_QUIETLY, on_reach_result},
    {ZIGLAN__CONTROL__BODY_LEND_JOB, ASKER_RELAY_QUIETLY, on_lend_job},
    {ZIGLAN__CONTROL__BODY_LEND_DONE, ASKER_RELAY_QUIETLY, on_lend_done},
    {ZIGLAN__CONTROL__BODY_LEND_PORTS, ASKER_RELAY_QUIETLY, on_lend_ports},
    {ZIGLAN__CONTROL__BODY_LEND_CLIENT, ASKER_RELAY_QUIETLY, on_lend_client},
    {ZIGLAN__CONTROL__BODY_JOIN, ASKER_HOST, on_join},
    {ZIGLAN__CONTROL__BODY_PUNCH_REQUEST, ASKER_HOST, on_punch_request},
    {ZIGLAN__CONTROL__BODY_PUNCH_ANSWER, ASKER_HOST, on_punch_answer},
    {ZIGLAN__CONTROL__BODY_PUNCH_RESULT, ASKER_HOST, on_punch_result},
    {ZIGLAN__CONTROL__BODY_PUNCH_RELAYED, ASKER_RELAY, on_punch_relayed},
    {ZIGLAN__CONTROL__BODY_ANNOUNCE, ASKER_ANYBODY, on_announce},
    {ZIGLAN__CONTROL__BODY_LOCATE, ASKER_ANYBODY, on_locate},
    {ZIGLAN__CONTROL__BODY_LOCATED, ASKER_RELAY_QUIETLY, on_located},
    {ZIGLAN__CONTROL__BODY_VIA, ASKER_HOST, on_via},
    {ZIGLAN__CONTROL__BODY_BLOCK, ASKER_HOST, on_block},
    {ZIGLAN__CONTROL__BODY_UNBLOCK, ASKER_HOST, on_unblock},
    {ZIGLAN__CONTROL__BODY_LANE_OPEN, ASKER_HOST, on_lane_open},
    {ZIGLAN__CONTROL__BODY_LANE_RELAYED, ASKER_RELAY, on_lane_relayed},
    {ZIGLAN__CONTROL__BODY_LANE_CLOSED, ASKER_RELAY_QUIETLY, on_lane_closed},
    {ZIGLAN__CONTROL__BODY_BLOCKED, ASKER_RELAY_QUIETLY, on_blocked},
    {ZIGLAN__CONTROL__BODY_GONE, ASKER_RELAY_QUIETLY, on_gone},
    {ZIGLAN__CONTROL__BODY_ATTACHMENT_WANTED, ASKER_RELAY_QUIETLY, on_attachment_wanted},
    {ZIGLAN__CONTROL__BODY_POOL_JOIN, ASKER_HOST, on_pool_join},
    {ZIGLAN__CONTROL__BODY_POOL_LEAVE, ASKER_HOST, on_pool_leave},
    {ZIGLAN__CONTROL__BODY_FIND, ASKER_ANYBODY, on_find},
    {ZIGLAN__CONTROL__BODY_FIND_RESULT, ASKER_RELAY_QUIETLY, on_find_result},
    {ZIGLAN__CONTROL__BODY_LOOKUP, ASKER_MEMBER, on_lookup},
    {ZIGLAN__CONTROL__BODY_WATCH, ASKER_MEMBER, on_watch},
    {ZIGLAN__CONTROL__BODY_LEAVE, ASKER_HOST, on_leave},
    {ZIGLAN__CONTROL__BODY_INVITE, ASKER_MEMBER, on_administration},
    {ZIGLAN__CONTROL__BODY_REVOKE, ASKER_MEMBER, on_administration},
};

/* NULL for bodies that only a relay sends, and for those that this version does not know. */
static const struct row *row_of(Ziglan__Control__BodyCase body)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].body == body) {
            return &table[i];
        }
    }
    return NULL;
}

/* Why this client may not send such a message; VERDICT_OK if it may. */
static enum verdict asker_check(struct relay_base *base, const struct row *row,
                                const struct relay_client *client)
{
    bool relay = client->neighbour != NULL;

    if (row == NULL || (relay && (row->asker == ASKER_HOST || row->asker == ASKER_MEMBER))) {
        base->counters.control_unsupported++;
        return VERDICT_UNSUPPORTED;
    }
    if (row->asker == ASKER_MEMBER && client->state != RELAY_CLIENT_STATE_MEMBER) {
        base->counters.control_not_member++;
        return VERDICT_NOT_MEMBER;
    }
    if (!relay && (row->asker == ASKER_RELAY || row->asker == ASKER_RELAY_QUIETLY)) {
        base->counters.control_not_relay++;
        return VERDICT_UNSUPPORTED;
    }
    return VERDICT_OK;
}

void dispatch_on_message(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct request request = {.core = core, .now = now};
    struct relay_base *base = &core->base;
    const struct row *row;
    enum verdict refused;

    request.message = control_take(base, event, &request.client, now);
    if (request.message == NULL) {
        return;
    }
    if (request.message->body_case != ZIGLAN__CONTROL__BODY_JOIN) {
        join_flush(&core->join, now); /* so that messages keep their order */
    }
    row = row_of(request.message->body_case);
    refused = asker_check(base, row, request.client);
    if (refused != VERDICT_OK) {
        reply_refuse(&base->reply, request.client, request.message->request_id, refused, NULL);
        return;
    }
    if (row->asker == ASKER_RELAY) {
        neighbour_used(&base->neighbours, request.client->neighbour, now);
    }
    row->handler(&request);
}
