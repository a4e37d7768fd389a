/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers, relays, ziglans and counters, read out of the core. */
#include "client/admin/report.h"

#include "client/admin/lifetime_report.h"
#include "client/admin/sentences.h"
#include "client/admin/whoami.h"
#include "client/admin/why_words.h"
#include "client/core/homing.h"
#include "client/peer/guesswork.h"
#include "client/peer/locating.h"
#include "client/peer/presence.h"
#include "client/ziglan/ziglan_messages.h"
#include "proto/admin/relay_group.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPORT_SCHEMA = WHOAMI_SCHEMA,
    TEXT_SIZE = 128,
    DIALLED_MAX = 8,
    TITLE_SIZE = 128,
    REFUSED_SHOWN_MS = 60000, /* as long as a line of the log is the last one about it */
};

static json_t *ip_json(int family, const uint8_t *ip)
{
    char text[INET6_ADDRSTRLEN];

    return inet_ntop(family, ip, text, sizeof(text)) == NULL ? json_null() : json_string(text);
}

/* What to call a ziglan: its name, and where another one has the same, the beginning of its key
 * behind it. */
static const char *ziglan_title(const struct host_core *core, const struct ziglan *ziglan,
                                char text[TITLE_SIZE])
{
    const struct ziglan *other;
    char key[KEY_SHORT_SIZE];
    const char *name = ziglan->record.name;
    bool shared = false;

    TAILQ_FOREACH(other, &core->ziglans.head, in_list)
    {
        shared = shared || (other != ziglan && strcmp(other->record.name, name) == 0);
    }
    (void)snprintf(text, TITLE_SIZE, shared && name[0] != '\0' ? "%s (%s)" : "%s", name,
                   key_short(ziglan->record.url.key, key));
    return text;
}

static json_t *key_json(const uint8_t key[KEY_SIZE])
{
    char text[KEY_TEXT_SIZE];

    return json_string(key_text(key, text));
}

/* ---- peers ---- */

const char *report_peer_state(const struct host_core *core, const struct peer *peer,
                              struct mono now)
{
    const struct conversation *a = peer->conversation;
    bool session = a != NULL && a->sessions.current != NULL;
    enum presence presence = presence_of(peer, &core->ziglans, now);

    if (peer->blocked) {
        return "blocked";
    }
    if (session && path_table_direct(&a->paths) != NULL) {
        return "direct";
    }
    if (presence == PRESENCE_OFFLINE) {
        return "offline";
    }
    const struct path *relayed = session ? path_table_relayed(&a->paths) : NULL;

    if (relayed != NULL && !relayed->relay->stalled) {
        return "relayed";
    }
    if (a != NULL && a->initiating.active && a->queue.count > 0) {
        return "connecting";
    }
    return presence == PRESENCE_ONLINE ? "online" : "unknown";
}

/* Whether packets to the peer go there now. */
static bool state_is_connected(const char *state)
{
    return strcmp(state, "direct") == 0 || strcmp(state, "relayed") == 0;
}

static uint64_t peer_rtt_us(const struct conversation *a)
{
    bool session = a != NULL && a->sessions.current != NULL;
    const struct path *path = session && path_is_bare(a->paths.present) ? a->paths.present : NULL;

    if (path == NULL && session) {
        path = path_table_relayed(&a->paths);
    }
    return path == NULL ? 0 : path->rtt_ns / NS_PER_US;
}

static json_t *paths_json(const struct conversation *a)
{
    json_t *list = json_array();

    for (size_t i = 0; a != NULL && i < a->paths.count; i++) {
        const struct path *path = a->paths.list[i];
        char text[ENDPOINT_TEXT_SIZE];

        if (!path_is_direct(path)) {
            continue;
        }
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:I, s:i}", "address",
                                                    endpoint_text(&path->remote, text), "state",
                                                    path_state_name(path->state), "used",
                                                    a->paths.present == path, "rtt_us",
                                                    (json_int_t)(path->rtt_ns / NS_PER_US),
                                                    "frame_size", (int)path->frame_size));
    }
    return list;
}

/* The lane that is used, or the first one; null: there is none. */
static json_t *lane_json(const struct conversation *a)
{
    const struct path *lane = NULL;

    for (size_t i = 0; a != NULL && i < a->paths.count; i++) {
        const struct path *path = a->paths.list[i];

        if (path->kind == PATH_KIND_LANE && (lane == NULL || path == a->paths.present)) {
            lane = path;
        }
    }
    return lane == NULL
               ? json_null()
               : json_pack("{s:s, s:b, s:b, s:I, s:i}", "state", path_state_name(lane->state),
                           "bound", lane->lane.bound, "used", a->paths.present == lane, "rtt_us",
                           (json_int_t)(lane->rtt_ns / NS_PER_US), "frame_size",
                           (int)lane->frame_size);
}

