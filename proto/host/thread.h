/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads beside the loop. Signals are the loop's, but for those by which the kernel says that this
 * very thread does wrong: where the database's file was cut, that is told (store_lmdb).
 */
#pragma once

#include <pthread.h>
#include <stddef.h>

/** Start a thread, to be joined. 0, or an errno; *out is untouched then. */
int thread_start(pthread_t *out, void *(*run)(void *context), void *context);

/** Start a thread that nobody waits for, with a stack of so many bytes. 0, or an errno. */
int thread_start_alone(void *(*run)(void *context), void *context, size_t stack_size);
