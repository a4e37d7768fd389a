/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of paths, from the settings. */
#include "relayd/daemon/confinement.h"

#include "proto/sandbox/folders.h"

#include <stddef.h>

/* The files that are read while the relay runs: key and path; "" if there is none. */
struct read_file {
    const char *key, *path;
};

enum { READ_FILES = 3 };

static void read_files(struct read_file out[READ_FILES], const struct relay_settings *settings)
{
    out[0] = (struct read_file){"delegation", settings->delegation_path};
    out[1] = (struct read_file){"certificate", settings->certificate_path};
    out[2] = (struct read_file){"certificate_key", settings->certificate_key_path};
}

/* What the relay and the program that admits need alike. */
static void policy_begin(struct sandbox_policy *policy, const char *config_path,
                         const struct relay_settings *settings)
{
    struct read_file files[READ_FILES];

    sandbox_policy_init(policy);
    sandbox_policy_add_folder_of(policy, config_path, SANDBOX_USE_READ_FLAG);
    sandbox_policy_add(policy, settings->state_path, SANDBOX_USE_WRITE_FLAG);
    read_files(files, settings);
    for (size_t i = 0; i < READ_FILES; i++) {
        if (files[i].path[0] != '\0') {
            sandbox_policy_add_folder_of(policy, files[i].path, SANDBOX_USE_READ_FLAG);
        }
    }
}

int confinement_enter(struct sandbox **out, struct ev_loop *loop, const struct env *env,
                      const char *config_path, const struct relay_settings *settings)
{
    struct sandbox_policy policy;

    *out = NULL;
    if (!settings->sandbox) {
        return ERR_OK;
    }
    policy_begin(&policy, config_path, settings);
    sandbox_policy_add_folder_of(&policy, settings->control_path, SANDBOX_USE_WRITE_FLAG);
    return sandbox_enter(out, loop, env, &policy);
}

int confinement_of_admitter(struct sandbox **out, struct ev_loop *loop, const struct env *env,
                            const struct relay_settings *settings)
{
    struct sandbox_policy policy;

    *out = NULL;
    if (!settings->sandbox) {
        return ERR_OK;
    }
    sandbox_policy_init(&policy);
    policy.silent = true;
    policy.programs = true;
    sandbox_policy_add(&policy, "/", SANDBOX_USE_EXECUTE_FLAG);
    sandbox_policy_add(&policy, settings->state_path, SANDBOX_USE_WRITE_FLAG);
    return sandbox_enter(out, loop, env, &policy);
}

void confinement_program_policy(struct sandbox_policy *out, const char *config_path,
                                const struct relay_settings *settings, const char *program)
{
    policy_begin(out, config_path, settings);
    sandbox_policy_add_program(out, program);
}

void confinement_of_program(const struct sandbox_policy *policy)
{
    /* Where the kernel refuses, the relay has said so at its start. */
    (void)sandbox_folders_close(policy, NULL);
}

bool confinement_lets(const struct sandbox *sandbox, const struct relay_settings *next,
                      struct fault *fault)
{
    struct read_file files[READ_FILES];

    read_files(files, next);
    for (size_t i = 0; i < READ_FILES; i++) {
        if (files[i].path[0] != '\0' &&
            !sandbox_lets(sandbox, files[i].path, SANDBOX_USE_READ_FLAG)) {
            fault_set(fault, EXIT_CODE_USAGE,
                      "`%s: %.300s` is in a folder that the relay's sandbox did not let in at its "
                      "start; restart relayd, or move the file to the configuration's folder",
                      files[i].key, files[i].path);
            return false;
        }
    }
    return true;
}
