/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of the verbs that ask a running relay. They stand in one table, and each verb allows
 * some of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_WORDS_MAX = 2 };

/** What a verb takes. */
struct options_allowed {
    const char *letters; /* of the options that it knows, as in the table */
    int words;           /* how many arguments it wants beside them, 0 to OPTIONS_WORDS_MAX */
    const char *wanted;  /* words > 0: which, such as "one key or name" */
    const char *see;     /* words > 0: the verb that lists them */
};

struct options {
    const char *config_path;
    bool json;
    bool undo;
    uint32_t uses;
    bool has_expires;                     /* --expires was given */
    uint64_t expires_ms;                  /* wall clock; 0: never */
    const char *name;                     /* NULL: none */
    const char *bundle;                   /* NULL: none */
    const char *words[OPTIONS_WORDS_MAX]; /* the arguments of the verb */
};

/** Read the arguments of the verb argv[0]. out borrows from argv. Returns EXIT_CODE_OK, or
 * EXIT_CODE_USAGE after printing what is wrong. */
int options_parse(struct options *out, int argc, char **argv,
                  const struct options_allowed *allowed);
