/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thread begins with the mask of the one that starts it. */
#include "proto/host/thread.h"

#include <signal.h>

static int start(pthread_t *out, const pthread_attr_t *attributes, void *(*run)(void *context),
                 void *context)
{
    static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t all, before;
    int rc;

    (void)sigfillset(&all);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        (void)sigdelset(&all, own[i]);
    }
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(out, attributes, run, context);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

int thread_start(pthread_t *out, void *(*run)(void *context), void *context)
{
    pthread_t thread;
    int rc = start(&thread, NULL, run, context);

    if (rc == 0) {
        *out = thread;
    }
    return rc;
}

int thread_start_alone(void *(*run)(void *context), void *context, size_t stack_size)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int rc = pthread_attr_init(&attributes);

    if (rc != 0) {
        return rc;
    }
    rc = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (rc == 0) {
        rc = pthread_attr_setstacksize(&attributes, stack_size);
    }
    if (rc == 0) {
        rc = start(&thread, &attributes, run, context);
    }
    (void)pthread_attr_destroy(&attributes);
    return rc;
}
