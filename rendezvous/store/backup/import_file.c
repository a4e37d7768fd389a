/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files are held in memory and rows go into a store in order->making, until the last line has
 * shown that all is there. Then the store is moved to its place, and the files are written, the
 * configuration last. order->making goes away at the very end: while it is there, what lies in the
 * places comes from an import that was cut off, and may be replaced.
 */
#include "rendezvous/store/backup/import_file.h"

#include "proto/host/file.h"
#include "rendezvous/store/backup/export_line.h"
#include "rendezvous/store/backup/state_copy.h"
#include "rendezvous/store/lmdb/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROWS_AT_ONCE = 4096 };

struct import {
    const struct import_order *order;
    struct fault *fault;
    char store_path[STATE_PATH_SIZE]; /* in order->making */
    struct store *store;
    struct export_line files[STATE_FILES_MAX];
    size_t files_count;
    crypto_generichash_state sum;
    uint64_t lines, rows;
    bool again; /* order->making was there */
    bool whole;
};

/* ---- reading ---- */

static int not_an_export(const struct import *import, const char *why)
{
    fault_set(import->fault, EXIT_CODE_USAGE, "%s, line %llu: %s", import->order->from,
              (unsigned long long)import->lines + 1, why);
    return ERR_DROP;
}

static int head_take(struct import *import, const struct export_line *line)
{
    if (line->number > EXPORT_VERSION) {
        return not_an_export(import, "the export is of a newer version; install that one");
    }
    if (strcmp(line->name, import->order->program) != 0) {
        return not_an_export(import, strcmp(line->name, "ziglan") == 0
                                         ? "this is the state of a host; use: ziglan import"
                                         : "this is the state of a relay; use: relayd import");
    }
    return ERR_OK;
}

/* The line's bytes are the import's then. */
static int file_take(struct import *import, struct export_line *line)
{
    if (import->files_count == STATE_FILES_MAX) {
        return not_an_export(import, "there are too many files");
    }
    import->files[import->files_count++] = *line;
    line->bytes = NULL;
    return ERR_OK;
}

static int row_take(struct import *import, const struct export_line *line)
{
    struct store *store = import->store;
    int rc = ERR_OK;

    for (size_t i = 0; i < STORE_TABLE_COUNT; i++) {
        enum store_table table = (enum store_table)i;

        if (strcmp(store_table_name(table), line->name) != 0) {
            continue;
        }
        import->rows++;
        if (import->rows % ROWS_AT_ONCE == 0) {
            rc = store_commit(store);
            rc = rc == ERR_OK ? store_begin(store) : rc;
        }
        if (rc == ERR_OK) {
            rc = store_write(store, table, line->key, line->key_size, line->bytes, line->size);
        }
        if (rc != ERR_OK) {
            fault_set(import->fault, EXIT_CODE_FAILURE, "cannot write to %s; the log says more",
                      import->store_path);
        }
        return rc;
    }
    return not_an_export(import, "this version does not know that table; install a newer one");
}

static int end_take(struct import *import, const struct export_line *line)
{
    uint8_t sum[EXPORT_SUM_SIZE];

    (void)crypto_generichash_final(&import->sum, sum, sizeof(sum));
    if (line->number != import->lines || memcmp(sum, line->bytes, sizeof(sum)) != 0) {
        return not_an_export(import, "the sum is wrong: the export was changed or damaged");
    }
    import->whole = true;
    return ERR_OK;
}

static int line_take(struct import *import, struct export_line *line)
{
    if (import->whole) {
        return not_an_export(import, "something stands behind the end");
    }
    if ((line->kind == EXPORT_HEAD) != (import->lines == 0)) {
        return not_an_export(import, "this is not an export of ours");
    }
    switch (line->kind) {
    case EXPORT_HEAD:
        return head_take(import, line);
    case EXPORT_FILE:
        return file_take(import, line);
    case EXPORT_ROW:
        return row_take(import, line);
    case EXPORT_END:
        return end_take(import, line);
    }
    return ERR_DROP;
}

static int text_take(struct import *import, const char *text, size_t size)
{
    struct export_line line;
    bool ended = size > 0 && text[size - 1] == '\n';
    int rc = export_line_read(&line, text, ended ? size - 1 : size);

    if (rc == ERR_DROP) {
        return not_an_export(import, import->lines == 0 ? "this is not an export of ours"
                                                        : "the export is damaged");
    }
    if (rc == ERR_OK) {
        rc = line_take(import, &line);
        export_line_fini(&line);
    }
    (void)crypto_generichash_update(&import->sum, (const uint8_t *)text, size);
    import->lines++;
    return rc;
}

/* One line at a time, of bounded length: the file need not be one of ours. */
static int lines_read(struct import *import, FILE *from)
{
    char *text = malloc(EXPORT_LINE_SIZE_MAX + 2);
    int rc = text != NULL ? ERR_OK : ERR_NOMEM;

    (void)crypto_generichash_init(&import->sum, NULL, 0, EXPORT_SUM_SIZE);
    while (rc == ERR_OK) {
        size_t size = 0;
        int byte = EOF;

        while (size <= EXPORT_LINE_SIZE_MAX && (byte = getc_unlocked(from)) != EOF) {
            text[size++] = (char)byte;
            if (byte == '\n') {
                break;
            }
        }
        if (size == 0) {
            break;
        }
        rc = text_take(import, text, size);
    }
    if (text != NULL) {
        sodium_memzero(text, EXPORT_LINE_SIZE_MAX + 2);
    }
    free(text);
    if (rc == ERR_OK && ferror(from) != 0) {
        fault_set_path(import->fault, "cannot read %s", import->order->from);
        rc = ERR_SYSTEM;
    } else if (rc == ERR_OK && !import->whole) {
        rc = not_an_export(import, "the end is missing: the export was cut");
    }
    return rc;
}

