/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay sessions of a host without the host: for cmocka tests that are its shell themselves. */
#pragma once

#include "client/stun2/relay_set.h"
#include "proto/crypto/identity.h"
#include "tests/support/env.h"

struct relay_set_fixture {
    struct test_env ports;
    struct mono now;
    struct identity identity;
    struct store *store;
    struct relay_set set; /* it borrows from the others, so the struct must stay where it is */
};

/** Start the library, and make a set without sessions. Its clock shows one second. */
void relay_set_fixture_init(struct relay_set_fixture *fixture);

/** Free the set, and stop the library. */
void relay_set_fixture_fini(struct relay_set_fixture *fixture);