const char *report_path(const struct conversation *a, char *text, size_t size)
{
    const struct path *direct = path_table_direct(&a->paths);
    char endpoint[ENDPOINT_TEXT_SIZE];

    if (direct != NULL) {
        (void)snprintf(text, size, "direct %s", endpoint_text(&direct->remote, endpoint));
    } else {
        bool lane = a->paths.present != NULL && a->paths.present->kind == PATH_KIND_LANE;

        (void)snprintf(text, size, "%s",
                       lane                                    ? "relayed lane"
                       : path_table_relayed(&a->paths) != NULL ? "relayed"
                                                               : "none");
    }
    return text;
}

/* A direct path is sought, and nothing else is known. */
static bool is_trying(const struct conversation *a)
{
    return a->sessions.current != NULL &&
           (a->why.code == WHY_NONE || a->why.code == WHY_DIRECT_LOST) &&
           (punching_is_firing(&a->punching) || a->punching.wait_until.ns != MONO_NEVER.ns ||
            guesswork_pending(a));
}

static struct why peer_why(const struct peer *peer)
{
    const struct conversation *a = peer->conversation;
    bool session = a != NULL && a->sessions.current != NULL;
    const uint8_t *relay_key = NULL;
    bool via = a != NULL && why_is_via(&a->why);
    struct why why = {.code = session || via ? WHY_NONE : locating_why(peer, &relay_key)};

    if (why.code != WHY_NONE) {
        (void)key_short(relay_key, why.detail);
    } else if (a != NULL && path_table_direct(&a->paths) == NULL) {
        why = a->why;
        why.code = is_trying(a) ? WHY_TRYING : why.code;
    }
    return why;
}

/* What was tried to reach the peer directly, since there is a conversation with it. */
static json_t *tried_json(const struct conversation *a)
{
    json_t *list = json_array();

    if (a != NULL && (a->punching.id != 0 || punching_is_firing(&a->punching))) {
        (void)json_array_append_new(list, json_string("punch"));
    }
    if (a != NULL && a->guess.tried) {
        (void)json_array_append_new(list, json_sprintf("guess:%s", guess_end_word(a->guess.end)));
    }
    return list;
}

static json_t *last_seen_json(const struct peer *peer, struct mono now)
{
    struct mono at = peer->traffic.last_seen_at;

    return at.ns == MONO_NEVER.ns ? json_null()
                                  : json_integer((json_int_t)mono_ms_between(at, now));
}

/* Which key the name of a member means here, if it is another one; else "". */
static json_t *name_means_json(const struct peer *peer, const struct roster_member *member)
{
    uint8_t key[KEY_SIZE];

    return member != NULL && member->name_conflict && peer->ziglan != NULL &&
                   roster_remembered(peer->ziglan->roster, member->name, strlen(member->name), key)
               ? key_json(key)
               : json_string("");
}

/* The AEAD of the session in use; empty without one. */
static const char *cipher_of(const struct conversation *a)
{
    return a == NULL || a->sessions.current == NULL ? "" : aead_name(a->sessions.current->aead);
}

static json_t *peer_json(const struct host_core *core, const struct peer *peer, const char *state,
                         struct mono now)
{
    const struct roster_member *member = peer_member(peer);
    const struct conversation *a = peer->conversation;
    const struct peer_traffic *traffic = &peer->traffic;
    char path[TEXT_SIZE] = "none";
    const struct why why = peer_why(peer);
    char sentence[SENTENCE_SIZE];
    char title[TITLE_SIZE] = "";

    if (state_is_connected(state)) {
        (void)report_path(a, path, sizeof(path));
    }
    if (peer->ziglan != NULL) {
        (void)ziglan_title(core, peer->ziglan, title);
    }
    return json_pack(
        "{s:s, s:b, s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:b, "
        "s:o, s:o, s:s, s:o, s:s, s:o}",
        "name", peer_name(peer), "named", peer->contact != NULL, "ziglan", peer_ziglan_name(peer),
        "ziglan_title", title, "key", key_json(peer->key), "ipv4",
        ip_json(AF_INET, peer->pair.peer.v4), "ipv6", ip_json(AF_INET6, peer->pair.peer.v6),
        "state", state, "path", path, "rtt_us", (json_int_t)peer_rtt_us(a), "rx_bytes",
        (json_int_t)traffic->rx_bytes, "rx_direct_packets", (json_int_t)traffic->rx_direct_packets,
        "rx_relayed_packets", (json_int_t)traffic->rx_relayed_packets, "tx_bytes",
        (json_int_t)traffic->tx_bytes, "last_seen_ms", last_seen_json(peer, now), "why",
        why_sentence(&why, sentence), "name_conflict", member != NULL && member->name_conflict,
        "name_means", name_means_json(peer, member), "paths", paths_json(a), "why_code",
        why_word(why.code), "tried", tried_json(a), "cipher", cipher_of(a), "lane", lane_json(a));
}

