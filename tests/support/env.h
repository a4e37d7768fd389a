/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The world as a core under test sees it: seeded randomness, a wall clock to set, and a trace that
 * is counted and may be listened to. With TEST_TRACE in the environment it is also printed.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "tests/support/rng.h"

/** Wall clock of a test that does not set another: the first of January 2026. */
#define TEST_WALL_MS UINT64_C(1767225600000)

struct test_env {
    struct env env;
    struct rng rng;
    uint64_t wall_ms;          /* the wall clock; with `clock`, what it said when that was zero */
    const struct mono *clock;  /* the wall clock runs with it; NULL: it stands still */
    uint32_t errors, warnings; /* lines of the trace of these levels */
    /* Hears each line; may be NULL. */
    void (*note)(void *context, enum trace_level level, const char *event, const char *text);
    void *note_context;
};

/** Fill it in, with the wall clock at TEST_WALL_MS; it must not move afterwards. */
void test_env_init(struct test_env *test, uint64_t seed);

/** What the wall clock of this struct test_env says. It is env.wall_ms, hence the type. */
uint64_t test_env_wall_ms(void *test);

/** An env that draws from rng (borrowed), with a wall clock that stands at TEST_WALL_MS and without
 * a trace. */
struct env test_env_of(struct rng *rng);

/** env.random for a context that is a struct rng. */
void test_env_draw(void *rng, void *buf, size_t size);
