/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the command line asks of a running host, as JSON. Numbers are in base units; the fields
 * stand in docs/operations.md.
 */
#include "client/core/core_internal.h"
#include "client/peer/conversation.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { ADMIN_SCHEMA = 1, TEXT_SIZE = 128 };

static json_t *failure(const char *text)
{
    return json_pack("{s:b, s:s}", "ok", 0, "error", text);
}

static json_t *ip_json(int family, const uint8_t *ip)
{
    char text[INET6_ADDRSTRLEN];

    return inet_ntop(family, ip, text, sizeof(text)) == NULL ? json_null() : json_string(text);
}

static json_t *key_json(const uint8_t key[KEY_SIZE])
{
    char text[KEY_TEXT_SIZE];

    return json_string(key_text(key, text));
}

/* ---- peers ---- */

static const char *peer_state(const struct peer *peer, const struct roster_member *member)
{
    const struct conversation *a = peer->conversation;

    if (a != NULL && a->current != NULL) {
        return a->best >= 0 ? "direct" : "relayed";
    }
    if (a != NULL && a->initiating && a->queue.count > 0) {
        return "connecting";
    }
    return member != NULL && member->online ? "idle" : "offline";
}

static uint64_t peer_rtt_us(const struct conversation *a)
{
    if (a == NULL || a->current == NULL) {
        return 0;
    }
    return (a->best >= 0 ? a->paths[a->best].rtt_ns : a->relay_rtt_ns) / NS_PER_US;
}

static json_t *paths_json(const struct conversation *a)
{
    json_t *list = json_array();

    for (size_t i = 0; a != NULL && i < a->paths_count; i++) {
        const struct path *path = &a->paths[i];
        char text[ENDPOINT_TEXT_SIZE];

        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:b, s:I, s:i}", "address", endpoint_text(&path->remote, text),
                      "state", path_state_name(path->state), "used", a->best == (int)i, "rtt_us",
                      (json_int_t)(path->rtt_ns / NS_PER_US), "frame_size", (int)path->frame_size));
    }
    return list;
}

static json_t *peer_json(const struct peer *peer, struct mono now)
{
    const struct roster_member *member = peer_member(peer);
    const struct conversation *a = peer->conversation;
    char path[TEXT_SIZE] = "none";
    json_t *seen = peer->last_seen_at.ns == MONO_NEVER.ns
                       ? json_null()
                       : json_integer((json_int_t)mono_ms_between(peer->last_seen_at, now));

    if (a != NULL && a->current != NULL) {
        (void)pathfinder_describe(a, path, sizeof(path));
    }
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:b, "
        "s:o}",
        "name", member == NULL ? "" : member->name, "ziglan", peer->ziglan->name, "key",
        key_json(peer->key), "ipv4", ip_json(AF_INET, peer->pair.peer.v4), "ipv6",
        ip_json(AF_INET6, peer->pair.peer.v6), "state", peer_state(peer, member), "path", path,
        "rtt_us", (json_int_t)peer_rtt_us(a), "rx_bytes", (json_int_t)peer->rx_bytes,
        "rx_direct_packets", (json_int_t)peer->rx_direct_packets, "rx_relayed_packets",
        (json_int_t)peer->rx_relayed_packets, "tx_bytes", (json_int_t)peer->tx_bytes,
        "last_seen_ms", seen, "why", a == NULL || a->best >= 0 ? "" : a->why, "name_conflict",
        member != NULL && member->name_conflict, "paths", paths_json(a));
}

static json_t *peers_json(struct host_core *core, size_t *connected, size_t *total, struct mono now)
{
    json_t *list = json_array();

    *connected = 0;
    *total = 0;
    for (size_t i = 0; i < core->peers_count; i++) {
        const struct peer *peer = core->peers[i];

        if (peer == NULL) {
            continue;
        }
        *total += 1;
        *connected += peer->conversation != NULL && peer->conversation->current != NULL ? 1 : 0;
        (void)json_array_append_new(list, peer_json(peer, now));
    }
    return list;
}

/* ---- status ---- */

static json_t *ziglans_json(struct host_core *core)
{
    json_t *list = json_array();

    for (size_t i = 0; i < core->ziglans_count; i++) {
        const struct ziglan *ziglan = core->ziglans[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:s, s:s, s:I, s:s}", "name", ziglan->name, "key",
                            key_json(ziglan->url.key), "state", ziglan_state_name(ziglan->state),
                            "granted_name", ziglan->granted, "members",
                            (json_int_t)roster_count(ziglan->roster), "error", ziglan->error));
    }
    return list;
}

