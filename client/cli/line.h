/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads a command line: words and flags in any order. One table has all flags, with the sentence
 * that help prints; each verb names the letters of those that it takes.
 */
#pragma once

#include "client/cli/cli.h"

#include <stdio.h>

/** Flags that every verb takes. */
#define LINE_FLAGS_ALL "ic"

enum { LINE_LETTERS_SIZE = 16 };

/** What stands on a command line besides what struct cli takes. */
struct line {
    const char *verb;                /* the first word, or NULL */
    bool help, version;              /* --help, --version */
    char letters[LINE_LETTERS_SIZE]; /* the flags that were given, each once */
};

/** Read argv into *line and *cli; texts are borrowed. Prints what is wrong. Returns an exit code.
 */
int line_read(struct line *line, struct cli *cli, int argc, char **argv);

/** EXIT_CODE_OK if all flags of the line are among `letters` and LINE_FLAGS_ALL; else it prints
 * which one the verb does not take. */
int line_flags_check(const struct line *line, const char *verb, const char *letters);

/** Print a line for each flag of `letters`. */
void line_flags_print(FILE *to, const char *letters);
