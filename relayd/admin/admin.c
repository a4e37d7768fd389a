/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each verb of the operator reads and answers. */
#include "relayd/admin/admin.h"

#include "proto/admin/answer.h"
#include "proto/crypto/key_form.h"
#include "relayd/admin/adjust.h"
#include "relayd/admin/allow.h"
#include "relayd/admin/invites.h"
#include "relayd/admin/members.h"
#include "relayd/admin/nodes.h"
#include "relayd/service/front_page.h"
#include "ziglan_version.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static json_t *pools_list(const struct app_pools *pools)
{
    const struct app_pool_config *config = app_pools_config(pools);
    json_t *list = json_array();

    for (size_t i = 0; i < config->apps_count; i++) {
        uint32_t size = 0, limit = 0;

        (void)app_pools_size(pools, config->apps[i], &size, &limit);
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:I, s:I}", "app", config->apps[i], "size",
                                              (json_int_t)size, "limit", (json_int_t)limit));
    }
    return list;
}

static json_t *rewards_list(const struct rewards *rewards)
{
    json_t *list = json_array();

    for (size_t i = 0; i < rewards->count; i++) {
        const struct record_reward *reward = &rewards->list[i];

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s}", "chain", reward->chain, "address",
                                              reward->address, "identity", reward->identity));
    }
    return list;
}

/* Seconds, less than none if it is over; null: there is no certificate. */
static json_t *certificate_left(const struct relay_snapshot *s)
{
    return s->certificate_expires_ms == 0
               ? json_null()
               : json_integer(((json_int_t)s->certificate_expires_ms - (json_int_t)s->wall_ms) /
                              1000);
}

static json_t *status_answer(const struct admin_context *context, struct mono now)
{
    struct relay_snapshot s;
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE], relay[KEY_TEXT_SIZE], reach[REACH_TEXT_SIZE];
    bool hosts;

    relay_core_snapshot(context->core, &s, now);
    hosts = relay_core_ziglan_key(context->core, key);
    return answer_ok(json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, "
        "s:I, s:I, s:I, s:I, s:o, s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o}",
        "schema", 1, "version", ZIGLAN_VERSION, "name", context->name, "relay_key",
        key_text(relay_core_key(context->core), relay), "ziglan_key",
        hosts ? key_text(key, text) : "", "public", context->public_hosts, "listen",
        context->listen, "uptime_ms", (json_int_t)s.uptime_ms, "sessions", (json_int_t)s.sessions,
        "strangers", (json_int_t)s.strangers, "members", (json_int_t)s.members, "connections",
        (json_int_t)s.link.connections, "forwarded_packets",
        (json_int_t)s.counters.forwarded_frames, "forwarded_bytes",
        (json_int_t)s.counters.forwarded_bytes, "stun_answered",
        (json_int_t)s.counters.stun_answered, "punches_direct", (json_int_t)s.punch.direct,
        "store_healthy", (int)s.store_ok, "month_bytes", (json_int_t)s.volume_used,
        "month_bytes_max", (json_int_t)s.volume_max, "bandwidth_bytes_per_s",
        (json_int_t)s.bandwidth_max, "neighbours", (json_int_t)s.neighbours, "pools",
        pools_list(relay_core_pools(context->core)), "rewards",
        rewards_list(relay_core_rewards(context->core)), "reach", reach_word(context->core),
        "reach_text", reach_text(context->core, reach), "portmap", context->portmap, "nodes",
        (json_int_t)s.mesh.nodes, "lanes", (json_int_t)s.lanes, "lane_packets",
        (json_int_t)s.counters.lane_frames, "worker_packets", (json_int_t)s.counters.worker_frames,
        "certificate_left_s", certificate_left(&s)));
}

/* Verbs that need nothing but the operator's service. */
static const struct {
    const char *name;
    json_t *(*answer)(struct operator_service *verbs, const json_t *request, struct mono now);
} operator_verbs[] = {
    {"uninvite", invites_withdraw}, {"members", members_list},  {"revoke", members_revoke},
    {"rename", members_rename},     {"forget", members_forget}, {"expire", adjust_expire},
    {"group", adjust_group},        {"note", adjust_note},      {"allow", allow_add},
    {"disallow", allow_remove},     {"allowed", allow_list},
};

json_t *admin_request(const struct admin_context *context, const json_t *request, struct mono now)
{
    const char *verb = json_string_value(json_object_get(request, "do"));

    if (verb == NULL) {
        return answer_refuse(EXIT_CODE_USAGE, "the request has no \"do\"");
    }
    if (strcmp(verb, "status") == 0) {
        return status_answer(context, now);
    }
    if (strcmp(verb, "invite") == 0) {
        return invites_make(relay_core_operator(context->core), context->public_hosts, request);
    }
    if (strcmp(verb, "invites") == 0) {
        return invites_list(relay_core_operator(context->core), now);
    }
    if (strcmp(verb, "nodes") == 0) {
        return nodes_list(context->core);
    }
    for (size_t i = 0; i < sizeof(operator_verbs) / sizeof(operator_verbs[0]); i++) {
        if (strcmp(verb, operator_verbs[i].name) == 0) {
            return operator_verbs[i].answer(relay_core_operator(context->core), request, now);
        }
    }
    return answer_refuse(EXIT_CODE_USAGE, "this relay knows no '%.40s'; is it an older version?",
                         verb);
}

char *admin_health(const struct relay_snapshot *snapshot)
{
    char *text = NULL;
    int size = asprintf(&text, "{\"status\":\"%s\",\"sessions\":%" PRIu32 "}\n",
                        snapshot->store_ok ? "ok" : "storage failing", snapshot->sessions);

    return size < 0 ? NULL : text;
}

int admin_page(char **text, size_t *size, const struct relay_snapshot *snapshot, const char *name)
{
    const struct front_page page = {
        .name = name, .healthy = snapshot->store_ok, .figures = snapshot};

    return front_page_print(text, size, &page);
}
