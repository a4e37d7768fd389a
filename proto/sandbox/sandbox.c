/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order matters: without "no new privileges" the kernel takes the other parts from nobody but
 * root; paths are opened with the rights of the start; and the filter comes last, since it forbids
 * to change rights.
 */
#include "proto/sandbox/sandbox.h"

#include "proto/sandbox/calls.h"
#include "proto/sandbox/folders.h"
#include "proto/sandbox/refusals.h"
#include "proto/sandbox/rights.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

struct sandbox {
    struct sandbox_policy policy;
    bool folders_closed;
    struct refusals *refusals;
};

static void without(const struct env *env, enum trace_level level, const char *part,
                    const char *why)
{
    env_trace(env, level, "sandbox.without", "part=%s why=\"%s\"", part, why);
}

/* Threads that run already stay outside. */
static void threads_look(const struct env *env)
{
#if !defined(__SANITIZE_THREAD__) /* which has one of its own */
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;

    while (tasks != NULL && readdir(tasks) != NULL) {
        count++;
    }
    if (tasks != NULL) {
        (void)closedir(tasks);
    }
    if (count > 3) { /* ".", ".." and this one */
        without(env, TRACE_LEVEL_WARN, "threads", "some run already, and stay outside");
    }
#else
    (void)env;
#endif
}

static void folders_close(struct sandbox *sandbox, const struct env *env)
{
    struct fault fault = {0};
    enum sandbox_folders_state state = sandbox_folders_close(&sandbox->policy, &fault);

    sandbox->folders_closed = state == SANDBOX_FOLDERS_CLOSED;
    if (!sandbox->folders_closed) {
        without(env, state == SANDBOX_FOLDERS_UNKNOWN ? TRACE_LEVEL_INFO : TRACE_LEVEL_WARN,
                "folders", fault.text);
    }
}

static void calls_close(struct sandbox *sandbox, const struct env *env)
{
    struct fault fault = {0};
    int listener = -1;

    switch (sandbox_calls_close(sandbox->policy.programs,
                                sandbox->refusals != NULL ? &listener : NULL, &fault)) {
    case SANDBOX_CALLS_NAMED:
        if (!refusals_start(sandbox->refusals, listener)) {
            without(env, TRACE_LEVEL_WARN, "names", "there is no thread for it");
        }
        break;
    case SANDBOX_CALLS_SILENT:
        without(env, TRACE_LEVEL_INFO, "names",
                "the kernel tells refused system calls to its audit log only");
        break;
    case SANDBOX_CALLS_OPEN:
        without(env, TRACE_LEVEL_WARN, "calls", fault.text);
        break;
    }
}

int sandbox_enter(struct sandbox **out, struct ev_loop *loop, const struct env *env,
                  struct sandbox_policy *policy)
{
    struct sandbox *sandbox = policy->out_of_memory ? NULL : calloc(1, sizeof(*sandbox));
    const struct env mute = {0}, *told = policy->silent ? &mute : env;
    char rights[SANDBOX_RIGHTS_TEXT_SIZE] = "";
    int rc = sandbox != NULL ? refusals_new(&sandbox->refusals, loop, env) : ERR_NOMEM;

    *out = NULL;
    if (rc == ERR_NOMEM) {
        sandbox_policy_fini(policy);
        free(sandbox);
        return rc;
    }
    *out = sandbox;
    sandbox->policy = *policy;
    *policy = (struct sandbox_policy){0};
    threads_look(told);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        without(told, TRACE_LEVEL_WARN, "all", "the kernel does not know no_new_privs");
        return ERR_OK;
    }
    folders_close(sandbox, told);
    if (!sandbox_rights_drop(&sandbox->policy, rights)) {
        /* Our unit has it so: it would have to allow more than is won. */
        without(told,
                strcmp(rights, "net_bind_service") == 0 ? TRACE_LEVEL_DEBUG : TRACE_LEVEL_WARN,
                "rights", rights);
    }
    calls_close(sandbox, told);
    env_trace(told, TRACE_LEVEL_DEBUG, "sandbox.on", "rights=%s programs=%s", rights,
              sandbox->policy.programs ? "yes" : "no");
    return ERR_OK;
}

bool sandbox_lets(const struct sandbox *sandbox, const char *path, unsigned use)
{
    return sandbox == NULL || !sandbox->folders_closed ||
           sandbox_policy_covers(&sandbox->policy, path, use);
}

void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox != NULL) {
        refusals_free(sandbox->refusals);
        sandbox_policy_fini(&sandbox->policy);
        free(sandbox);
    }
}
