/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options of the verbs that ask a running relay. They stand in one table, and each verb allows
 * some of them.
 */
#pragma once

#include "proto/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPTIONS_WORDS_MAX = 2, OPTIONS_LIST_MAX = 8 };

/** What a verb takes. */
struct options_allowed {
    const char *letters; /* of the options that it knows, as in the table */
    int words;           /* how many arguments it wants beside them, 0 to OPTIONS_WORDS_MAX */
    const char *wanted;  /* words > 0: which, such as "one key or name" */
    const char *see;     /* words > 0: the verb that lists them */
    bool any_text;       /* the last word may have other characters than ASCII */
};

/** The values of an option that may be given several times. */
struct options_list {
    const char *list[OPTIONS_LIST_MAX];
    size_t count;
};

struct options {
    const char *config_path;
    bool json;
    bool undo;
    uint32_t uses;
    bool has_expires;                     /* --expires was given */
    uint64_t expires_ms;                  /* wall clock; 0: never */
    const char *name;                     /* NULL: none */
    const char *note;                     /* NULL: none */
    const char *sort;                     /* NULL: none */
    uint64_t until_ms;                    /* wall clock; 0: none, or never */
    struct options_list add, remove;      /* of groups; --group is in add */
    const char *bundle;                   /* NULL: none */
    const char *words[OPTIONS_WORDS_MAX]; /* the arguments of the verb */
};

/** Read the arguments of the verb argv[0]. out borrows from argv. Returns EXIT_CODE_OK, or
 * EXIT_CODE_USAGE after printing what is wrong. */
int options_parse(struct options *out, int argc, char **argv,
                  const struct options_allowed *allowed);

/** Read a time as cli_time_parse does, counted from now. ERR_DROP for a text that is none,
 * ERR_NOMEM. */
int options_time(uint64_t *out, const char *text) MUST_CHECK;

/** The values as a JSON array, which is given. NULL without memory, or if one is no text. */
json_t *options_groups(const struct options_list *list);