/* By name, those without one last, and by key where names are the same. */
static int by_name(const void *left, const void *right)
{
    const struct peer *a = *(const struct peer *const *)left;
    const struct peer *b = *(const struct peer *const *)right;
    const char *name_a = peer_name(a);
    const char *name_b = peer_name(b);
    int order = (name_a[0] == '\0') - (name_b[0] == '\0');

    order = order != 0 ? order : strcmp(name_a, name_b);
    return order != 0 ? order : memcmp(a->key, b->key, sizeof(a->key));
}

static json_t *peers_json(struct host_core *core, size_t *connected, size_t *total, struct mono now)
{
    json_t *list = json_array();
    const struct peer **sorted = calloc(core->peers.count + 1, sizeof(const struct peer *));

    *connected = 0;
    *total = 0;
    for (size_t i = 0; sorted != NULL && i < core->peers.count; i++) {
        const struct peer *peer = core->peers.list[i];

        if (peer != NULL) {
            sorted[*total] = peer;
            *total += 1;
        }
    }
    if (sorted != NULL) {
        qsort(sorted, *total, sizeof(const struct peer *), by_name);
    }
    for (size_t i = 0; i < *total; i++) {
        const char *state = report_peer_state(core, sorted[i], now);

        *connected += state_is_connected(state) ? 1 : 0;
        (void)json_array_append_new(list, peer_json(core, sorted[i], state, now));
    }
    free(sorted);
    return list;
}

/* ---- status ---- */

/* What is wrong with a ziglan. Of two hosts with one key that take turns it is that, also while
 * this one has the place; what the relay refuses then follows from it. */
static const char *ziglan_error(const struct host_core *core, const struct ziglan *ziglan,
                                char text[SENTENCE_SIZE], struct mono now)
{
    uint64_t ago_ms;

    if (ziglan->trouble.code != ZIGLAN_TROUBLE_SAME_KEY &&
        ziglan->trouble.code != ZIGLAN_TROUBLE_REMOVED &&
        ziglan_was_replaced(ziglan, &ago_ms, now)) {
        (void)snprintf(text, SENTENCE_SIZE,
                       "another host with this key was here %u s ago; give each host a key of its "
                       "own",
                       (unsigned)(ago_ms / 1000));
        return text;
    }
    if (sentence_of_sought(ziglan, guides_any(&core->guides, ziglan->entry_point), text)[0] !=
        '\0') {
        return text;
    }
    return sentence_of_trouble(&ziglan->trouble, text);
}

static json_t *ziglans_json(struct host_core *core, struct mono now)
{
    json_t *list = json_array();
    const struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        const struct ziglan_record *record = &ziglan->record;
        char text[SENTENCE_SIZE];
        char name_why[SENTENCE_SIZE];
        char title[TITLE_SIZE];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:s, s:b, s:s, s:s, s:s, s:I, s:s}", "name",
                            record->name, "title", ziglan_title(core, ziglan, title), "key",
                            key_json(record->url.key), "state", ziglan_state_name(ziglan->state),
                            "settled", host_core_settled(core, record->url.key), "granted_name",
                            record->granted, "wanted_name", ziglan_wanted_name(ziglan), "name_why",
                            sentence_of_name(ziglan, name_why), "members",
                            (json_int_t)roster_count(ziglan->roster), "error",
                            ziglan_error(core, ziglan, text, now)));
    }
    return list;
}

/* Where the relay is, or was, or is to be: a host of its URL, or an address that was found. */
static const char *relay_host(const struct relay_session *relay, char text[ENDPOINT_TEXT_SIZE])
{
    if (relay->open) {
        return endpoint_text(&relay->remote, text);
    }
    if (relay->url.hosts_count > 0) {
        return relay->url.hosts[0].name;
    }
    return relay->targets.count > 0 ? endpoint_text(&relay->targets.list[0], text)
                                    : "a relay that is sought";
}