static json_t *relays_json(struct host_core *core)
{
    json_t *list = json_array();

    for (size_t i = 0; i < core->ziglans_count; i++) {
        const struct relay_session *entry = &core->ziglans[i]->entry;
        char remote[ENDPOINT_TEXT_SIZE] = "";
        char observed[ENDPOINT_TEXT_SIZE] = "";
        uint64_t rtt_ns = entry->open ? link_hub_rtt_ns(core->hub, entry->active) : 0;

        if (entry->open) {
            (void)endpoint_text(&entry->remote, remote);
            (void)endpoint_text(&entry->observed, observed);
        }
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:I, s:s}", "ziglan", core->ziglans[i]->name, "host",
                            entry->open ? remote : core->ziglans[i]->url.hosts[0].name, "state",
                            entry->open ? (entry->stalled ? "stalled" : "connected") : "connecting",
                            "rtt_us", (json_int_t)(rtt_ns / NS_PER_US), "observed", observed));
    }
    return list;
}

static json_t *stats_json(const struct host_core *core)
{
    const struct core_stats *s = &core->stats;

    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "frames_in",
                     (json_int_t)s->frames_in, "frames_out", (json_int_t)s->frames_out,
                     "frames_dropped", (json_int_t)s->frames_dropped, "packets_in",
                     (json_int_t)s->packets_in, "packets_out", (json_int_t)s->packets_out,
                     "packets_dropped", (json_int_t)s->packets_dropped, "queue_dropped",
                     (json_int_t)s->queue_dropped, "not_member", (json_int_t)s->not_member,
                     "unknown_index", (json_int_t)s->unknown_index, "conversations_displaced",
                     (json_int_t)s->conversations_displaced, "direct_established",
                     (json_int_t)s->direct_established, "direct_lost", (json_int_t)s->direct_lost);
}

static json_t *addresses_json(const struct host_core *core)
{
    return json_pack("{s:o, s:o}", "ipv4", ip_json(AF_INET, core->own_v4), "ipv6",
                     ip_json(AF_INET6, core->own_v6));
}

static const char *granted_name(const struct host_core *core)
{
    for (size_t i = 0; i < core->ziglans_count; i++) {
        if (core->ziglans[i]->granted[0] != '\0') {
            return core->ziglans[i]->granted;
        }
    }
    return core->cfg.name;
}

static json_t *whoami(struct host_core *core)
{
    char base58[KEY_BASE58_SIZE];

    return json_pack("{s:b, s:i, s:o, s:s, s:s, s:o}", "ok", 1, "schema", ADMIN_SCHEMA, "key",
                     key_json(core->local.identity->public_key), "solana",
                     key_base58(core->local.identity->public_key, base58), "name",
                     granted_name(core), "addresses", addresses_json(core));
}

static json_t *status(struct host_core *core, struct mono now)
{
    size_t connected;
    size_t total;
    json_t *peers = peers_json(core, &connected, &total, now);

    return json_pack("{s:b, s:i, s:o, s:s, s:o, s:i, s:o, s:o, s:I, s:I, s:s, s:o, s:o}", "ok", 1,
                     "schema", ADMIN_SCHEMA, "key", key_json(core->local.identity->public_key),
                     "name", granted_name(core), "addresses", addresses_json(core), "mtu",
                     (int)core->cfg.mtu, "relays", relays_json(core), "ziglans", ziglans_json(core),
                     "peers_connected", (json_int_t)connected, "peers_total", (json_int_t)total,
                     "inbound",
                     "members of joined ziglans are allowed, everybody else is refused "
                     "(default, no rules are set)",
                     "peers", peers, "counters", stats_json(core));
}

/* ---- what changes something ---- */

static json_t *join(struct host_core *core, const json_t *request, struct mono now)
{
    const char *url = json_string_value(json_object_get(request, "url"));
    const char *name = json_string_value(json_object_get(request, "name"));
    char error[URL_ERROR_SIZE] = "the ziglan could not be joined";

    if (url == NULL) {
        return failure("join wants a url");
    }
    if (host_core_join(core, url, name, error, sizeof(error), now) != ERR_OK) {
        return failure(error);
    }
    return json_pack("{s:b}", "ok", 1);
}

