/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nothing goes anywhere by itself: the test expires the set, and takes what it sends. */
#include "tests/support/relay_set_fixture.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

void relay_set_fixture_init(struct relay_set_fixture *fixture)
{
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&fixture->ports, 7);
    assert_int_equal(link_library_init(&fixture->ports.env), ERR_OK);
    fixture->now.ns = NS_PER_S;
    fixture->identity = fixture_identity('h');
    assert_int_equal(store_memory_new(&fixture->store), ERR_OK);
    assert_int_equal(relay_set_init(&fixture->set, &fixture->identity, fixture->store,
                                    &fixture->ports.env, fixture->now),
                     ERR_OK);
}

void relay_set_fixture_fini(struct relay_set_fixture *fixture)
{
    relay_set_fini(&fixture->set);
    store_close(fixture->store);
    link_library_fini();
}
