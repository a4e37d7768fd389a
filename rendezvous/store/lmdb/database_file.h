/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a file is a whole database of LMDB (format 1, as of 0.9). LMDB believes what its file
 * says: where that was cut it dies by SIGBUS, where it was damaged it may read and write beyond its
 * pages. So everything that LMDB follows is checked before: both meta pages, and every page that is
 * in use, once, with all places and sizes in it; and the list of free pages. Keys must be in order;
 * what values hold is for those who wrote them.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>

enum database_file_verdict {
    DATABASE_FILE_WHOLE,
    DATABASE_FILE_EMPTY,      /* no byte is in it */
    DATABASE_FILE_FOREIGN,    /* something else, or the beginning was overwritten */
    DATABASE_FILE_CUT,        /* pages that are in use lie behind its end */
    DATABASE_FILE_DAMAGED,    /* a page is not what it should be */
    DATABASE_FILE_UNREADABLE, /* the system does not read it: errno */
    DATABASE_FILE_NO_MEMORY,
};

/**
 * Read the file through and judge it. Nobody may write to it meanwhile.
 *
 * fd    open for reading, a regular file of any content; its offset is not used
 *
 * Takes 3 ms for each 10 MB in use, and memory of 32 pages and one bit for each page.
 */
enum database_file_verdict database_file_check(int fd);

/** The verdict in words that follow the name of the file: "is empty". */
const char *database_file_text(enum database_file_verdict verdict);
