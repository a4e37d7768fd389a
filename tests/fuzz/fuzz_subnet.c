/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as what a neighbour or a host says to a whole relay: the first byte says who speaks,
 * and if it is a control message, an HTTP datagram, or a datagram of a lane between the two, with
 * any label or that of the lane. Behind it are real sessions, so answers and what goes on to others
 * travel, too. The relays are made once, since that takes a second; between
 * two inputs time passes, so that limits let the next one through.
 */
#include "proto/base/bytes.h"
#include "proto/crypto/lane_frame.h"
#include "relayd/core/dispatch.h"
#include "relayd/service/forward.h"
#include "relayd/service/forward_foreign.h"
#include "tests/support/far_hosts.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HOST_FLAG = 1,
    DATAGRAM_FLAG = 2,
    LANE_FLAG = 4,
    LABEL_FLAG = 8,
    PAUSE_MS = 100,
    AGAIN_MS = 5000,
};

static struct far_hosts town;

static struct relay_client *neighbour_client(struct relay_core *core)
{
    struct neighbour *neighbour =
        neighbour_of_key(&core->base.neighbours, relay_net_key(town.net, 1));

    return neighbour == NULL ? NULL : neighbour->client;
}

/* The session of who speaks, made anew if it ended: what was said may have been a goodbye. */
static struct relay_client *speaker(struct relay_core *core, bool host)
{
    struct relay_client *client =
        host ? session_table_of_key(&core->base.sessions, town.a_key) : neighbour_client(core);

    if (client == NULL && host) {
        net_host_dial(&town.a, 0);
        client = session_table_of_key(&core->base.sessions, town.a_key);
    } else if (client == NULL) {
        relay_net_run(town.net, AGAIN_MS);
        client = neighbour_client(core);
    }
    return client;
}

/* The lane of the host at the neighbour to the one here, which asks for it if there is none. */
static struct relay_lane *lane(struct relay_core *core)
{
    struct handle cursor = HANDLE_NONE;

    if (lane_table_count(&core->lane.table) == 0) {
        net_host_lane_ask(&town.b, town.a_key);
        relay_net_run(town.net, AGAIN_MS);
    }
    return lane_table_next(&core->lane.table, &cursor);
}

/* A datagram of a lane, from where the host or the neighbour is. */
static void lane_datagram(struct relay_core *core, uint8_t flags, uint8_t *data, size_t size)
{
    bool host = (flags & HOST_FLAG) != 0;
    struct dgram in = {.local = town.net->nodes[0].address,
                       .remote = host ? town.a.address : town.net->nodes[1].address,
                       .data = data,
                       .size = size};
    struct relay_lane *known = lane(core);

    if (known != NULL && (flags & LABEL_FLAG) != 0 && size >= LANE_HEADER_SIZE) {
        be64_write(data + LANE_LABEL_AT,
                   host ? known->far_end->other->label : known->far_end->label);
    }
    if (size > 0 && data[0] >= FRAME_LANE_FIRST && data[0] <= FRAME_LANE_LAST) {
        relay_core_receive(core, &in, town.net->now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct link_peer peer = {.roles = 0};
    static uint8_t copy[CONTROL_SIZE_MAX];
    struct link_event event = {.type = LINK_EVENT_CONTROL, .data = copy, .peer = &peer};
    struct relay_client *client;
    struct relay_core *core;

    if (town.net == NULL) {
        far_hosts_init(&town, 2);
        far_hosts_talk(&town, 2);
    }
    if (size < 1 || size > sizeof(copy)) {
        return 0;
    }
    core = town.net->nodes[0].core;
    client = speaker(core, (data[0] & HOST_FLAG) != 0);
    if (client == NULL) {
        return 0;
    }
    memcpy(copy, data + 1, size - 1);
    event.size = size - 1;
    event.handle = client->handle;
    if ((data[0] & LANE_FLAG) != 0) {
        lane_datagram(core, data[0], copy, event.size);
    } else if ((data[0] & DATAGRAM_FLAG) == 0) {
        dispatch_on_message(core, &event, town.net->now);
    } else if (client->neighbour != NULL) {
        forward_foreign_take(&core->forward, client, &event, town.net->now);
    } else {
        forward_on_datagram(&core->forward, &event, town.net->now);
    }
    relay_net_run(town.net, PAUSE_MS);
    return 0;
}
