/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each failure gets a sentence that helps whoever reads it.
 */
#include "proto/host/file.h"

#include "proto/base/base32.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEY_TEXT_LENGTH = BASE32_TEXT_SIZE(KEY_FILE_SEED_SIZE),
    KEY_FILE_SIZE_MAX = 256,
};

/* -- Whole files ------------------------------------------------------------------------------ */

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        data += written;
        size -= (size_t)written;
    }
    return true;
}

/* Sync the directory of `path`: before that, a rename may not survive a crash. */
bool file_parent_sync(const char *path)
{
    char copy[PATH_MAX];
    bool ok;
    int fd;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ok = fsync(fd) == 0 || errno == EINVAL; /* some file systems cannot sync a directory */
    (void)close(fd);
    return ok;
}

/* Write a new temporary file beside `path`. Its name is left in `temporary`, also on error; empty
 * if there is no such file. */
static bool temporary_write(const char *path, const void *data, size_t size, mode_t mode,
                            char temporary[PATH_MAX])
{
    bool ok;
    int fd;

    if (snprintf(temporary, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
        temporary[0] = '\0';
        errno = ENAMETOOLONG;
        return false;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        temporary[0] = '\0';
        return false;
    }
    ok = fchmod(fd, mode) == 0 && write_all(fd, data, size) && fsync(fd) == 0;
    if (close(fd) != 0) {
        ok = false;
    }
    return ok;
}

int file_write_atomic(const char *path, const void *data, size_t size, mode_t mode,
                      struct fault *fault)
{
    char temporary[PATH_MAX];

    if (!temporary_write(path, data, size, mode, temporary) || rename(temporary, path) != 0) {
        fault_set_errno(fault, "cannot write %s", path);
        if (temporary[0] != '\0') {
            (void)unlink(temporary);
        }
        return ERR_SYSTEM;
    }
    if (!file_parent_sync(path)) {
        fault_set_errno(fault, "cannot sync the directory of %s", path);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

/* Read fd to its end into *data, at most size_max bytes. */
static int fd_read(int fd, const char *path, size_t size_max, uint8_t **data, size_t *size,
                   struct fault *fault)
{
    uint8_t *bytes = malloc(size_max + 2);
    size_t have = 0;

    if (bytes == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory reading %s", path);
        return ERR_NOMEM;
    }
    while (have <= size_max) {
        ssize_t got = read(fd, bytes + have, size_max + 1 - have);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            fault_set_errno(fault, "cannot read %s", path);
            free(bytes);
            return ERR_SYSTEM;
        }
        if (got == 0) {
            bytes[have] = 0;
            *data = bytes;
            *size = have;
            return ERR_OK;
        }
        have += (size_t)got;
    }
    free(bytes);
    fault_set(fault, EXIT_CODE_USAGE, "%s is larger than %zu bytes", path, size_max);
    return ERR_LIMIT;
}

int file_read(const char *path, size_t size_max, uint8_t **data, size_t *size, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    int rc = ERR_SYSTEM;

    *data = NULL;
    *size = 0;
    if (fd < 0) {
        fault_set_path(fault, "cannot open %s", path);
        return ERR_SYSTEM;
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is not a regular file", path);
        goto out;
    }
    rc = fd_read(fd, path, size_max, data, size, fault);
out:
    (void)close(fd);
    return rc;
}

int file_dir_create(const char *path, mode_t mode, struct fault *fault)
{
    char partial[PATH_MAX];
    struct stat info;

    if (snprintf(partial, sizeof(partial), "%s", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        fault_set_path(fault, "cannot make the directory %s", path);
        return ERR_SYSTEM;
    }
    for (char *slash = strchr(partial + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(partial, 0755) != 0 && errno != EEXIST) {
            fault_set_path(fault, "cannot make the directory %s", partial);
            return ERR_SYSTEM;
        }
        *slash = '/';
    }
    /* chmod, because the umask may take rights away that others of the machine need. */
    if (mkdir(partial, mode) == 0 ? chmod(partial, mode) != 0 : errno != EEXIST) {
        fault_set_path(fault, "cannot make the directory %s", path);
        return ERR_SYSTEM;
    }
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is not a directory; move it away or name another",
                  path);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

/* -- Key files -------------------------------------------------------------------------------- */

static bool key_mode_ok(const char *path, struct fault *fault)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        fault_set_path(fault, "cannot open the key file %s", path);
        return false;
    }
    if (!S_ISREG(info.st_mode)) {
        fault_set(fault, EXIT_CODE_USAGE, "the key file %s is not a regular file; move it away",
                  path);
        return false;
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "the key file %s can be read by others (mode %04o); make it private with: "
                  "chmod 600 %s",
                  path, (unsigned)info.st_mode & 07777u, path);
        return false;
    }
    return true;
}

