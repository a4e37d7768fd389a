/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several verbs of the command line share. */
#include "proto/host/file.h"
#include "proto/host/qr.h"
#include "relayd/daemon/cli.h"
#include "rendezvous/store/lmdb/store_lmdb.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_usage(const char *format, ...)
{
    va_list args;

    (void)fputs("relayd: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputs("\nSee relayd --help.\n", stderr);
    return EXIT_CODE_USAGE;
}

void cli_fault_add(struct fault *fault, const char *remedy)
{
    size_t used = strlen(fault->text);

    (void)snprintf(fault->text + used, sizeof(fault->text) - used, "; %s", remedy);
}

int cli_settings_load(struct relay_settings *out, const char *path, struct fault *fault)
{
    char error[SETTINGS_ERROR_SIZE];
    uint8_t *text = NULL;
    size_t size = 0;
    int rc = file_read(path, SETTINGS_TEXT_SIZE_MAX, &text, &size, fault);

    if (rc != ERR_OK) {
        if (fault->exit_code == EXIT_CODE_USAGE) {
            cli_fault_add(fault, "name the configuration with -c FILE, or make a relay with: "
                                 "relayd init DIR");
        }
        return rc;
    }
    rc = relay_settings_parse(out, (const char *)text, size, path, error);
    free(text);
    if (rc == ERR_NOMEM) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    } else if (rc != ERR_OK) {
        fault_set(fault, EXIT_CODE_USAGE, "%s", error);
    }
    return rc;
}

int cli_key_load(struct identity *out, const char *path, struct fault *fault)
{
    uint8_t seed[KEY_FILE_SEED_SIZE];
    int rc = key_file_load(seed, path, fault);

    if (rc == ERR_OK) {
        identity_from_seed(out, seed);
    }
    explicit_bzero(seed, sizeof(seed));
    if (rc != ERR_OK && access(path, F_OK) != 0 && errno == ENOENT) {
        cli_fault_add(fault, "put it back from your copy");
    }
    return rc;
}

int cli_store_open(struct store **out, const char *path, const struct env *env, struct fault *fault)
{
    int rc = store_lmdb_open(out, path, env, fault->text, sizeof(fault->text));

    if (rc != ERR_OK) {
        fault->exit_code = fault_path_code(errno);
    }
    return rc;
}

int cli_number_parse(uint32_t *out, const char *text, uint32_t min, uint32_t max)
{
    char *end = NULL;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < min || value > max) {
        return ERR_DROP;
    }
    *out = (uint32_t)value;
    return ERR_OK;
}

int cli_expiry_parse(uint64_t *out, const char *text, uint64_t wall_ms)
{
    static const struct {
        char unit;
        uint64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char *end = NULL;
    unsigned long value;

    if (strcmp(text, "never") == 0) {
        *out = 0;
        return ERR_OK;
    }
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno != 0 || end == text || text[0] == '-' || value == 0 || value > 36500 * 24) {
        return ERR_DROP;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (end[0] == units[i].unit && end[1] == '\0') {
            *out = wall_ms + value * units[i].ms;
            return ERR_OK;
        }
    }
    return ERR_DROP;
}

void cli_url_print(const char *url)
{
    (void)printf("%s\n", url);
    if (isatty(STDOUT_FILENO) == 1) {
        char *code = qr_text(url);
        if (code != NULL) {
            (void)printf("\n%s\n", code);
        }
        free(code);
    }
}
