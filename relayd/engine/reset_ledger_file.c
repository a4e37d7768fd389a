/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps a copy of what the file has; a timer writes the rows that differ from it. */
#include "relayd/engine/reset_ledger_file.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WRITE_EVERY_S = 1,
    FRESH_MS = 60000, /* sessions of an older file have ended by themselves (LINK_IDLE_MS) */
    RUN_MAX = 64,     /* rows written by one call */
};

/* The beginning of the file, before the rows. It and the rows are as in memory, because only this
 * program on this machine reads them. */
struct reset_ledger_header {
    char magic[8];
    uint32_t row_size, capacity;
    uint64_t wall_ms; /* when it was last written */
};

struct reset_ledger_file {
    const struct env *env;
    struct ev_loop *loop;
    struct ev_timer timer;
    char *path;
    int fd; /* -1: memory only */
    uint32_t capacity;
    struct link_reset_row *rows, *written; /* for the link, and as the file has them */
};

static const char reset_ledger_magic[8] = {'z', 'i', 'g', 'r', 'o', 'l', 'l', '1'};

static off_t place_of(uint32_t index)
{
    return (off_t)(sizeof(struct reset_ledger_header) +
                   (size_t)index * sizeof(struct link_reset_row));
}

/* Trace what is wrong with the file, and go on without it. */
static void give_up(struct reset_ledger_file *file, const char *what, const char *why)
{
    env_trace(file->env, TRACE_LEVEL_WARN, "relay.reset_ledger",
              "%s %s: %s; after a crash silent hosts notice it only with their next keep-alive",
              file->path, what, why);
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    file->fd = -1;
}

static bool header_write(struct reset_ledger_file *file)
{
    struct reset_ledger_header header = {.row_size = sizeof(struct link_reset_row),
                                         .capacity = file->capacity,
                                         .wall_ms = env_wall_ms(file->env)};

    memcpy(header.magic, reset_ledger_magic, sizeof(header.magic));
    return pwrite(file->fd, &header, sizeof(header), 0) == sizeof(header);
}

/* True if the file may be written anew or removed: it is one of ours, or has nothing in it (a relay
 * that was killed while it made the file left zeros). */
static bool is_ours(int fd)
{
    static const char nothing[sizeof(reset_ledger_magic)];
    char magic[sizeof(reset_ledger_magic)];
    ssize_t size = pread(fd, magic, sizeof(magic), 0);

    return size == 0 ||
           (size == sizeof(magic) && (memcmp(magic, reset_ledger_magic, sizeof(magic)) == 0 ||
                                      memcmp(magic, nothing, sizeof(magic)) == 0));
}

/* Read the rows that an earlier relay left. False, and no rows, if the file is not of use. */
static bool load(struct reset_ledger_file *file)
{
    struct reset_ledger_header header;
    uint64_t now = env_wall_ms(file->env);
    size_t size = file->capacity * sizeof(*file->rows);

    if (pread(file->fd, &header, sizeof(header), 0) != sizeof(header) ||
        memcmp(header.magic, reset_ledger_magic, sizeof(header.magic)) != 0 ||
        header.row_size != sizeof(struct link_reset_row) || header.capacity != file->capacity ||
        header.wall_ms > now || now - header.wall_ms > FRESH_MS) {
        return false;
    }
    if (pread(file->fd, file->rows, size, place_of(0)) != (ssize_t)size) {
        env_trace(file->env, TRACE_LEVEL_WARN, "relay.reset_ledger",
                  "%s was cut, and is made anew; silent hosts notice this restart only with their "
                  "next keep-alive",
                  file->path);
        memset(file->rows, 0, size);
        return false;
    }
    return true;
}

/* Remove the ledger of an older version, which called it otherwise: nobody reads it any more. */
static void former_remove(const struct reset_ledger_file *file)
{
    static const char former[] = "roll";
    const char *slash = strrchr(file->path, '/');
    size_t folder = slash != NULL ? (size_t)(slash - file->path) + 1 : 0;
    char *path = malloc(folder + sizeof(former));
    int fd = -1;

    if (path != NULL) {
        memcpy(path, file->path, folder);
        memcpy(path + folder, former, sizeof(former));
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd >= 0) {
        if (is_ours(fd)) {
            (void)unlink(path);
        }
        (void)close(fd);
    }
    free(path);
}

