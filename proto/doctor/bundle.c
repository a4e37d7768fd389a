/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything is put together first and cleaned as a whole, so that no part is forgotten. Names are
 * also taken from the daemon's answers: whatever stands there as a name.
 */
#include "proto/doctor/bundle.h"

#include "proto/doctor/program_output.h"
#include "proto/doctor/redact.h"
#include "proto/host/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void head_write(FILE *to, const char *title)
{
    (void)fprintf(to, "\n==== %s ====\n", title);
}

static void output_write(FILE *to, const char *title, const char *const argv[])
{
    size_t size;
    char *text = program_output(argv, &size);

    if (text != NULL) {
        head_write(to, title);
        (void)fputs(text, to);
    }
    free(text);
}

static void file_put(FILE *to, const char *path)
{
    uint8_t *text = NULL;
    size_t size;
    struct fault ignored;

    if (file_read(path, 65536, &text, &size, &ignored) == ERR_OK) {
        head_write(to, path);
        (void)fwrite(text, 1, size, to);
    }
    free(text);
}

static void all_write(FILE *to, const struct bundle *bundle, const struct findings *findings)
{
    const char *const log[] = {"journalctl",    "-u",         bundle->unit, "-n",
                               "400",           "--no-pager", "-o",         "short-iso",
                               "--no-hostname", NULL};
    static const char *const links[] = {"ip", "-s", "link", NULL};
    static const char *const routes[] = {"ip", "route", NULL};
    static const char *const rules[] = {"ip", "rule", NULL};
    static const char *const firewall[] = {"nft", "list", "ruleset", NULL};
    struct utsname name;

    (void)fprintf(to, "%s %s\n", bundle->program, bundle->version);
    if (uname(&name) == 0) {
        (void)fprintf(to, "%s %s %s\n", name.sysname, name.release, name.machine);
    }
    head_write(to, "findings");
    findings_print(findings, to);
    for (size_t i = 0; bundle->answers[i] != NULL; i++) {
        head_write(to, "the daemon says");
        (void)json_dumpf(bundle->answers[i], to, JSON_INDENT(1));
    }
    if (bundle->config != NULL) {
        head_write(to, "configuration");
        (void)fputs(bundle->config, to);
    }
    file_put(to, "/etc/os-release");
    output_write(to, "log", log);
    output_write(to, "interfaces", links);
    output_write(to, "routes", routes);
    output_write(to, "rules", rules);
    output_write(to, "firewall", firewall);
}

/* Whatever an answer calls a name, or a host. */
static bool names_take(struct redaction *redaction, const json_t *answer)
{
    static const char *const fields[] = {"name",         "named",        "ziglan",      "title",
                                         "ziglan_title", "granted_name", "wanted_name", "host",
                                         "public",       "identity"};
    const char *key;
    json_t *value;
    size_t i;
    bool ok = true;

    json_array_foreach(answer, i, value)
    {
        ok = names_take(redaction, value) && ok;
    }
    json_object_foreach((json_t *)(uintptr_t)answer, key, value)
    {
        ok = names_take(redaction, value) && ok;
        for (size_t f = 0; json_is_string(value) && f < sizeof(fields) / sizeof(fields[0]); f++) {
            if (strcmp(key, fields[f]) == 0) {
                ok = redaction_name(redaction, json_string_value(value)) && ok;
            }
        }
    }
    return ok;
}

static bool all_names_take(struct redaction *redaction, const struct bundle *bundle)
{
    char machine[256] = "";
    bool ok = true;

    if (gethostname(machine, sizeof(machine) - 1) == 0) {
        ok = redaction_name(redaction, machine);
    }
    for (size_t i = 0; bundle->names[i] != NULL; i++) {
        ok = redaction_name(redaction, bundle->names[i]) && ok;
    }
    for (size_t i = 0; bundle->answers[i] != NULL; i++) {
        ok = names_take(redaction, bundle->answers[i]) && ok;
    }
    return ok;
}

int bundle_write(const char *to, const struct bundle *bundle, const struct findings *findings,
                 struct fault *fault)
{
    struct redaction *redaction = redaction_new();
    char *text = NULL, *clean = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    int rc = ERR_NOMEM;

    fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    if (redaction == NULL || file == NULL || !all_names_take(redaction, bundle)) {
        goto out;
    }
    all_write(file, bundle, findings);
    rc = fclose(file) == 0 ? ERR_OK : ERR_NOMEM;
    file = NULL;
    clean = rc == ERR_OK ? redaction_apply(redaction, text) : NULL;
    if (clean == NULL) {
        rc = ERR_NOMEM;
    } else if (access(to, F_OK) == 0) {
        fault_set(fault, EXIT_CODE_USAGE, "%s is there already; name a new file", to);
        rc = ERR_LIMIT;
    } else {
        rc = file_write_atomic(to, clean, strlen(clean), 0600, fault);
    }
out:
    if (file != NULL) {
        (void)fclose(file);
    }
    if (text != NULL) {
        explicit_bzero(text, size);
    }
    free(text);
    free(clean);
    redaction_free(redaction);
    return rc;
}