/* Ziglans that were left, and whose entry point does not know it yet. */
static json_t *leaving_json(const struct host_core *core)
{
    json_t *list = json_array();
    const struct farewell *farewell;

    TAILQ_FOREACH(farewell, &core->ziglans.farewells.head, in_list)
    {
        const struct ziglan_record *record = &farewell->record;
        char text[ENDPOINT_TEXT_SIZE];

        (void)json_array_append_new(list, json_pack("{s:s, s:o, s:s}", "name", record->name, "key",
                                                    key_json(record->url.key), "host",
                                                    relay_host(farewell->session, text)));
    }
    return list;
}

/* How long the relay is left alone still, as it told us to. */
static uint64_t away_s(const struct relay_session *relay, struct mono now)
{
    return relay->open || mono_due(relay->closed_until, now)
               ? 0
               : (mono_ms_between(now, relay->closed_until) + 999) / 1000;
}

const char *report_relay_state(const struct relay_session *relay, struct mono now)
{
    if (!relay->open) {
        return away_s(relay, now) > 0 ? "waiting" : "connecting";
    }
    return relay->stalled ? "stalled" : "connected";
}

/* The first addresses that are dialled while there is no session. */
static json_t *dialled_json(const struct relay_session *relay)
{
    json_t *list = json_array();
    char text[ENDPOINT_TEXT_SIZE];

    for (size_t i = 0; !relay->open && i < relay->targets.count && i < DIALLED_MAX; i++) {
        (void)json_array_append_new(list,
                                    json_string(endpoint_text(&relay->targets.list[i], text)));
    }
    return list;
}

static json_t *rewards_json(const struct relay_session *relay)
{
    json_t *list = json_array();

    for (size_t i = 0; relay->open && i < relay->facts.rewards_count; i++) {
        const struct record_reward *reward = &relay->facts.rewards[i];

        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:s, s:s}", "chain", reward->chain, "address",
                                              reward->address, "identity", reward->identity));
    }
    return list;
}

static json_t *load_json(const struct relay_session *relay)
{
    return relay->open && relay->facts.load_known ? json_integer(relay->facts.load_permille)
                                                  : json_null();
}

/* What it refused last, if that was a moment ago or it left us alone for that. */
static const char *refused_text(const struct relay_session *relay, struct mono now)
{
    const struct relay_log *log = &relay->log;
    bool lately = mono_ms_between(log->refused_at, now) < REFUSED_SHOWN_MS;

    return lately || away_s(relay, now) > 0 ? log->refused : "";
}

static json_t *relay_json(struct host_core *core, const struct relay_session *relay,
                          const char *ziglan_name, struct mono now)
{
    static const uint8_t unknown[KEY_SIZE];
    const uint8_t *key = relay->url.kind == URL_KIND_RELAY ? relay->url.key : relay->relay_key;
    bool known = memcmp(key, unknown, KEY_SIZE) != 0;
    char host[ENDPOINT_TEXT_SIZE];
    char observed[ENDPOINT_TEXT_SIZE] = "";
    /* While the relay is silent, what was measured before says nothing. */
    uint64_t rtt_ns =
        relay->open && !relay->stalled ? link_hub_rtt_ns(relay->hub, relay->active) : 0;

    if (relay->open) {
        (void)endpoint_text(&relay->observed, observed);
    }
    return json_pack(
        "{s:s, s:o, s:b, s:b, s:o, s:o, s:s, s:s, s:I, s:s, s:I, s:s, s:o}", "ziglan", ziglan_name,
        "key", known ? key_json(key) : json_string(""), "pinned",
        known && pins_find(&core->pins, key) != NULL, "home", (int)homing_is_home(core, relay),
        "load_permille", load_json(relay), "rewards", rewards_json(relay), "host",
        relay_host(relay, host), "state", report_relay_state(relay, now), "again_in_s",
        (json_int_t)away_s(relay, now), "refused", refused_text(relay, now), "rtt_us",
        (json_int_t)(rtt_ns / NS_PER_US), "observed", observed, "dialled", dialled_json(relay));
}

/* The entry points of ziglans, one for each in their order; then more relays of theirs; then those
 * of none. */
static json_t *relays_json(struct host_core *core, struct mono now)
{
    json_t *list = json_array();
    const struct ziglan *ziglan;
    const struct relay_session *relay;

    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        (void)json_array_append_new(
            list, relay_json(core, ziglan->entry_point, ziglan->record.name, now));
    }
    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        ziglan = ziglan_list_of_relay(&core->ziglans, relay);
        /* Those to say goodbye and those to ask where others are would only confuse. */
        if (relay_session_is_used(relay) && (ziglan == NULL || relay != ziglan->entry_point)) {
            (void)json_array_append_new(
                list, relay_json(core, relay, ziglan == NULL ? "" : ziglan->record.name, now));
        }
    }
    if (!relay_groups_set(list)) {
        json_decref(list);
        return NULL;
    }
    return list;
}

