/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads an exported state (export_line.h) into places where there is none. Until it is read to its
 * end and found whole, nothing is in these places; and if the machine loses its power meanwhile the
 * same import can be made again.
 */
#pragma once

#include "proto/base/env.h"
#include "rendezvous/store/backup/state_parts.h"

/** Says where the parts belong, once the content of the configuration is known (size bytes; 0: the
 * export has none). An error is that of the import, with fault. */
typedef int (*import_placer)(void *context, struct state_parts *out, const char *text, size_t size,
                             struct fault *fault);

/** What an import is to do; everything is borrowed. */
struct import_order {
    const char *from;    /* the file, or "-" for standard input */
    const char *program; /* whose export it must be */
    const char *config;  /* what its configuration is called there */
    const char *making; /* a folder for what is not ready, where the store will lie, too; is made */
    import_placer place;
    void *context;
    const struct env *env;
};

/** ERR_SYSTEM, ERR_NOMEM, ERR_LIMIT, ERR_DROP; fault says why, and what was made is removed. */
int import_file_read(const struct import_order *order, struct fault *fault) MUST_CHECK;
