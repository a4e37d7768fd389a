/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states of a relay's client, and what follows from a state: its list and its deadline. */
#include "relayd/base/relay_client.h"

#include "proto/base/bytes.h"

#include <string.h>

#define BIT(n) (1U << (n))

static const unsigned state_edges[] = {
    [RELAY_CLIENT_STATE_NEW] = BIT(RELAY_CLIENT_STATE_STRANGER),
    [RELAY_CLIENT_STATE_STRANGER] =
        BIT(RELAY_CLIENT_STATE_MEMBER) | BIT(RELAY_CLIENT_STATE_NEIGHBOUR) |
        BIT(RELAY_CLIENT_STATE_CLOSING) | BIT(RELAY_CLIENT_STATE_CLOSED),
    [RELAY_CLIENT_STATE_MEMBER] = BIT(RELAY_CLIENT_STATE_STRANGER) |
                                  BIT(RELAY_CLIENT_STATE_CLOSING) | BIT(RELAY_CLIENT_STATE_CLOSED),
    [RELAY_CLIENT_STATE_NEIGHBOUR] =
        BIT(RELAY_CLIENT_STATE_CLOSING) | BIT(RELAY_CLIENT_STATE_CLOSED),
    [RELAY_CLIENT_STATE_CLOSING] = BIT(RELAY_CLIENT_STATE_CLOSED),
    [RELAY_CLIENT_STATE_CLOSED] = 0,
};

void relay_client_lists_init(struct relay_client_lists *lists, struct limits *limits)
{
    lists->limits = limits;
    TAILQ_INIT(&lists->strangers);
    TAILQ_INIT(&lists->closing);
    lists->stranger_count = 0;
}

static void leave_lists(struct relay_client_lists *lists, struct relay_client *client)
{
    if (client->state == RELAY_CLIENT_STATE_STRANGER) {
        TAILQ_REMOVE(&lists->strangers, client, in_waiting);
        lists->stranger_count--;
        limits_stranger_leave(lists->limits, &client->limits);
    } else if (client->state == RELAY_CLIENT_STATE_NEIGHBOUR) {
        limits_neighbour_leave(lists->limits, &client->limits);
    } else if (client->state == RELAY_CLIENT_STATE_CLOSING) {
        TAILQ_REMOVE(&lists->closing, client, in_waiting);
    }
}

void relay_client_enter(struct relay_client_lists *lists, struct relay_client *client,
                        enum relay_client_state next, struct mono now)
{
    CHECK((state_edges[client->state] & BIT(next)) != 0);
    leave_lists(lists, client);
    client->state = next;
    client->deadline = MONO_NEVER;
    if (next == RELAY_CLIENT_STATE_STRANGER) {
        client->deadline = mono_add_ms(now, ADMISSION_MS);
        TAILQ_INSERT_TAIL(&lists->strangers, client, in_waiting);
        lists->stranger_count++;
    } else if (next == RELAY_CLIENT_STATE_CLOSING) {
        client->deadline = mono_add_ms(now, CLOSING_MS);
        TAILQ_INSERT_TAIL(&lists->closing, client, in_waiting);
    }
}

void relay_client_init_absent(struct relay_client *client, const uint8_t key[KEY_SIZE],
                              struct mono now)
{
    *client = (struct relay_client){.handle = HANDLE_NONE,
                                    .state = RELAY_CLIENT_STATE_MEMBER,
                                    .opened_at = now,
                                    .deadline = MONO_NEVER,
                                    .use = {.member = true}};
    memcpy(client->key, key, KEY_SIZE);
    limits_client_init(&client->limits, now);
    LIST_INIT(&client->lanes.ends);
}

bool relay_client_is_active(const struct relay_client *client)
{
    return client->state == RELAY_CLIENT_STATE_STRANGER ||
           client->state == RELAY_CLIENT_STATE_MEMBER ||
           client->state == RELAY_CLIENT_STATE_NEIGHBOUR;
}

uint64_t relay_client_number(const struct relay_client *client)
{
    return (uint64_t)client->handle.generation << 32 | client->handle.index;
}
