/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a core under test gets from the world: seeded randomness, a wall clock that the test sets,
 * and a trace whose warnings and errors are counted. If the environment variable TEST_TRACE is set,
 * each line of the trace is also printed on standard error.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "tests/support/rng.h"

/** The wall clock of a test that does not set it: 2026-01-01 00:00 UTC. */
#define TEST_WALL_MS UINT64_C(1767225600000)

struct test_env {
    struct env env;
    struct rng rng;
    uint64_t wall_ms;          /* the wall clock at *clock == 0; the wall clock itself without it */
    const struct mono *clock;  /* borrowed; the wall clock runs with it; NULL: it stands still */
    uint32_t errors, warnings; /* how many lines of the trace had these levels */
    /* Called with each line of the trace; may be NULL. */
    void (*note)(void *context, enum trace_level level, const char *event, const char *text);
    void *note_context;
};

/** Fill *test in; its wall clock stands at TEST_WALL_MS. Then test->env points to it, so it must
 * stay where it is in memory. */
void test_env_init(struct test_env *test, uint64_t seed);

/** env.wall_ms for a context that is a struct test_env: what its wall clock says. */
uint64_t test_env_wall_ms(void *test);

/** An env without a trace that draws from rng (kept); its wall clock stands at TEST_WALL_MS. */
struct env test_env_of(struct rng *rng);

/** env.random for a context that is a struct rng. */
void test_env_draw(void *rng, void *buf, size_t size);
