/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host node whose datagrams nobody takes. */
#include "tests/support/alone.h"

#include "proto/base/bytes.h"
#include "proto/link/link.h"
#include "tests/support/fixture.h"

/* A ziglan with its entry point. */
struct lone_ziglan {
    struct ziglan ziglan; /* first: freed with the whole */
    struct relay_session entry_point;
};

struct ziglan *alone_ziglan(void)
{
    struct lone_ziglan *lone = calloc(1, sizeof(*lone));

    assert_non_null(lone);
    lone->ziglan.entry_point = &lone->entry_point;
    return &lone->ziglan;
}

/* What it sends goes nowhere. */
static void send_nowhere(void *context, const struct host_node *node)
{
    (void)context;
    (void)node;
}

int alone_new(void **state)
{
    static const uint8_t ip[4] = {192, 0, 2, 30};
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {1};
    struct alone *alone = calloc(1, sizeof(*alone));
    struct endpoint address = endpoint_v4(ip, 5000);
    struct identity identity;

    assert_non_null(alone);
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&alone->ports, 0);
    alone->now.ns = NS_PER_S;
    assert_int_equal(link_library_init(&alone->ports.env), ERR_OK);
    identity_from_seed(&identity, seed);
    host_node_init(&alone->node, &alone->ports.env, &identity, &address);
    memcpy(alone->node.cfg.name, "alone", sizeof("alone"));
    alone->node.send = send_nowhere;
    host_node_start(&alone->node, alone->now);
    *state = alone;
    return 0;
}

int alone_free(void **state)
{
    struct alone *alone = *state;

    host_node_fini(&alone->node);
    link_library_fini();
    free(alone);
    return 0;
}

void alone_run(struct alone *alone, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i++) {
        alone->now = mono_add_ms(alone->now, 1);
        if (mono_due(host_core_deadline(alone->node.core), alone->now)) {
            host_core_expire(alone->node.core, &alone->node.io, alone->now);
        }
    }
}

struct roster_member alone_member(uint32_t number)
{
    struct roster_member member = {.key = {0x5a}};

    be32_write(member.key + 8, number);
    key_ip6(member.ip6, member.key);
    return member;
}
