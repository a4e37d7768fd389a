/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the files, and says in a sentence what is wrong with them. */
#include "relayd/daemon/certificate.h"

#include "proto/base/wall_text.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "proto/link/certificate_look.h"
#include "proto/link/link.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_SIZE_MAX = 256 * 1024 };

/* ---- the files ---- */

/* Their text: from files_read to files_wipe. */
struct files {
    uint8_t *chain, *key;
    struct link_certificate pem;
};

static int file_take(const char *path, uint8_t **text, size_t *size, struct fault *fault)
{
    int rc = file_read(path, FILE_SIZE_MAX, text, size, fault);

    if (rc != ERR_OK && fault->exit_code == EXIT_CODE_USAGE) {
        fault_add(fault, "put it there, or take `certificate` and `certificate_key` out");
    }
    return rc;
}

static int files_read(struct files *files, const struct relay_settings *settings,
                      struct fault *fault)
{
    int rc;

    *files = (struct files){0};
    rc = file_take(settings->certificate_path, &files->chain, &files->pem.chain_size, fault);
    if (rc == ERR_OK) {
        rc = file_take(settings->certificate_key_path, &files->key, &files->pem.key_size, fault);
    }
    files->pem.chain = (const char *)files->chain;
    files->pem.key = (const char *)files->key;
    return rc;
}

static void files_wipe(struct files *files)
{
    if (files->key != NULL) {
        explicit_bzero(files->key, files->pem.key_size);
    }
    free(files->key);
    free(files->chain);
}

/* ---- what is wrong ---- */

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

/* It is shown all the same, but no browser takes it. */
static int facts_tell(const struct link_certificate_facts *facts, uint64_t wall_ms,
                      const char *path, struct fault *fault)
{
    uint64_t now_s = wall_ms / 1000;
    char from[WALL_TEXT_SIZE], until[WALL_TEXT_SIZE];

    if (now_s > facts->expires_s) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "browsers refuse the relay's page: the certificate in %.250s is over since %s; "
                  "renew it, and reload",
                  path, wall_text(facts->expires_s * 1000, until));
    } else if (now_s < facts->begins_s) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "browsers refuse the relay's page: the certificate in %.250s counts from %s on; "
                  "set the clock of this machine, or wait until then",
                  path, wall_text(facts->begins_s * 1000, from));
    } else if (!facts->named) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "browsers refuse the relay's page: the certificate in %.250s has no DNS name "
                  "(subjectAltName); have one made for the name of this relay",
                  path);
    } else {
        return ERR_OK;
    }
    return ERR_DROP;
}

/* What to say of files that were read: nothing is shown by this. */
static int files_judge(const struct files *files, const struct relay_settings *settings,
                       uint64_t wall_ms, struct fault *fault)
{
    struct link_certificate_facts facts = {0};
    int rc = problem_tell(link_certificate_look(&facts, &files->pem), settings, fault);

    return rc == ERR_OK ? facts_tell(&facts, wall_ms, settings->certificate_path, fault) : rc;
}

int certificate_load(struct relay_core *core, const struct relay_settings *settings,
                     const struct env *env, struct fault *fault)
{
    struct files files;
    struct fault doubt;
    int rc;

    if (settings->certificate_path[0] == '\0') {
        return problem_tell(relay_core_certificate(core, NULL), settings, fault);
    }
    rc = files_read(&files, settings, fault);
    if (rc == ERR_OK) {
        rc = problem_tell(relay_core_certificate(core, &files.pem), settings, fault);
    }
    if (rc == ERR_OK && files_judge(&files, settings, env_wall_ms(env), &doubt) != ERR_OK) {
        env_trace(env, TRACE_LEVEL_WARN, "certificate.useless", "%s", doubt.text);
    }
    files_wipe(&files);
    return rc;
}

int certificate_check(const struct relay_settings *settings, const struct env *env,
                      struct fault *fault)
{
    struct files files;
    int rc;

    if (settings->certificate_path[0] == '\0') {
        return ERR_OK;
    }
    rc = link_library_init(env);
    if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_FAILURE, "the TLS library does not start or fails its test");
        return rc;
    }
    rc = files_read(&files, settings, fault);
    if (rc == ERR_OK) {
        rc = files_judge(&files, settings, env_wall_ms(env), fault);
    }
    files_wipe(&files);
    link_library_fini();
    return rc;
}
