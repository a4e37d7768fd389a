/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/host/thread: which signals a thread beside the loop may get. */
#include "proto/host/thread.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct seen {
    sigset_t blocked;
    sem_t done;
};

static void *look(void *context)
{
    struct seen *seen = context;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    (void)sem_post(&seen->done);
    return seen;
}

static void assert_mask(const struct seen *seen)
{
    static const int of_the_loop[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM, SIGUSR1};
    static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGSYS};
    sigset_t mine;

    for (size_t i = 0; i < sizeof(of_the_loop) / sizeof(of_the_loop[0]); i++) {
        assert_int_equal(sigismember(&seen->blocked, of_the_loop[i]), 1);
    }
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        assert_int_equal(sigismember(&seen->blocked, own[i]), 0);
    }
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mine), 0);
    assert_int_equal(sigismember(&mine, SIGTERM), 0); /* who started it is as before */
}

static void signals_are_the_loops_but_for_its_own_faults(void **state)
{
    struct seen seen;
    pthread_t thread;
    void *result;

    (void)state;
    assert_int_equal(sem_init(&seen.done, 0, 0), 0);
    assert_int_equal(thread_start(&thread, look, &seen), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, &seen);
    assert_mask(&seen);
    (void)sem_destroy(&seen.done);
}

static void one_that_nobody_waits_for_has_the_same(void **state)
{
    struct seen seen;

    (void)state;
    assert_int_equal(sem_init(&seen.done, 0, 0), 0);
    assert_int_equal(thread_start_alone(look, &seen, 1 << 18), 0);
    assert_int_equal(sem_wait(&seen.done), 0);
    assert_mask(&seen);
    assert_int_not_equal(thread_start_alone(look, &seen, 1), 0); /* no stack to stand on */
    (void)sem_destroy(&seen.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_the_loops_but_for_its_own_faults),
        cmocka_unit_test(one_that_nobody_waits_for_has_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
