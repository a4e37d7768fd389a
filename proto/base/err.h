/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Results of functions that can fail. Zero is success. Any other code tells the caller what to do,
 * not what happened; that was traced where it happened.
 */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))

enum err {
    ERR_OK = 0,
    ERR_DROP,    /* the peer sent something unacceptable, no state changed: count and forget */
    ERR_SESSION, /* this session cannot go on: close it with a reason */
    ERR_LIMIT,   /* a configured bound was hit: refuse, count, perhaps answer "busy" */
    ERR_NOMEM,   /* out of memory: refuse this operation; fatal only at start-up */
    ERR_SYSTEM,  /* the operating system refused; fatal only at start-up */
};

/** A short English name of the code ("ok", "drop", ...), for traces and tests. Never NULL. */
const char *err_name(int err);
