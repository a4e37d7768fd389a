/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of a router: none brings a mapping into a state from which it does not go on. */
#include "proto/base/bytes.h"
#include "proto/portmap/portmap.h"
#include "tests/support/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t router[4] = {192, 168, 1, 1}, own[4] = {192, 168, 1, 2};
    struct endpoint server = endpoint_v4(router, PCP_SERVER_PORT);
    struct pcp_place place = {.router = server, .internal = endpoint_v4(own, 4433)};
    struct test_env ports;
    struct pcp_mapping mapping;
    struct portmap portmap = {.on = false};
    struct mono now = {NS_PER_S};
    uint8_t out[PCP_MAP_SIZE];

    test_env_init(&ports, 1);
    pcp_begin(&mapping, &ports.env, &place, now);
    CHECK(pcp_expire(&mapping, out, now) == PCP_MAP_SIZE);
    (void)pcp_on_datagram(&mapping, &server, data, size, now);
    now = pcp_deadline(&mapping);
    CHECK(!mono_before(mono_add_ms((struct mono){NS_PER_S}, (uint64_t)PCP_LIFETIME_S_MAX * 1000),
                       now));
    (void)pcp_expire(&mapping, out, now);
    CHECK(mono_before(now, pcp_deadline(&mapping)));
    portmap_begin(&portmap, &ports.env, &place, now);
    (void)portmap_expire(&portmap, out, now);
    portmap_on_datagram(&portmap, &server, data, size, now);
    portmap_on_broadcast(&portmap, &server, data, size, now);
    (void)portmap_expire(&portmap, out, mono_add_ms(now, PORTMAP_PATIENCE_MS));
    portmap_find(&portmap, &ports.env, &place, now);
    CHECK(portmap_expire(&portmap, out, now) == PCP_HEADER_SIZE);
    portmap_on_datagram(&portmap, &server, data, size, now);
    CHECK(portmap_state(&portmap, PORTMAP_PROTOCOL_PCP) != PORTMAP_STATE_MAPPED);
    return 0;
}
