/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop that runs relays and hosts in virtual time. */
#include "tests/support/street.h"

#include "tests/support/fixture.h"

enum { IDLE_TURNS_MAX = 10000 };

void street_relay_sends(void *context, const struct relay_node *node)
{
    struct street *street = context;

    wire_send_box(street->wire, &node->address, &node->box, *street->now);
}

void street_host_sends(void *context, const struct host_node *node)
{
    struct street *street = context;

    wire_send_box(street->wire, &node->address, &node->box, *street->now);
}

static void deliver(struct street *street, struct wire_packet *packet)
{
    struct dgram in = wire_packet_dgram(packet);

    for (size_t i = 0; i < street->relays_count; i++) {
        struct relay_node *relay = &street->relays[i];

        if (endpoint_equal(&packet->to, &relay->address) && relay->core != NULL) {
            relay_core_receive(relay->core, &in, *street->now);
            (void)relay_node_pump(relay, *street->now);
        }
    }
    for (size_t i = 0; i < street->hosts_count; i++) {
        if (endpoint_equal(&packet->to, &street->hosts[i].address)) {
            (void)host_node_receive(&street->hosts[i], &in, *street->now);
        }
    }
    wire_packet_free(street->wire, packet);
}

static struct mono next_instant(const struct street *street)
{
    struct mono at = wire_deadline(street->wire);

    for (size_t i = 0; i < street->relays_count; i++) {
        at = mono_min(at, relay_node_deadline(&street->relays[i]));
    }
    for (size_t i = 0; i < street->hosts_count; i++) {
        at = mono_min(at, host_core_deadline(street->hosts[i].core));
    }
    return at;
}

static void turn(struct street *street)
{
    struct wire_packet *packet = wire_take(street->wire, *street->now);

    street->turns++;
    for (; packet != NULL; packet = wire_take(street->wire, *street->now)) {
        deliver(street, packet);
    }
    for (size_t i = 0; i < street->relays_count; i++) {
        struct relay_node *relay = &street->relays[i];

        if (mono_due(relay_node_deadline(relay), *street->now)) {
            relay_core_expire(relay->core, *street->now);
            (void)relay_node_pump(relay, *street->now);
        }
    }
    for (size_t i = 0; i < street->hosts_count; i++) {
        struct host_node *host = &street->hosts[i];

        if (mono_due(host_core_deadline(host->core), *street->now)) {
            (void)host_node_expire(host, *street->now);
        }
    }
}

void street_run_ms(struct street *street, uint64_t ms)
{
    struct mono end = mono_add_ms(*street->now, ms);
    size_t idle = 0;

    for (;;) {
        struct mono at = next_instant(street);

        if (mono_before(end, at)) {
            *street->now = end;
            return;
        }
        idle = mono_before(*street->now, at) ? 0 : idle + 1;
        assert_true(idle < IDLE_TURNS_MAX); /* a deadline that never moves */
        *street->now = mono_before(*street->now, at) ? at : *street->now;
        turn(street);
    }
}
