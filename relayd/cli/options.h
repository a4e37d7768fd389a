/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of the verbs that ask a running relay. They stand in one table, and each verb allows
 * some of them.
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
    const char *who;     /* the key or name, of a verb that wants one; else NULL */
};

/** Read the arguments of the verb argv[0]. `allowed` has the letters of the options that it knows
 * (as in the table), and 'W' if it wants one key or name. out borrows from argv. Returns
 * EXIT_CODE_OK, or EXIT_CODE_USAGE after printing what is wrong. */
int options_parse(struct options *out, int argc, char **argv, const char *allowed);
