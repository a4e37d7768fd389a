/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the text, name by name. All states and reasons have one, so that graphs have no gaps.
 */
#include "client/admin/host_metrics.h"

#include "client/admin/report.h"
#include "ziglan_version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void labelled_gauge(struct exposition *to, const char *name, const char *label,
                           const char *value, const char *help, double number)
{
    char labels[64];

    (void)snprintf(labels, sizeof(labels), "%s=\"%s\"", label, value);
    exposition_gauge(to, name, labels, help, number);
}

static void peers_print(struct exposition *to, const struct host_core *core, struct mono now)
{
    static const char *const states[] = {"direct",  "relayed", "connecting", "online",
                                         "offline", "unknown", "blocked"};

    for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
        size_t count = 0;

        for (size_t i = 0; i < core->peers.count; i++) {
            const struct peer *peer = core->peers.list[i];

            count += peer != NULL && strcmp(report_peer_state(core, peer, now), states[s]) == 0;
        }
        labelled_gauge(to, "peers", "state", states[s], "Peers, by how they are reached.",
                       (double)count);
    }
}

/* Those that `ziglan relays` shows. */
static bool relay_counts(const struct host_core *core, const struct relay_session *relay)
{
    const struct ziglan *ziglan = ziglan_list_of_relay(&core->ziglans, relay);

    return relay_session_is_used(relay) || (ziglan != NULL && relay == ziglan->entry_point);
}

static void relays_print(struct exposition *to, const struct host_core *core, struct mono now)
{
    static const char *const states[] = {"connected", "stalled", "connecting", "waiting"};
    const struct relay_session *relay;
    uint64_t nearest_ns = 0;

    for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++) {
        size_t count = 0;

        TAILQ_FOREACH(relay, &core->relays.list, in_set)
        {
            if (relay_counts(core, relay) &&
                strcmp(report_relay_state(relay, now), states[s]) == 0) {
                uint64_t rtt_ns = s == 0 ? link_hub_rtt_ns(relay->hub, relay->active) : 0;

                count++;
                nearest_ns =
                    rtt_ns > 0 && (nearest_ns == 0 || rtt_ns < nearest_ns) ? rtt_ns : nearest_ns;
            }
        }
        labelled_gauge(to, "relays", "state", states[s], "Relays of this host, by their session.",
                       (double)count);
    }
    if (nearest_ns > 0) {
        exposition_gauge(to, "relay_round_trip_seconds", "", "To the nearest of its relays.",
                         (double)nearest_ns / 1e9);
    }
}

static void ziglans_print(struct exposition *to, const struct host_core *core, struct mono now)
{
    size_t counts[ZIGLAN_STATE_COUNT] = {0};
    const struct ziglan *ziglan;
    int64_t most_ms = 0;

    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        int64_t ahead_ms =
            ziglan->clock.known ? ziglan_clock_ahead_ms(&ziglan->clock, core->env, now) : 0;

        counts[ziglan->state]++;
        most_ms = llabs(ahead_ms) > llabs(most_ms) ? ahead_ms : most_ms;
    }
    for (size_t s = 0; s < ZIGLAN_STATE_COUNT; s++) {
        labelled_gauge(to, "ziglans", "state", ziglan_state_name((enum ziglan_state)s),
                       "Ziglans that this host joined, by state.", (double)counts[s]);
    }
    exposition_gauge(to, "clock_ahead_seconds", "",
                     "How far this clock is ahead of that of a relay; where they are several, of "
                     "the one that differs most.",
                     (double)most_ms / 1000);
    exposition_gauge(to, "time_seconds", "", "The wall clock of this machine, since 1970 UTC.",
                     (double)env_wall_ms(core->env) / 1000);
}

