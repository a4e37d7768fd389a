/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options of the verbs that ask a running relay: one table for all of them, of which each verb
 * allows some.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *config_path;
    bool json;
    bool undo;
    uint32_t uses;
    uint64_t expires_ms; /* wall clock; 0: never */
    const char *name;    /* NULL: none */
    const char *who;
};

/** Read what follows the verb argv[0]. `allowed` has the letters of the options that this verb
 * knows, and 'W' if it wants one key or name. Prints what is wrong. Returns an exit code. */
int options_parse(struct options *out, int argc, char **argv, const char *allowed);
