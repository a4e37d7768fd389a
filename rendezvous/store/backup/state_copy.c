/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A copy lies in the folder of the store, because a daemon in a sandbox may write nowhere else. Its
 * name begins with "copy-"; the rest is random, so that two that are made at once do not meet.
 */
#include "rendezvous/store/backup/state_copy.h"

#include "proto/host/file.h"
#include "rendezvous/store/lmdb/store_lmdb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "copy-";

enum { CHUNK_SIZE = 16384 };

/* ---- paths ---- */

static bool path_join(char out[STATE_PATH_SIZE], const char *folder, const char *name,
                      struct fault *fault)
{
    int size = snprintf(out, STATE_PATH_SIZE, "%s/%s", folder, name);

    if (size < 0 || size >= STATE_PATH_SIZE) {
        fault_set(fault, EXIT_CODE_USAGE, "the path of the folder is too long");
        return false;
    }
    return true;
}

/* "copy-" and hexadecimal digits: nothing that leads to another folder. */
static bool is_copy_name(const char *name)
{
    size_t size = strnlen(name, STATE_STEP_SIZE);

    return size < STATE_STEP_SIZE && size > sizeof(prefix) - 1 &&
           memcmp(name, prefix, sizeof(prefix) - 1) == 0 &&
           strspn(name + sizeof(prefix) - 1, "0123456789abcdef") == size - (sizeof(prefix) - 1);
}

/* ---- one copy ---- */

int state_copy_serve(struct store *store, const char *path, const char *name, struct fault *fault)
{
    char folder[STATE_PATH_SIZE], file[STATE_PATH_SIZE];
    int rc;

    if (name == NULL || !is_copy_name(name)) {
        fault_set(fault, EXIT_CODE_USAGE, "the request names no copy");
        return ERR_DROP;
    }
    if (!path_join(folder, path, name, fault) || !path_join(file, folder, "data.mdb", fault)) {
        return ERR_SYSTEM;
    }
    if (mkdir(folder, S_IRWXU) != 0) {
        fault_set_errno(fault, "cannot make %s", folder);
        return ERR_SYSTEM;
    }
    rc = store_lmdb_copy(store, file, fault);
    if (rc != ERR_OK) {
        (void)rmdir(folder);
    }
    return rc;
}

/* Nobody runs: open the store for a moment. One that is not there is not made. */
static int copy_alone(const struct state_parts *parts, const char *name, const struct env *env,
                      struct fault *fault)
{
    char file[STATE_PATH_SIZE];
    struct store *store = NULL;
    int rc;

    if (!path_join(file, parts->store, "data.mdb", fault)) {
        return ERR_SYSTEM;
    }
    if (access(file, F_OK) != 0) {
        fault_set_path(fault, "cannot read %s", file);
        return ERR_SYSTEM;
    }
    rc = store_lmdb_open(&store, parts->store, env, fault->text, sizeof(fault->text));
    if (rc != ERR_OK) {
        fault->exit_code = fault_path_code(errno);
        return rc;
    }
    rc = state_copy_serve(store, parts->store, name, fault);
    store_close(store);
    return rc;
}

int state_copy_make(char folder[STATE_PATH_SIZE], const struct state_parts *parts,
                    state_copy_asker ask, void *context, const struct env *env, struct fault *fault)
{
    char name[STATE_STEP_SIZE];
    uint64_t number;
    int rc;

    folder[0] = '\0';
    env_random(env, &number, sizeof(number));
    (void)snprintf(name, sizeof(name), "%s%016" PRIx64, prefix, number);
    if (!path_join(folder, parts->store, name, fault)) {
        folder[0] = '\0';
        return ERR_SYSTEM;
    }
    rc = ask(context, name, fault);
    if (rc != ERR_OK && fault->exit_code == EXIT_CODE_NO_DAEMON) {
        rc = copy_alone(parts, name, env, fault);
    }
    return rc;
}

void state_copy_remove(const char *folder)
{
    static const char *const files[] = {"data.mdb", "lock"};
    char path[STATE_PATH_SIZE];

    for (size_t i = 0; folder[0] != '\0' && i < sizeof(files) / sizeof(files[0]); i++) {
        if (path_join(path, folder, files[i], NULL)) {
            (void)unlink(path);
        }
    }
    (void)rmdir(folder);
}