static int rows_begin(struct import *import)
{
    struct fault *fault = import->fault;
    int rc;

    if (access(import->order->making, F_OK) == 0) {
        import->again = true;
        state_copy_remove(import->store_path);
    }
    rc = file_dir_create(import->order->making, 0700, fault);
    if (rc == ERR_OK) {
        rc = store_lmdb_open(&import->store, import->store_path, import->order->env, fault->text,
                             sizeof(fault->text));
        if (rc != ERR_OK) {
            fault->exit_code = fault_path_code(errno);
        }
    }
    if (rc == ERR_OK) {
        rc = store_begin(import->store);
    }
    return rc;
}

static int all_read(struct import *import)
{
    const char *path = import->order->from;
    FILE *from = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int rc;

    if (from == NULL) {
        fault_set_path(import->fault, "cannot read %s", path);
        return ERR_SYSTEM;
    }
    rc = rows_begin(import);
    if (rc == ERR_OK) {
        rc = lines_read(import, from);
    }
    if (rc == ERR_OK) {
        rc = store_commit(import->store);
        if (rc != ERR_OK) {
            fault_set(import->fault, EXIT_CODE_FAILURE, "cannot write to %s", import->store_path);
        }
    }
    store_close(import->store);
    if (from != stdin) {
        (void)fclose(from);
    }
    return rc;
}

/* ---- putting it in place ---- */

static const struct state_file *place_of(const struct state_parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->files_count; i++) {
        if (strcmp(parts->files[i].name, name) == 0) {
            return &parts->files[i];
        }
    }
    return NULL;
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* What is there already is never overwritten, but by the repetition of an import that was cut off,
 * which had not come to the configuration. */
static int places_check(const struct import *import, const struct state_parts *parts)
{
    const char *what = NULL;

    for (size_t i = 0; i < import->files_count; i++) {
        const struct state_file *file = place_of(parts, import->files[i].name);

        if (file == NULL) {
            fault_set(import->fault, EXIT_CODE_USAGE,
                      "%s: this version does not know the file %s; install a newer one",
                      import->order->from, import->files[i].name);
            return ERR_DROP;
        }
        if (what == NULL && is_there(file->path) && (file == parts->files || !import->again)) {
            what = file->path;
        }
    }
    if (what == NULL && !import->again && is_there(parts->store)) {
        what = parts->store;
    }
    if (what != NULL) {
        fault_set(import->fault, EXIT_CODE_USAGE,
                  "%s is there already, and nothing is overwritten; move it away, or import to "
                  "another place",
                  what);
        return ERR_LIMIT;
    }
    return ERR_OK;
}

static int file_put(const struct import *import, const struct state_parts *parts, size_t index)
{
    const struct export_line *file = &import->files[index];
    const struct state_file *place = place_of(parts, file->name);
    char *path = strdup(place->path);
    int rc = path != NULL ? file_dir_create(dirname(path), 0755, import->fault) : ERR_NOMEM;

    free(path);
    return rc == ERR_OK
               ? file_write_atomic(place->path, file->bytes, file->size, place->mode, import->fault)
               : rc;
}

static int store_put(const struct import *import, const struct state_parts *parts)
{
    state_copy_remove(parts->store); /* of an import that was cut off */
    if (rename(import->store_path, parts->store) != 0 || !file_parent_sync(parts->store)) {
        fault_set_errno(import->fault, "cannot move %s to %s", import->store_path, parts->store);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

static int places_ask(const struct import *import, struct state_parts *parts)
{
    const struct import_order *order = import->order;
    const char *text = "";
    size_t size = 0;
    int rc;

    for (size_t i = 0; i < import->files_count; i++) {
        if (strcmp(import->files[i].name, order->config) == 0) {
            text = (const char *)import->files[i].bytes;
            size = import->files[i].size;
        }
    }
    rc = order->place(order->context, parts, text, size, import->fault);
    return rc == ERR_OK ? places_check(import, parts) : rc;
}

static int all_put(const struct import *import)
{
    struct state_parts parts = {.program = import->order->program};
    int rc = places_ask(import, &parts);

    if (rc == ERR_OK) {
        rc = store_put(import, &parts);
    }
    for (size_t i = import->files_count; rc == ERR_OK && i > 0; i--) {
        rc = file_put(import, &parts, i - 1);
    }
    return rc;
}

int import_file_read(const struct import_order *order, struct fault *fault)
{
    struct import *import = calloc(1, sizeof(*import));
    int rc = ERR_NOMEM;

    fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    if (import == NULL) {
        return ERR_NOMEM;
    }
    import->order = order;
    import->fault = fault;
    if ((size_t)snprintf(import->store_path, STATE_PATH_SIZE, "%s/store", order->making) >=
        STATE_PATH_SIZE) {
        fault_set(fault, EXIT_CODE_USAGE, "the path of the folder is too long");
        goto out;
    }
    rc = all_read(import);
    if (rc == ERR_OK) {
        rc = all_put(import);
    }
    state_copy_remove(import->store_path);
    (void)rmdir(order->making);
out:
    for (size_t i = 0; i < import->files_count; i++) {
        export_line_fini(&import->files[i]);
    }
    free(import);
    return rc;
}
