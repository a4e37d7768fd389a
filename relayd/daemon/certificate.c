/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the files, and says in a sentence what is wrong with them. */
#include "relayd/daemon/certificate.h"

#include "proto/host/file.h"
#include "proto/host/os_env.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE_MAX = 256 * 1024 };

static int problem_tell(enum link_certificate_problem problem,
                        const struct relay_settings *settings, struct fault *fault)
{
    const char *chain = settings->certificate_path, *key = settings->certificate_key_path;

    switch (problem) {
    case LINK_CERTIFICATE_FINE:
        return ERR_OK;
    case LINK_CERTIFICATE_CHAIN:
        fault_set(fault, EXIT_CODE_USAGE,
                  "%.300s holds no certificate in PEM; name the file with the whole chain in "
                  "`certificate`",
                  chain);
        break;
    case LINK_CERTIFICATE_KEY:
        fault_set(fault, EXIT_CODE_USAGE,
                  "%.300s holds no key in PEM without a password; name the certificate's key in "
                  "`certificate_key`",
                  key);
        break;
    case LINK_CERTIFICATE_PAIR:
        fault_set(fault, EXIT_CODE_USAGE,
                  "the key in %.200s is not that of the certificate in %.200s; name the two files "
                  "that were made together",
                  key, chain);
        break;
    case LINK_CERTIFICATE_MEMORY:
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    return ERR_DROP;
}

static void end_tell(const struct relay_core *core, const struct env *env)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(core, &snapshot, clock_mono());
    if (snapshot.certificate_expires_ms < env_wall_ms(env)) {
        env_trace(
            env, TRACE_LEVEL_WARN, "certificate.over",
            "browsers refuse the relay's page: the certificate is over; renew it, and reload");
    }
}

int certificate_load(struct relay_core *core, const struct relay_settings *settings,
                     const struct env *env, struct fault *fault)
{
    struct link_certificate files = {0};
    uint8_t *chain = NULL, *key = NULL;
    int rc;

    if (settings->certificate_path[0] == '\0') {
        return problem_tell(relay_core_certificate(core, NULL), settings, fault);
    }
    rc = file_read(settings->certificate_path, FILE_SIZE_MAX, &chain, &files.chain_size, fault);
    if (rc == ERR_OK) {
        rc = file_read(settings->certificate_key_path, FILE_SIZE_MAX, &key, &files.key_size, fault);
    }
    if (rc == ERR_OK) {
        files.chain = (const char *)chain;
        files.key = (const char *)key;
        rc = problem_tell(relay_core_certificate(core, &files), settings, fault);
    }
    if (rc == ERR_OK) {
        end_tell(core, env);
    }
    if (key != NULL) {
        explicit_bzero(key, files.key_size);
    }
    free(key);
    free(chain);
    return rc;
}