int key_file_load(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t size = 0;
    int rc = ERR_SYSTEM;

    if (!key_mode_ok(path, fault)) {
        return ERR_SYSTEM;
    }
    rc = file_read(path, KEY_FILE_SIZE_MAX, &text, &size, fault);
    if (rc != ERR_OK && rc != ERR_LIMIT) { /* ERR_LIMIT: too long to be a key file, told below */
        rc = ERR_SYSTEM;
        goto out;
    }
    while (size > 0 &&
           (text[size - 1] == '\n' || text[size - 1] == '\r' || text[size - 1] == ' ')) {
        size--;
    }
    if (base32_decode(seed, KEY_FILE_SEED_SIZE, (const char *)text, size) != ERR_OK) {
        fault_set(
            fault, EXIT_CODE_USAGE,
            "%s is not a key file: it must hold one line of %d base32 characters; put it back "
            "from a copy",
            path, (int)KEY_TEXT_LENGTH);
        rc = ERR_SYSTEM;
    }
out:
    if (text != NULL) {
        explicit_bzero(text, size);
        free(text);
    }
    return rc;
}

int key_file_put(const uint8_t seed[KEY_FILE_SEED_SIZE], const char *path, struct fault *fault)
{
    char text[KEY_TEXT_LENGTH + 2];
    char temporary[PATH_MAX];
    int rc = ERR_SYSTEM;

    base32_encode(text, seed, KEY_FILE_SEED_SIZE);
    text[KEY_TEXT_LENGTH] = '\n';
    text[KEY_TEXT_LENGTH + 1] = '\0';
    if (!temporary_write(path, text, KEY_TEXT_LENGTH + 1, 0600, temporary)) {
        fault_set_errno(fault, "cannot write the key file %s", path);
        goto out;
    }
    /* link, unlike rename, refuses to replace a key that is already there. */
    if (link(temporary, path) != 0) {
        if (errno == EEXIST) {
            fault_set(fault, EXIT_CODE_FAILURE, "%s exists already and is not overwritten", path);
            rc = ERR_LIMIT;
        } else {
            fault_set_errno(fault, "cannot write the key file %s", path);
        }
        goto out;
    }
    rc = file_parent_sync(path) ? ERR_OK : ERR_SYSTEM;
    if (rc != ERR_OK) {
        fault_set_errno(fault, "cannot sync the directory of %s", path);
    }
out:
    if (temporary[0] != '\0') {
        (void)unlink(temporary);
    }
    explicit_bzero(text, sizeof(text));
    return rc;
}

int key_file_create(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path, const struct env *env,
                    struct fault *fault)
{
    int rc;

    env_random(env, seed, KEY_FILE_SEED_SIZE);
    rc = key_file_put(seed, path, fault);
    if (rc != ERR_OK) {
        explicit_bzero(seed, KEY_FILE_SEED_SIZE);
    }
    return rc;
}

int key_file_load_or_create(uint8_t seed[KEY_FILE_SEED_SIZE], const char *path,
                            const struct env *env, struct fault *fault)
{
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        return key_file_create(seed, path, env, fault);
    }
    return key_file_load(seed, path, fault);
}

int files_check(size_t count, struct fault *fault)
{
    int files[FILES_CHECK_MAX];
    size_t opened = 0;
    int rc = ERR_OK;

    while (rc == ERR_OK && opened < count && opened < FILES_CHECK_MAX) {
        files[opened] = eventfd(0, EFD_CLOEXEC);
        if (files[opened] < 0) {
            fault_set_errno(fault, "cannot have %zu files and sockets open at a time", count);
            rc = ERR_SYSTEM;
        } else {
            opened++;
        }
    }
    while (opened > 0) {
        (void)close(files[--opened]);
    }
    return rc;
}

/* Of an open file, not of a process, so that two parts of one process exclude each other, too. */
static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

int file_lock(int *fd, const char *path, struct fault *fault)
{
    struct flock lock = whole_file();

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (*fd < 0) {
        fault_set_path(fault, "cannot open the lock file %s", path);
        return ERR_SYSTEM;
    }
    if (fcntl(*fd, F_OFD_SETLK, &lock) != 0) {
        int rc = errno == EAGAIN || errno == EACCES ? ERR_LIMIT : ERR_SYSTEM;

        if (rc == ERR_LIMIT) {
            fault_set(fault, EXIT_CODE_FAILURE, "another process holds %s", path);
        } else {
            fault_set_errno(fault, "cannot lock %s", path);
        }
        (void)close(*fd);
        *fd = -1;
        return rc;
    }
    return ERR_OK;
}

bool file_lock_held(const char *path)
{
    struct flock lock = whole_file();
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    bool held = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

    if (fd >= 0) {
        (void)close(fd);
    }
    return held;
}
