/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world of an attack, and its run. */
#include "tests/support/adversary.h"

#include <string.h>

enum {
    NOON_HOURS = 12,
    FRIENDS_EVERY_MS = 20, /* each of the two sends a frame */
    FRIENDS_FRAME = 500,
};

void adversary_init(struct adversary *adversary, const struct adversary_attack *attack)
{
    struct far_hosts *town = &adversary->town;
    struct relay_net *net = relay_net_new(ADVERSARY_RELAYS, 41);

    memset(adversary, 0, sizeof(*adversary));
    town->net = net;
    net->ports.wall_ms += (uint64_t)NOON_HOURS * ADVERSARY_HOUR_MS;
    for (size_t i = 0; i < ADVERSARY_RELAYS; i++) {
        net->nodes[i].cfg.open_relay = true;
    }
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 60000);
    net_host_init(&town->a, net, 1);
    net_host_init(&town->b, net, 2);
    net_host_attach(&town->a, 0, 7);
    net_host_attach(&town->b, ADVERSARY_RELAYS - 1, 7);
    net_host_dial(&town->a, 0);
    net_host_dial(&town->b, ADVERSARY_RELAYS - 1);
    town->a_key = town->a.identity.public_key;
    town->b_key = town->b.identity.public_key;
    town->a.friend_key = town->b_key;
    town->b.friend_key = town->a_key;
    adversary->victim = net->nodes[0].core;
    adversary->attackers_count = attack->attackers;
    for (uint8_t i = 0; i < attack->attackers; i++) {
        const uint8_t ip[4] = {203, 0, 113, (uint8_t)(i + 1)};
        const struct endpoint address = endpoint_v4(ip, 5000);

        net_host_init_at(&adversary->attackers[i], net, (uint8_t)(100 + i), &address);
        net_host_dial_begin(&adversary->attackers[i], 0,
                            attack->relays ? LINK_ROLE_RELAY : LINK_ROLE_HOST);
    }
    far_hosts_talk(town, 10);
}

void adversary_fini(struct adversary *adversary)
{
    for (size_t i = 0; i < adversary->attackers_count; i++) {
        net_host_fini(&adversary->attackers[i]);
    }
    far_hosts_fini(&adversary->town);
}

static void friends_talk(struct adversary *adversary)
{
    struct far_hosts *town = &adversary->town;

    net_host_frame(&town->a, town->b_key, 1, FRIENDS_FRAME);
    net_host_frame(&town->b, town->a_key, 2, FRIENDS_FRAME);
    adversary->friends_sent += 2;
}

/* Let the attackers send the messages of this millisecond. */
static uint32_t attack_step(struct adversary *adversary, const struct adversary_attack *attack,
                            uint32_t ms, uint32_t sent)
{
    uint32_t due = (uint32_t)((uint64_t)attack->per_s * (ms + 1) / 1000);

    for (; sent < due; sent++) {
        struct net_host *attacker = &adversary->attackers[sent % attack->attackers];

        if (!attacker->open && !attacker->dialling) {
            net_host_dial_begin(attacker, 0, attack->relays ? LINK_ROLE_RELAY : LINK_ROLE_HOST);
        } else if (attacker->open) {
            attack->send(adversary, attacker, sent);
        }
    }
    return sent;
}

void adversary_run(struct adversary *adversary, const struct adversary_attack *attack, bool calm,
                   uint32_t ms, struct adversary_result *result)
{
    struct far_hosts *town = &adversary->town;
    struct relay_net *net = town->net;
    uint64_t counted = attack->count(adversary->victim);
    uint64_t received = adversary->victim->base.counters.received_bytes;
    uint64_t sent_bytes = net->sent[0].bytes;
    size_t frames = town->a.friend_frames + town->b.friend_frames;
    uint32_t sent = 0;

    adversary->friends_sent = 0;
    for (uint32_t i = 0; i < ms; i++) {
        if (i % FRIENDS_EVERY_MS == 0) {
            friends_talk(adversary);
        }
        if (!calm) {
            sent = attack_step(adversary, attack, i, sent);
        }
        relay_net_run(net, 1);
    }
    relay_net_run(net, 1000);
    *result = (struct adversary_result){
        .messages = sent,
        .counted = attack->count(adversary->victim) - counted,
        .received_bytes = adversary->victim->base.counters.received_bytes - received,
        .sent_bytes = net->sent[0].bytes - sent_bytes,
        .friends_sent = adversary->friends_sent,
    };
    result->friends_lost =
        result->friends_sent - (town->a.friend_frames + town->b.friend_frames - frames);
}

uint64_t adversary_wall_ms(const struct adversary *adversary)
{
    return env_wall_ms(&adversary->town.net->ports.env);
}
