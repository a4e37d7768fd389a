/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages and frames that are well-formed and authentic, but aim packets at somebody else. */
#include "tests/support/hostile.h"

#include "client/core/core_internal.h"
#include "client/peer/introduction.h"
#include "proto/wire/ping.h"

void hostile_punch_go_of(struct lab *lab, struct ziglan *ziglan, const uint8_t ip[4], uint32_t port)
{
    Ziglan__PunchMessage message = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchGo go = ZIGLAN__PUNCH_GO__INIT;
    uint8_t address[4];

    memcpy(address, ip, sizeof(address));
    message.ip.data = address;
    message.ip.len = sizeof(address);
    message.port = port;
    go.peer.data = lab->hosts[1].identity.public_key;
    go.peer.len = KEY_SIZE;
    go.message = &message;
    introduction_on_go(peer_find_in(&lab->hosts[0].core->peers, ziglan, go.peer.data, go.peer.len),
                       &go, lab->now);
}

void hostile_punch_go(struct lab *lab, const uint8_t ip[4], uint32_t port)
{
    hostile_punch_go_of(lab, ziglan_at(lab, 0), ip, port);
}

void hostile_ping(struct lab *lab, const struct endpoint *from)
{
    struct conversation *a = conversation_at(lab, 1);
    struct ping ping = {.kind = PING_KIND_PING, .transaction = lab->ports.rng.state | 1};
    uint8_t frame[PING_PLAIN_SIZE + FRAME_OVERHEAD_MAX];
    struct dgram in = {.local = lab->hosts[0].address, .remote = *from, .data = frame};

    lab->ports.rng.state++;
    ping.frame_size = sizeof(frame);
    ping_encode(&ping, frame + FRAME_HEADER_SIZE, PING_PLAIN_SIZE);
    in.size = transport_seal(a->sessions.current->control, FRAME_TYPE_PING, frame, PING_PLAIN_SIZE);
    assert_true(in.size > 0);
    host_core_receive(lab->hosts[0].core, &in, &lab->hosts[0].io, lab->now);
    flush_host(lab, &lab->hosts[0]);
}
