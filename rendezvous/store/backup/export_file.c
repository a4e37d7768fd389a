/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Line after line, so that the state need not fit into memory. The file gets its name last.
 */
#include "rendezvous/store/backup/export_file.h"

#include "proto/host/file.h"
#include "rendezvous/store/backup/export_line.h"
#include "rendezvous/store/lmdb/store_lmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct writer {
    FILE *to;
    crypto_generichash_state sum;
    uint64_t lines;
};

/* ERR_NOMEM, ERR_SYSTEM with errno. */
static int line_write(struct writer *writer, const struct export_line *line)
{
    char *text = export_line_text(line);
    size_t size = text != NULL ? strlen(text) : 0;
    bool done;

    if (text == NULL) {
        return ERR_NOMEM;
    }
    done = fwrite(text, 1, size, writer->to) == size;
    (void)crypto_generichash_update(&writer->sum, (const uint8_t *)text, size);
    writer->lines++;
    sodium_memzero(text, size);
    free(text);
    return done ? ERR_OK : ERR_SYSTEM;
}

static int head_write(struct writer *writer, const char *program)
{
    struct export_line line = {.kind = EXPORT_HEAD, .number = EXPORT_VERSION};

    (void)snprintf(line.name, sizeof(line.name), "%s", program);
    return line_write(writer, &line);
}

static int end_write(struct writer *writer)
{
    uint8_t sum[EXPORT_SUM_SIZE];
    struct export_line line = {.kind = EXPORT_END, .number = writer->lines, .bytes = sum};

    line.size = sizeof(sum);
    (void)crypto_generichash_final(&writer->sum, sum, sizeof(sum));
    return line_write(writer, &line);
}

static int file_write(struct writer *writer, const struct state_file *file, struct fault *fault)
{
    struct export_line line = {.kind = EXPORT_FILE};
    int rc;

    if (file->optional && access(file->path, F_OK) != 0 && errno == ENOENT) {
        return ERR_OK;
    }
    rc = file_read(file->path, STATE_FILE_SIZE_MAX, &line.bytes, &line.size, fault);
    if (rc == ERR_OK) {
        (void)snprintf(line.name, sizeof(line.name), "%s", file->name);
        rc = line_write(writer, &line);
    }
    export_line_fini(&line);
    return rc;
}

static int table_write(struct writer *writer, struct store *store, enum store_table table)
{
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct store_cursor cursor = store_cursor_from(table, NULL, 0);
    struct export_line line = {.kind = EXPORT_ROW, .bytes = value};
    int rc = ERR_OK;

    (void)snprintf(line.name, sizeof(line.name), "%s", store_table_name(table));
    while (rc == ERR_OK) {
        rc = store_next(store, &cursor, value, sizeof(value), &line.size);
        if (rc != ERR_OK || line.size == STORE_NONE) {
            break;
        }
        memcpy(line.key, cursor.key, cursor.key_size);
        line.key_size = cursor.key_size;
        rc = line_write(writer, &line);
    }
    return rc;
}

static int store_write_out(struct writer *writer, const char *copy, const struct env *env,
                           struct fault *fault)
{
    struct store *store = NULL;
    int rc = store_lmdb_open(&store, copy, env, fault->text, sizeof(fault->text));

    if (rc != ERR_OK) {
        fault->exit_code = EXIT_CODE_FAILURE;
        return rc;
    }
    for (size_t i = 0; rc == ERR_OK && i < STORE_TABLE_COUNT; i++) {
        rc = table_write(writer, store, (enum store_table)i);
    }
    store_close(store);
    return rc;
}

static int parts_write(FILE *to, const struct state_parts *parts, const char *copy,
                       const struct env *env, struct fault *fault)
{
    struct writer writer = {.to = to};
    int rc;

    (void)crypto_generichash_init(&writer.sum, NULL, 0, EXPORT_SUM_SIZE);
    rc = head_write(&writer, parts->program);
    for (size_t i = 0; rc == ERR_OK && i < parts->files_count; i++) {
        rc = file_write(&writer, &parts->files[i], fault);
    }
    if (rc == ERR_OK) {
        rc = store_write_out(&writer, copy, env, fault);
    }
    return rc == ERR_OK ? end_write(&writer) : rc;
}

/* Where it is written to: a file beside the wanted one, or standard output. NULL with errno. */
static FILE *target_open(const char *to, char partial[STATE_PATH_SIZE])
{
    FILE *file;
    int fd;

    partial[0] = '\0';
    if (strcmp(to, "-") == 0) {
        return stdout;
    }
    if (access(to, F_OK) == 0) {
        errno = EEXIST;
        return NULL;
    }
    if ((size_t)snprintf(partial, STATE_PATH_SIZE, "%s.part", to) >= STATE_PATH_SIZE) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    (void)unlink(partial); /* of an export that was killed */
    fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL && fd >= 0) {
        (void)close(fd);
    }
    return file;
}

/* Everything is on the disk before the name is. */
static int target_close(FILE *file, const char *partial, const char *to, int rc)
{
    bool kept = fflush(file) == 0 && (partial[0] == '\0' || fsync(fileno(file)) == 0);

    if (partial[0] != '\0') {
        kept = fclose(file) == 0 && kept;
        kept = kept && rc == ERR_OK && rename(partial, to) == 0 && file_parent_sync(to);
        if (!kept) {
            int cause = errno;

            (void)unlink(partial);
            errno = cause;
        }
    }
    return rc == ERR_OK && !kept ? ERR_SYSTEM : rc;
}

int export_file_write(const char *to, const struct state_parts *parts, state_copy_asker ask,
                      void *context, const struct env *env, struct fault *fault)
{
    char partial[STATE_PATH_SIZE], copy[STATE_PATH_SIZE] = "";
    FILE *file = target_open(to, partial);
    int rc;

    if (file == NULL && errno == EEXIST) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is there already; name a new file", to);
        return ERR_SYSTEM;
    }
    if (file == NULL) {
        fault_set_path(fault, "cannot write %s", to);
        return ERR_SYSTEM;
    }
    rc = state_copy_make(copy, parts, ask, context, env, fault);
    if (rc == ERR_OK) {
        fault->text[0] = '\0';
        rc = parts_write(file, parts, copy, env, fault);
    }
    state_copy_remove(copy);
    rc = target_close(file, partial, to, rc);
    if (rc == ERR_NOMEM) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    } else if (rc != ERR_OK && fault->text[0] == '\0') {
        fault_set_errno(fault, "cannot write %s", to);
    }
    return rc;
}
