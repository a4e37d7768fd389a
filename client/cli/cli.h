/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of ziglan: what was asked (verb, flags, arguments), the place of the interface
 * that it is about, and how a verb tells what is wrong. Each verb has a file of its own.
 */
#pragma once

#include "client/daemon/place.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>

enum { CLI_ARGUMENTS_MAX = 8 };

#define CLI_PROGRAM "ziglan"

/** One command line, as main.c read it. Texts are borrowed from argv. */
struct cli {
    const char *verb;
    const char *interface;
    const char *config_path; /* NULL: the default */
    const char *name;        /* --name, NULL: none */
    const char *bundle;      /* --bundle of doctor, NULL: none */
    const char *import;      /* --import of init, NULL: none */
    bool json, detach, solana, hairpin, lifetime;
    unsigned count; /* -n of ping; 0: not given */
    const char *arguments[CLI_ARGUMENTS_MAX];
    size_t arguments_count;
    struct place place;
};

/** Print what is wrong, for --json as an answer, and advise sudo if the user lacks a right; that is
 * appended to fault. Returns the exit code. */
int cli_fail(const struct cli *cli, struct fault *fault);