void state_copies_clear(const char *path)
{
    char folder[STATE_PATH_SIZE];
    DIR *list = opendir(path);

    for (const struct dirent *entry = list != NULL ? readdir(list) : NULL; entry != NULL;
         entry = readdir(list)) {
        if (is_copy_name(entry->d_name) && path_join(folder, path, entry->d_name, NULL)) {
            state_copy_remove(folder);
        }
    }
    if (list != NULL) {
        (void)closedir(list);
    }
}

/* ---- the backup ---- */

static bool bytes_copy(int from, int to)
{
    uint8_t chunk[CHUNK_SIZE];
    ssize_t size;

    while ((size = read(from, chunk, sizeof(chunk))) > 0) {
        for (ssize_t at = 0; at < size;) {
            ssize_t taken = write(to, chunk + at, (size_t)(size - at));

            if (taken < 0) {
                return false;
            }
            at += taken;
        }
    }
    return size == 0 && fsync(to) == 0;
}

/* A database may be large, so it does not go through memory as a whole. */
static int database_copy(const char *to, const char *from, struct fault *fault)
{
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int rc = ERR_OK;

    if (source < 0 || target < 0 || !bytes_copy(source, target) || !file_parent_sync(to)) {
        fault_set_path(fault, "cannot copy %s to %s", from, to);
        rc = ERR_SYSTEM;
    }
    if (source >= 0) {
        (void)close(source);
    }
    if (target >= 0) {
        (void)close(target);
    }
    return rc;
}

static int file_copy(const char *to, const struct state_file *file, struct fault *fault)
{
    char path[STATE_PATH_SIZE];
    uint8_t *bytes = NULL;
    size_t size = 0;
    int rc;

    if (file->optional && access(file->path, F_OK) != 0 && errno == ENOENT) {
        return ERR_OK;
    }
    if (!path_join(path, to, file->name, fault)) {
        return ERR_SYSTEM;
    }
    rc = file_read(file->path, STATE_FILE_SIZE_MAX, &bytes, &size, fault);
    if (rc == ERR_OK) {
        rc = file_write_atomic(path, bytes, size, file->mode, fault);
        explicit_bzero(bytes, size);
    }
    free(bytes);
    return rc;
}

static int store_backup(const char *to, const char *copy, const struct state_parts *parts,
                        struct fault *fault)
{
    char folder[STATE_PATH_SIZE], from[STATE_PATH_SIZE], file[STATE_PATH_SIZE];
    int rc;

    if (!path_join(folder, to, parts->store_name, fault) ||
        !path_join(file, folder, "data.mdb", fault) || !path_join(from, copy, "data.mdb", fault)) {
        return ERR_SYSTEM;
    }
    rc = file_dir_create(folder, 0700, fault);
    return rc == ERR_OK ? database_copy(file, from, fault) : rc;
}

/* Make the folder, or refuse one that has something in it: an older backup stays what it is. */
static int folder_take(const char *to, struct fault *fault)
{
    int rc = file_dir_create(to, 0700, fault);
    DIR *list = rc == ERR_OK ? opendir(to) : NULL;
    const struct dirent *entry;

    if (rc != ERR_OK) {
        return rc;
    }
    if (list == NULL) {
        fault_set_path(fault, "cannot read %s", to);
        return ERR_SYSTEM;
    }
    do {
        entry = readdir(list);
    } while (entry != NULL &&
             (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    if (entry != NULL) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is not empty; name a new folder", to);
        rc = ERR_LIMIT;
    }
    (void)closedir(list);
    return rc;
}

int state_backup(const char *to, const struct state_parts *parts, state_copy_asker ask,
                 void *context, const struct env *env, struct fault *fault)
{
    char copy[STATE_PATH_SIZE] = "";
    int rc = folder_take(to, fault);

    if (rc == ERR_OK) {
        rc = state_copy_make(copy, parts, ask, context, env, fault);
    }
    if (rc == ERR_OK) {
        rc = store_backup(to, copy, parts, fault);
    }
    for (size_t i = parts->files_count; rc == ERR_OK && i > 0; i--) {
        rc = file_copy(to, &parts->files[i - 1], fault);
    }
    state_copy_remove(copy);
    if (rc == ERR_OK && !file_parent_sync(to)) {
        fault_set_errno(fault, "cannot write the folder around %s", to);
        rc = ERR_SYSTEM;
    }
    return rc;
}
