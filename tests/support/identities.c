/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identities from seeds that hold a letter or a number. */
#include "tests/support/identities.h"

#include <string.h>

struct identity fixture_identity(char letter)
{
    struct identity identity;
    uint8_t seed[IDENTITY_SEED_SIZE];

    memset(seed, letter, sizeof(seed));
    identity_from_seed(&identity, seed);
    return identity;
}

struct identity node_of(uint32_t n)
{
    uint8_t seed[IDENTITY_SEED_SIZE] = {0x77};
    struct identity identity;

    memcpy(seed + 1, &n, sizeof(n));
    identity_from_seed(&identity, seed);
    return identity;
}

int fixture_setup(void **state)
{
    (void)state;
    return identity_library_init() == ERR_OK ? 0 : -1;
}
