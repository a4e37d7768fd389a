/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of paths, resolved when they are named: later a link could lead elsewhere. */
#include "proto/sandbox/policy.h"

#include "proto/base/bytes.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path without links; of a file that is not there, its folder's and its name. False if neither
 * is there. */
static bool path_real(char out[PATH_MAX], const char *path)
{
    char folder[PATH_MAX], name[PATH_MAX], real[PATH_MAX];
    int size;

    if (realpath(path, out) != NULL) {
        return true;
    }
    if (errno != ENOENT || strlen(path) >= PATH_MAX) {
        return false;
    }
    (void)snprintf(folder, sizeof(folder), "%s", path);
    (void)snprintf(name, sizeof(name), "%s", path);
    if (realpath(dirname(folder), real) == NULL) {
        return false;
    }
    size = snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, basename(name));
    return size > 0 && size < PATH_MAX;
}

void sandbox_policy_init(struct sandbox_policy *policy)
{
    static const char *const read[] = {
        "/proc",
        "/etc", /* as a folder: resolv.conf is replaced by a new file at any time */
        "/usr",
        "/lib",
        "/lib64",
        "/dev/urandom",
        "/run/systemd", /* whose resolved keeps a resolv.conf, and tells of links, below resolve */
        "/run/NetworkManager",
        "/run/resolvconf",
    };

    memset(policy, 0, sizeof(*policy));
    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
        sandbox_policy_add(policy, read[i], SANDBOX_USE_READ_FLAG);
    }
    sandbox_policy_add(policy, "/dev/null", SANDBOX_USE_WRITE_FLAG);
    sandbox_policy_add_folder_of(policy, "/etc/resolv.conf", SANDBOX_USE_READ_FLAG);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    sandbox_policy_add_folder_of(policy, "/proc/self/exe", SANDBOX_USE_READ_FLAG); /* its report */
#endif
}

void sandbox_policy_fini(struct sandbox_policy *policy)
{
    for (size_t i = 0; i < policy->paths_count; i++) {
        free(policy->paths[i].path);
    }
    memset(policy, 0, sizeof(*policy));
}

void sandbox_policy_add(struct sandbox_policy *policy, const char *path, unsigned use)
{
    char *real = realpath(path, NULL);

    CHECK(policy->paths_count < SANDBOX_PATHS_MAX);
    if (real != NULL) {
        policy->paths[policy->paths_count++] = (struct sandbox_path){.path = real, .use = use};
    } else if (errno == ENOMEM) {
        policy->out_of_memory = true;
    }
}

void sandbox_policy_add_folder_of(struct sandbox_policy *policy, const char *file, unsigned use)
{
    char folder[PATH_MAX], real[PATH_MAX];

    if (snprintf(folder, sizeof(folder), "%s", file) < PATH_MAX) {
        char *at = dirname(folder);

        while (realpath(at, real) == NULL && errno == ENOENT && strchr(at + 1, '/') != NULL) {
            at = dirname(at);
        }
        sandbox_policy_add(policy, at, use);
    }
    if (realpath(file, folder) != NULL) {
        sandbox_policy_add(policy, dirname(folder), use);
    }
}

void sandbox_policy_add_program(struct sandbox_policy *policy, const char *program)
{
    static const char *const folders[] = {"/usr", "/bin", "/sbin", "/lib", "/lib64"};

    policy->programs = true;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        sandbox_policy_add(policy, folders[i], SANDBOX_USE_EXECUTE_FLAG);
    }
    sandbox_policy_add_folder_of(policy, program, SANDBOX_USE_EXECUTE_FLAG);
}

void sandbox_policy_keep(struct sandbox_policy *policy, int right)
{
    CHECK(policy->rights_count < SANDBOX_RIGHTS_MAX);
    policy->rights[policy->rights_count++] = right;
}

/* Whether `path` is `folder` or below it. */
static bool is_below(const char *path, const char *folder)
{
    size_t size = strcmp(folder, "/") == 0 ? 0 : strlen(folder);

    return strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

bool sandbox_policy_covers(const struct sandbox_policy *policy, const char *path, unsigned use)
{
    char real[PATH_MAX];

    if (!path_real(real, path)) {
        return false;
    }
    for (size_t i = 0; i < policy->paths_count; i++) {
        unsigned has = policy->paths[i].use;

        has |= has != 0 ? SANDBOX_USE_READ_FLAG : 0;
        if ((has & use) == use && is_below(real, policy->paths[i].path)) {
            return true;
        }
    }
    return false;
}
