/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An empty database is refused like a damaged one: LMDB would fill it without a word, and a file
 * that somebody had emptied would look like that of a new host.
 */
#include "rendezvous/store/lmdb/store_place.h"

#include "rendezvous/store/lmdb/database_file.h"
#include "rendezvous/store/lmdb/map_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 };

static const char restore[] = "; put it back from a backup, or move it away to begin anew";

const char *store_place_remedy(int code)
{
    switch (code) {
    case ENOSPC:
    case EDQUOT:
        return "; make room on the disk and try again";
    case EACCES:
    case EPERM:
        return "; run this as root or as the owner of that place";
    case ENOENT:
        return "; make the folder around it, or name another";
    case EMFILE:
    case ENFILE:
        return "; raise the limit of open files (ulimit -n, LimitNOFILE=)";
    case EIO:
        return "; the disk may be failing: look at its kernel messages (dmesg)";
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
        return restore;
    default:
        return "";
    }
}

/* A path below the folder. False if it is too long. */
static bool path_below(char out[PATH_SIZE], const char *folder, const char *name, char *error,
                       size_t error_size)
{
    int size = snprintf(out, PATH_SIZE, "%s/%s", folder, name);

    if (size >= 0 && size < PATH_SIZE) {
        return true;
    }
    (void)snprintf(error, error_size, "the path of the state directory is too long");
    errno = ENAMETOOLONG;
    return false;
}

static int directory_make(const char *path, char *error, size_t error_size)
{
    struct stat st;

    if (mkdir(path, S_IRWXU) == 0) {
        return ERR_OK;
    }
    if (errno != EEXIST) {
        (void)snprintf(error, error_size, "cannot make the state directory %s: %s%s", path,
                       strerror(errno), store_place_remedy(errno));
        return ERR_SYSTEM;
    }
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        (void)snprintf(error, error_size, "%s is not a directory: move it away or name another",
                       path);
        errno = ENOTDIR;
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

static int lock_take(int *lock_fd, const char *path, char *error, size_t error_size)
{
    char lock_path[PATH_SIZE];

    if (!path_below(lock_path, path, "lock", error, error_size)) {
        return ERR_SYSTEM;
    }
    *lock_fd =
        open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
    if (*lock_fd < 0) {
        (void)snprintf(error, error_size, "cannot open %s: %s%s", lock_path, strerror(errno),
                       store_place_remedy(errno));
        return ERR_SYSTEM;
    }
    if (flock(*lock_fd, LOCK_EX | LOCK_NB) != 0) {
        (void)snprintf(error, error_size,
                       errno == EWOULDBLOCK ? "%s is in use by another process: stop that one first"
                                            : "cannot lock %s",
                       path);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

/* Tell what is wrong with the database, and set errno to the cause. */
static int verdict_tell(enum database_file_verdict verdict, const char *path, char *error,
                        size_t error_size)
{
    int cause = errno;

    if (verdict == DATABASE_FILE_NO_MEMORY) {
        (void)snprintf(error, error_size, "out of memory");
        return ERR_NOMEM;
    }
    if (verdict == DATABASE_FILE_UNREADABLE) {
        (void)snprintf(error, error_size, "cannot read the database %s: %s%s", path,
                       strerror(cause), store_place_remedy(cause));
    } else {
        cause = EUCLEAN;
        (void)snprintf(error, error_size, "the database %s %s%s", path, database_file_text(verdict),
                       restore);
    }
    errno = cause;
    return ERR_SYSTEM;
}

/* A name in the folder must survive a crash of the machine. */
static int folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 || (fsync(fd) != 0 && errno != EINVAL) ? errno : 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return code;
}

/* Let LMDB make an empty database in this folder. Returns a code of LMDB. */
static int database_new(const char *folder)
{
    MDB_env *mdb = NULL;
    int code = mdb_env_create(&mdb);

    if (code == MDB_SUCCESS) {
        code = mdb_env_open(mdb, folder, MDB_NOLOCK | MDB_NOTLS, S_IRUSR | S_IWUSR);
    }
    if (code == MDB_SUCCESS) {
        code = mdb_env_sync(mdb, 1);
    }
    if (mdb != NULL) {
        mdb_env_close(mdb);
    }
    return code;
}

/* Make the database in a folder beside its place and move it there. A full disk or a crash
 * meanwhile leaves nothing at its place, where an empty or short file would be refused from then
 * on. */
static int database_make(const char *folder, const char *path, char *error, size_t error_size)
{
    char making[PATH_SIZE];
    char made[PATH_SIZE];
    int code;

    if (!path_below(making, folder, "new", error, error_size) ||
        !path_below(made, folder, "new/data.mdb", error, error_size)) {
        return ERR_SYSTEM;
    }
    (void)unlink(made); /* of a start that was killed */
    code = mkdir(making, S_IRWXU) == 0 || errno == EEXIST ? database_new(making) : errno;
    if (code == MDB_SUCCESS && rename(made, path) != 0) {
        code = errno;
    }
    (void)unlink(made);
    (void)rmdir(making);
    if (code == MDB_SUCCESS) {
        code = folder_sync(folder);
    }
    if (code != MDB_SUCCESS) {
        (void)snprintf(error, error_size, "cannot make the database %s: %s%s", path,
                       mdb_strerror(code), store_place_remedy(code));
        errno = code > 0 ? code : EUCLEAN;
        return code == ENOMEM ? ERR_NOMEM : ERR_SYSTEM;
    }
    return ERR_OK;
}

/* Look at the database of the folder before LMDB opens it. */
static int database_check(const char *folder, const struct env *env, char *error, size_t error_size)
{
    enum database_file_verdict verdict;
    char path[PATH_SIZE];
    struct stat info;
    int fd;

    if (!path_below(path, folder, "data.mdb", error, error_size)) {
        return ERR_SYSTEM;
    }
    map_guard_set(path);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && lstat(path, &info) == 0) {
        /* It lies elsewhere, on a disk that is not there now, and must not be forgotten. */
        (void)snprintf(error, error_size, "the database %s is a link that leads to nothing%s", path,
                       restore);
        errno = EUCLEAN;
        return ERR_SYSTEM;
    }
    if (fd < 0 && errno == ENOENT) {
        env_trace(env, TRACE_LEVEL_INFO, "store.new", "path=%s", path);
        return database_make(folder, path, error, error_size);
    }
    if (fd < 0) {
        (void)snprintf(error, error_size, "cannot open the database %s: %s%s", path,
                       strerror(errno), store_place_remedy(errno));
        return ERR_SYSTEM;
    }
    if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
        (void)snprintf(error, error_size, "the database %s is not a regular file%s", path, restore);
        (void)close(fd);
        errno = EUCLEAN;
        return ERR_SYSTEM;
    }
    verdict = database_file_check(fd);
    (void)close(fd);
    return verdict == DATABASE_FILE_WHOLE ? ERR_OK : verdict_tell(verdict, path, error, error_size);
}

int store_place_take(int *lock_fd, const char *path, const struct env *env, char *error,
                     size_t error_size)
{
    int rc;

    *lock_fd = -1;
    rc = directory_make(path, error, error_size);
    if (rc == ERR_OK) {
        rc = lock_take(lock_fd, path, error, error_size);
    }
    if (rc == ERR_OK) {
        rc = database_check(path, env, error, error_size);
    }
    return rc;
}
