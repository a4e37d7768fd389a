/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A kernel knows as many kinds of access as its version of Landlock has; the others are not limited
 * there. The header of this system may be older than the kernel, so what is new is named here.
 */
#include "proto/sandbox/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* since version 2 (Linux 5.19) */
#define ACCESS_REFER (UINT64_C(1) << 13)
/* since version 3 (Linux 6.2) */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

#define ACCESS_READ ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR))
/* Neither devices nor pipes with names. */
#define ACCESS_WRITE                                                                               \
    ((uint64_t)(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                    \
                LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                     \
                LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                       \
                LANDLOCK_ACCESS_FS_MAKE_SYM) |                                                     \
     ACCESS_REFER | ACCESS_TRUNCATE)
#define ACCESS_EXECUTE ((uint64_t)LANDLOCK_ACCESS_FS_EXECUTE)
#define ACCESS_OF_FILES                                                                            \
    ((uint64_t)(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |                     \
                LANDLOCK_ACCESS_FS_EXECUTE) |                                                      \
     ACCESS_TRUNCATE)
#define ACCESS_VERSION_1 (ACCESS_REFER - 1)

/* What a kernel with this version can limit. */
static uint64_t access_known(long version)
{
    return ACCESS_VERSION_1 | (version >= 2 ? ACCESS_REFER : 0) |
           (version >= 3 ? ACCESS_TRUNCATE : 0);
}

static uint64_t access_of(unsigned use)
{
    return ACCESS_READ | ((use & SANDBOX_USE_WRITE_FLAG) != 0 ? ACCESS_WRITE : 0) |
           ((use & SANDBOX_USE_EXECUTE_FLAG) != 0 ? ACCESS_EXECUTE : 0);
}

/* What is not there any more is no error. */
static bool path_add(int rules, const struct sandbox_path *path, uint64_t known)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = access_of(path->use) & known};
    struct stat info;
    bool ok;

    beneath.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0 || fstat(beneath.parent_fd, &info) != 0) {
        ok = beneath.parent_fd < 0;
    } else {
        if (!S_ISDIR(info.st_mode)) {
            beneath.allowed_access &= ACCESS_OF_FILES;
        }
        ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
    }
    if (beneath.parent_fd >= 0) {
        (void)close(beneath.parent_fd);
    }
    return ok;
}

enum sandbox_folders_state sandbox_folders_close(const struct sandbox_policy *policy,
                                                 struct fault *fault)
{
    struct landlock_ruleset_attr handled = {0};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    bool ok = true;
    int rules;

    if (version < 1) {
        fault_set_errno(fault, "this kernel has no Landlock, which keeps a process to its folders");
        return SANDBOX_FOLDERS_UNKNOWN;
    }
    handled.handled_access_fs = access_known(version);
    rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (rules < 0) {
        fault_set_errno(fault, "Landlock does not start");
        return SANDBOX_FOLDERS_REFUSED;
    }
    for (size_t i = 0; ok && i < policy->paths_count; i++) {
        ok = path_add(rules, &policy->paths[i], handled.handled_access_fs);
    }
    ok = ok && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    if (!ok) {
        fault_set_errno(fault, "Landlock refuses");
    }
    (void)close(rules);
    return ok ? SANDBOX_FOLDERS_CLOSED : SANDBOX_FOLDERS_REFUSED;
}