static json_t *leave(struct host_core *core, const json_t *request, struct mono now)
{
    const char *name = json_string_value(json_object_get(request, "ziglan"));

    if (name == NULL || host_core_leave(core, name, now) != ERR_OK) {
        return failure("no joined ziglan has this name or key; see ziglan status");
    }
    return json_pack("{s:b}", "ok", 1);
}

/* A peer by name, key or address. */
static struct peer *find_peer(struct host_core *core, const char *text)
{
    struct host_name_record record;
    uint8_t ip[16];
    char name[TEXT_SIZE];
    size_t size = strlen(text);
    static const char suffix[] = ".zignet";

    if (inet_pton(AF_INET, text, ip) == 1) {
        return peer_by_v4(core, ip);
    }
    if (inet_pton(AF_INET6, text, ip) == 1) {
        return peer_by_v6(core, ip);
    }
    if (size >= sizeof(name)) {
        return NULL;
    }
    memcpy(name, text, size + 1);
    if (size > sizeof(suffix) - 1 && strcmp(name + size - (sizeof(suffix) - 1), suffix) == 0) {
        name[size - (sizeof(suffix) - 1)] = '\0';
    }
    if (!host_core_lookup_name(core, name, &record)) {
        return NULL;
    }
    return peer_by_v6(core, record.v6);
}

static json_t *ping(struct host_core *core, const json_t *request, struct mono now)
{
    const char *text = json_string_value(json_object_get(request, "peer"));
    struct peer *peer = text == NULL ? NULL : find_peer(core, text);
    struct core_ping *slot = NULL;

    if (peer == NULL) {
        return failure("no such peer; see ziglan peers");
    }
    for (size_t i = 0; i < CORE_PINGS_MAX; i++) {
        struct core_ping *p = &core->pings[i];
        bool old = mono_ms_between(p->started_at, now) > CORE_PING_TIMEOUT_MS;

        if (p->ticket == 0 || old) {
            slot = p;
            break;
        }
    }
    struct conversation *a = slot == NULL ? NULL : conversation_of(peer, core, now);
    if (a == NULL) {
        return failure("too many pings at once; try again");
    }
    core->ping_ticket = core->ping_ticket % 0x7fffffff + 1;
    *slot = (struct core_ping){
        .ticket = core->ping_ticket, .peer = peer, .started_at = now, .sent_at = MONO_NEVER};
    conversation_touch(a, now);
    conversation_wake(a, now);
    return json_pack("{s:b, s:i}", "ok", 1, "ticket", (int)slot->ticket);
}

static json_t *ping_result(struct host_core *core, const json_t *request)
{
    json_int_t ticket = json_integer_value(json_object_get(request, "ticket"));

    for (size_t i = 0; i < CORE_PINGS_MAX; i++) {
        struct core_ping *p = &core->pings[i];

        if (ticket <= 0 || p->ticket != ticket) {
            continue;
        }
        if (!p->done) {
            return json_pack("{s:b, s:b}", "ok", 1, "pending", 1);
        }
        const struct conversation *a = p->peer == NULL ? NULL : p->peer->conversation;
        char path[TEXT_SIZE] = "relayed";
        if (!p->relayed && a != NULL) {
            (void)pathfinder_describe(a, path, sizeof(path));
        }
        p->ticket = 0;
        return json_pack("{s:b, s:b, s:I, s:s}", "ok", 1, "pending", 0, "rtt_us",
                         (json_int_t)(p->rtt_ns / NS_PER_US), "path", path);
    }
    return failure("this ping is over");
}

json_t *host_core_admin(struct host_core *core, const json_t *request, struct mono now)
{
    const char *verb = json_string_value(json_object_get(request, "do"));
    size_t connected;
    size_t total;

    if (verb == NULL) {
        return failure("the request has no \"do\"");
    }
    if (strcmp(verb, "status") == 0) {
        return status(core, now);
    }
    if (strcmp(verb, "peers") == 0) {
        json_t *peers = peers_json(core, &connected, &total, now);

        return json_pack("{s:b, s:i, s:o}", "ok", 1, "schema", ADMIN_SCHEMA, "peers", peers);
    }
    if (strcmp(verb, "whoami") == 0) {
        return whoami(core);
    }
    if (strcmp(verb, "join") == 0) {
        return join(core, request, now);
    }
    if (strcmp(verb, "leave") == 0) {
        return leave(core, request, now);
    }
    if (strcmp(verb, "ping") == 0) {
        return ping(core, request, now);
    }
    if (strcmp(verb, "ping_result") == 0) {
        return ping_result(core, request);
    }
    return failure("this daemon does not know that request; is it of the same version?");
}