const char *report_drop_word(enum tunnel_drop why)
{
    /* In the order of the enum. */
    static const char *const names[] = {"malformed", "offload",     "link_only", "no_peer",
                                        "too_big",   "unreachable", "foreign",   "no_room",
                                        "age",       "crowded"};

    _Static_assert(sizeof(names) / sizeof(names[0]) == TUNNEL_DROP_COUNT, "a word for each");
    return names[why];
}

/* Packets that went no further, by reason; their sum is in *total. */
static json_t *drops_json(const struct host_counters *c, json_int_t *total)
{
    json_t *by = json_object();

    *total = 0;
    for (size_t i = 0; i < TUNNEL_DROP_COUNT; i++) {
        *total += (json_int_t)c->packets_dropped[i];
        (void)json_object_set_new(by, report_drop_word((enum tunnel_drop)i),
                                  json_integer((json_int_t)c->packets_dropped[i]));
    }
    return by;
}

static json_t *counters_json(const struct host_counters *c)
{
    json_int_t dropped;
    json_t *by = drops_json(c, &dropped);

    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
                     "s:I, s:I, s:I}",
                     "frames_in", (json_int_t)c->frames_in, "frames_out", (json_int_t)c->frames_out,
                     "frames_dropped", (json_int_t)c->frames_dropped, "packets_in",
                     (json_int_t)c->packets_in, "packets_out", (json_int_t)c->packets_out,
                     "packets_dropped", dropped, "packets_dropped_by", by, "packets_marked",
                     (json_int_t)c->packets_marked, "queue_dropped", (json_int_t)c->queue_dropped,
                     "not_member", (json_int_t)c->not_member, "blocked", (json_int_t)c->blocked,
                     "unknown_index", (json_int_t)c->unknown_index, "conversations_displaced",
                     (json_int_t)c->conversations_displaced, "direct_established",
                     (json_int_t)c->direct_established, "direct_lost", (json_int_t)c->direct_lost,
                     "lan_said", (json_int_t)c->lan_said, "lan_heard", (json_int_t)c->lan_heard,
                     "lan_dropped", (json_int_t)c->lan_dropped);
}

static json_t *addresses_json(const struct host_core *core)
{
    return json_pack("{s:o, s:o}", "ipv4", ip_json(AF_INET, core->own.v4), "ipv6",
                     ip_json(AF_INET6, core->own.v6));
}

static const char *own_name(const struct host_core *core)
{
    const char *granted = names_own(&core->names);

    return granted != NULL ? granted : core->cfg.name;
}

json_t *report_whoami(struct host_core *core)
{
    json_t *fields = whoami_fields(core->local.identity->public_key, own_name(core));

    if (fields != NULL) {
        (void)json_object_set_new(fields, "addresses", addresses_json(core));
    }
    return fields;
}

json_t *report_peers(struct host_core *core, struct mono now)
{
    size_t connected;
    size_t total;
    json_t *peers = peers_json(core, &connected, &total, now);

    return json_pack("{s:i, s:o}", "schema", REPORT_SCHEMA, "peers", peers);
}

json_t *report_relays(struct host_core *core, struct mono now)
{
    return json_pack("{s:i, s:o}", "schema", REPORT_SCHEMA, "relays", relays_json(core, now));
}

json_t *report_status(struct host_core *core, struct mono now)
{
    size_t connected;
    size_t total;
    json_t *peers = peers_json(core, &connected, &total, now);

    return json_pack(
        "{s:i, s:o, s:s, s:o, s:i, s:o, s:o, s:o, s:I, s:I, s:s, s:o, s:o, s:o, s:o}", "schema",
        REPORT_SCHEMA, "key", key_json(core->local.identity->public_key), "name", own_name(core),
        "addresses", addresses_json(core), "mtu", (int)core->cfg.mtu, "relays",
        relays_json(core, now), "ziglans", ziglans_json(core, now), "leaving", leaving_json(core),
        "peers_connected", (json_int_t)connected, "peers_total", (json_int_t)total, "inbound",
        "members of joined ziglans and named peers are allowed, everybody else is "
        "refused (default, "
        "no rules are set)",
        "peers", peers, "counters", counters_json(&core->dataplane.counters), "lifetime",
        lifetime_known_json(core), "keepalive", lifetime_keepalive_json(core));
}
