/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The database of a store as bytes, to be damaged: made once by LMDB itself, put back into a folder
 * of its own, judged there, and if it is taken for whole, used in every way.
 */
#pragma once

#include "rendezvous/store/lmdb/database_file.h"
#include "tests/support/env.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct database_image {
    struct test_env ports;
    char folder[40], path[64];
    uint8_t *bytes;
    size_t size;
};

/** Make a folder and in it the database of a store with a past: values of all sizes, written over
 * and removed, branches, pages of overflow and free ones. Aborts if that fails. */
void database_image_init(struct database_image *image);

/** Remove the folder and free the bytes. */
void database_image_fini(struct database_image *image);

/** Let the file have these bytes, and judge it. */
enum database_file_verdict database_image_judge(const struct database_image *image,
                                                const uint8_t *bytes, size_t size);

/** Open the store as database_image_judge left it, read all its values, write and remove some in
 * every table, and close it. Errors are fine; a signal ends the process. False if it was refused.
 */
bool database_image_use(const struct database_image *image);
