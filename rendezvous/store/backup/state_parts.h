/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The whole state of a relay or a host: some small files, and a store. A program says where each
 * lies; state_copy.h, export_file.h and import_file.h do the rest.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    STATE_FILES_MAX = 4,
    STATE_FILE_NAME_SIZE = 32,     /* with NUL */
    STATE_FILE_SIZE_MAX = 1 << 20, /* the largest is a host's configuration */
    STATE_PATH_SIZE = 4096,
    STATE_STEP_SIZE = 40, /* name of a copy, with NUL */
};

/** One file. The name is what it is called in a copy; it never changes. */
struct state_file {
    const char *name;
    const char *path;
    mode_t mode;
    bool optional; /* it need not be there */
};

/** All parts; borrowed texts. */
struct state_parts {
    const char *program;                      /* "relayd" or "ziglan" */
    struct state_file files[STATE_FILES_MAX]; /* the configuration is the first */
    size_t files_count;
    const char *store;      /* folder of the store */
    const char *store_name; /* what that folder is called in a copy */
};