static void file_start(struct reset_ledger_file *file)
{
    former_remove(file);
    file->fd = open(file->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) {
        give_up(file, "cannot be opened", strerror(errno));
        return;
    }
    if (!is_ours(file->fd)) {
        give_up(file, "is left alone", "it is something else or damaged, remove it");
        return;
    }
    if (load(file)) {
        memcpy(file->written, file->rows, file->capacity * sizeof(*file->rows));
        return;
    }
    if (ftruncate(file->fd, 0) != 0 || ftruncate(file->fd, place_of(file->capacity)) != 0 ||
        !header_write(file)) {
        give_up(file, "cannot be written", strerror(errno));
    }
}

static bool changed(const struct reset_ledger_file *file, uint32_t index)
{
    return memcmp(&file->rows[index], &file->written[index], sizeof(*file->rows)) != 0;
}

/* Write the changed row `index`, and those behind it up to the first that did not change, at most
 * RUN_MAX. Returns how many; 0 if the write failed. */
static uint32_t run_write(struct reset_ledger_file *file, uint32_t index)
{
    uint32_t count = 1;
    size_t size;

    while (count < RUN_MAX && index + count < file->capacity && changed(file, index + count)) {
        count++;
    }
    size = count * sizeof(*file->rows);
    if (pwrite(file->fd, &file->rows[index], size, place_of(index)) != (ssize_t)size) {
        return 0;
    }
    memcpy(&file->written[index], &file->rows[index], size);
    return count;
}

/* Write all rows that changed. False if a write failed. */
static bool rows_write(struct reset_ledger_file *file)
{
    uint32_t count;

    for (uint32_t i = 0; i < file->capacity; i += count) {
        count = changed(file, i) ? run_write(file, i) : 1;
        if (count == 0) {
            return false;
        }
    }
    return true;
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    struct reset_ledger_file *file = timer->data;

    (void)events;
    if (!rows_write(file) || !header_write(file)) {
        give_up(file, "cannot be written", strerror(errno));
        ev_timer_stop(loop, timer);
    }
}

struct reset_ledger_file *reset_ledger_file_open(const char *path, uint32_t capacity,
                                                 const struct env *env, struct ev_loop *loop)
{
    struct reset_ledger_file *file = calloc(1, sizeof(*file));

    if (file == NULL) {
        return NULL;
    }
    file->env = env;
    file->loop = loop;
    file->fd = -1;
    file->capacity = capacity;
    file->path = strdup(path);
    file->rows = calloc(capacity, sizeof(*file->rows));
    file->written = calloc(capacity, sizeof(*file->written));
    if (file->path == NULL || file->rows == NULL || file->written == NULL) {
        reset_ledger_file_close(file, false);
        return NULL;
    }
    file_start(file);
    ev_timer_init(&file->timer, on_timer, WRITE_EVERY_S, WRITE_EVERY_S);
    file->timer.data = file;
    if (file->fd >= 0) {
        ev_timer_start(loop, &file->timer);
    }
    return file;
}

struct link_reset_row *reset_ledger_file_rows(struct reset_ledger_file *file)
{
    return file == NULL ? NULL : file->rows;
}

uint32_t reset_ledger_file_capacity(const struct reset_ledger_file *file)
{
    return file == NULL ? 0 : file->capacity;
}

void reset_ledger_file_close(struct reset_ledger_file *file, bool clean)
{
    if (file == NULL) {
        return;
    }
    if (file->fd >= 0) {
        ev_timer_stop(file->loop, &file->timer);
        (void)close(file->fd);
        if (clean) {
            (void)unlink(file->path);
        }
    }
    free(file->rows);
    free(file->written);
    free(file->path);
    free(file);
}
