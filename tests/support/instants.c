/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A test begins one second after the clock's zero. */
#include "tests/support/instants.h"

struct mono test_at_ms(uint64_t ms)
{
    return (struct mono){NS_PER_S + ms * NS_PER_MS};
}