static void drops_print(struct exposition *to, const struct host_counters *c)
{
    char labels[64];

    for (size_t i = 0; i < TUNNEL_DROP_COUNT; i++) {
        (void)snprintf(labels, sizeof(labels), "reason=\"%s\"",
                       report_drop_word((enum tunnel_drop)i));
        exposition_counter(to, "packets_dropped_total", labels,
                           "IP packets that went no further, by reason.",
                           (double)c->packets_dropped[i]);
    }
    exposition_counter(to, "packets_dropped_total", "reason=\"queue\"", "",
                       (double)c->queue_dropped);
}

static void counters_print(struct exposition *to, const struct host_counters *c)
{
    const struct {
        const char *name, *labels, *help;
        uint64_t value;
    } rows[] = {
        {"packets_total", "dir=\"to_peers\"", "IP packets of the interface, by direction.",
         c->packets_in},
        {"packets_total", "dir=\"from_peers\"", "", c->packets_out},
        {"packets_marked_total", "",
         "IP packets that say to their receiver that the way is crowded (ECN).", c->packets_marked},
        {"sent_bytes_total", "", "Bytes of IP packets to peers.", c->bytes_sent},
        {"received_bytes_total", "way=\"direct\"", "Bytes of IP packets from peers, by way.",
         c->bytes_direct},
        {"received_bytes_total", "way=\"relayed\"", "", c->bytes_relayed},
        {"frames_total", "dir=\"in\"", "Frames, by direction.", c->frames_in},
        {"frames_total", "dir=\"out\"", "", c->frames_out},
        {"frames_dropped_total", "reason=\"forged_or_late\"",
         "Frames that were not taken, by reason.", c->frames_dropped},
        {"frames_dropped_total", "reason=\"no_session\"", "", c->unknown_index},
        {"frames_dropped_total", "reason=\"malformed\"", "", c->plaintext_dropped},
        {"frames_dropped_total", "reason=\"foreign\"", "", c->foreign_dropped},
        {"fragments_total", "dir=\"in\"", "Fragments of packets, by direction.", c->fragments_in},
        {"fragments_total", "dir=\"out\"", "", c->fragments_out},
        {"handshakes_total", "", "Handshakes with peers that succeeded.", c->handshakes},
        {"handshakes_refused_total", "reason=\"limit\"",
         "Handshakes of others that were not taken, by reason.", c->initiations_refused},
        {"handshakes_refused_total", "reason=\"not_member\"", "", c->not_member},
        {"handshakes_refused_total", "reason=\"blocked\"", "", c->blocked},
        {"handshakes_refused_total", "reason=\"replayed\"", "", c->stale_timestamp},
        {"cookies_sent_total", "", "Handshakes that were asked to prove their address.",
         c->cookies_sent},
        {"direct_paths_total", "event=\"found\"", "Direct paths to peers, by event.",
         c->direct_established},
        {"direct_paths_total", "event=\"lost\"", "", c->direct_lost},
        {"conversations_displaced_total", "", "Conversations that made room for others.",
         c->conversations_displaced},
        {"silences_lost_total", "", "First packets after a silence that got lost.",
         c->silences_lost},
        {"lan_notices_total", "event=\"sent\"", "Notices on the LAN, by event.", c->lan_said},
        {"lan_notices_total", "event=\"heard\"", "", c->lan_heard},
        {"lan_notices_total", "event=\"dropped\"", "", c->lan_dropped},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        exposition_counter(to, rows[i].name, rows[i].labels, rows[i].help, (double)rows[i].value);
    }
    drops_print(to, c);
}

int host_metrics_print(char **text, size_t *size, enum exposition_form form,
                       const struct host_core *core, const struct process_use *process,
                       struct mono now)
{
    struct exposition to;

    *text = NULL;
    *size = 0;
    if (exposition_open(&to, form) != ERR_OK) {
        return ERR_NOMEM;
    }
    to.prefix = "ziglan_";
    exposition_info(&to, "build_info", "version=\"" ZIGLAN_VERSION "\"", "What is running.");
    peers_print(&to, core, now);
    relays_print(&to, core, now);
    ziglans_print(&to, core, now);
    counters_print(&to, &core->dataplane.counters);
    process_use_print(&to, process);
    return exposition_close(&to, text, size);
}
