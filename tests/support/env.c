/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An env of a test: every draw and every instant follows from what the test has set. */
#include "tests/support/env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void env_fill(void *context, void *buf, size_t size)
{
    struct test_env *test = context;

    rng_fill(&test->rng, buf, size);
}

uint64_t test_env_wall_ms(void *test)
{
    const struct test_env *t = test;

    return t->wall_ms + (t->clock == NULL ? 0 : t->clock->ns / NS_PER_MS);
}

static void env_note(void *context, enum trace_level level, const char *event, const char *text)
{
    struct test_env *test = context;

    test->errors += level == TRACE_LEVEL_ERROR ? 1 : 0;
    test->warnings += level == TRACE_LEVEL_WARN ? 1 : 0;
    if (getenv("TEST_TRACE") != NULL) {
        double at = test->clock == NULL ? 0.0 : (double)test->clock->ns / 1e9;

        (void)fprintf(stderr, "%8.3f %d %s %s\n", at, (int)level, event, text);
    }
    if (test->note != NULL) {
        test->note(test->note_context, level, event, text);
    }
}

void test_env_init(struct test_env *test, uint64_t seed)
{
    memset(test, 0, sizeof(*test));
    test->env = (struct env){
        .context = test, .random = env_fill, .wall_ms = test_env_wall_ms, .trace = env_note};
    test->rng = (struct rng){seed};
    test->wall_ms = TEST_WALL_MS;
}

/* ---- without a test_env ---- */

void test_env_draw(void *rng, void *buf, size_t size)
{
    rng_fill(rng, buf, size);
}

static uint64_t standing_wall(void *context)
{
    (void)context;
    return TEST_WALL_MS;
}

struct env test_env_of(struct rng *rng)
{
    return (struct env){.context = rng, .random = test_env_draw, .wall_ms = standing_wall};
}
