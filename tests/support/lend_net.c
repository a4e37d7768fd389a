/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes is kept up to a limit, and counted beyond. */
#include "tests/support/lend_net.h"

#include "proto/wire/control.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void hear(void *context, struct dgram *in)
{
    struct lend_listener *l = context;
    struct stun_message m;

    assert_int_equal(stun_parse(&m, in->data, in->size), ERR_OK);
    if (m.lend_at != 0) {
        assert_int_equal(lend_answer_decode(&l->told, in->data + m.lend_at, m.lend_size), ERR_OK);
    }
    if (l->count < LEND_HEARD_MAX) {
        l->heard[l->count] = m;
        l->from[l->count++] = in->remote;
    }
    l->packets++;
    l->bytes += in->size + LEND_IP_HEADERS;
}

struct relay_net *lend_net_new(size_t count, uint64_t seed)
{
    struct relay_net *net = relay_net_new(count, seed);

    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 30000);
    return net;
}

void lend_net_listen(struct relay_net *net, struct lend_listener *l, uint8_t last)
{
    const uint8_t ip[4] = {203, 0, 113, last};

    *l = (struct lend_listener){.count = 0};
    l->guest =
        (struct relay_net_guest){.context = l, .address = endpoint_v4(ip, 5000), .receive = hear};
    relay_net_guest_add(net, &l->guest);
}

struct relay_client *lend_net_neighbour(struct relay_net *net, size_t at, size_t from)
{
    struct neighbour *neighbour =
        neighbour_of_key(relay_net_neighbours(net, at), relay_net_key(net, from));

    assert_non_null(neighbour);
    return neighbour->client;
}

void lend_net_job(struct relay_net *net, size_t at, size_t from, uint64_t id,
                  const struct endpoint *target, uint16_t from_port)
{
    const uint8_t transaction[STUN_ID_SIZE] = {9};
    Ziglan__LendJob body = ZIGLAN__LEND_JOB__INIT;
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    address.ip = control_ip(target);
    address.port = target->port;
    body.id = id;
    body.target = &address;
    body.transaction = control_bytes(transaction, sizeof(transaction));
    body.from_port = from_port;
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_JOB;
    message.lend_job = &body;
    lend_on_job(&net->nodes[at].core->lend, lend_net_neighbour(net, at, from), &message, net->now);
}
