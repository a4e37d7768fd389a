/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How all verbs of relayd complain, read numbers and times, and print URLs. */
#include "relayd/cli/cli.h"

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/qr.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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
    enum { VALUE_MAX = 36500 * 24 }; /* of any unit: 100 years of hours, 2400 of days */
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
    if (errno != 0 || end == text || text[0] == '-' || value == 0 || value > VALUE_MAX) {
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

int cli_time_parse(uint64_t *out, const char *text, uint64_t wall_ms)
{
    enum { DAYS_MAX = 36500 };
    struct tm day = {0};
    const char *end;
    uint32_t days;

    if (cli_number_parse(&days, text, 1, DAYS_MAX) == ERR_OK) {
        *out = wall_ms + (uint64_t)days * 86400 * 1000;
        return ERR_OK;
    }
    end = strptime(text, "%Y-%m-%d", &day);
    if (end != NULL && *end == '\0' && strlen(text) == strlen("2026-12-31")) {
        day.tm_mday++; /* timegm knows what comes after the last day of a month */
        time_t midnight = timegm(&day);

        if (midnight <= 0) {
            return ERR_DROP;
        }
        *out = (uint64_t)midnight * 1000;
        return ERR_OK;
    }
    return cli_expiry_parse(out, text, wall_ms);
}

const char *cli_groups_text(const json_t *object, char text[CLI_GROUPS_SIZE])
{
    const json_t *group;
    size_t used = 0, i;

    text[0] = '\0';
    json_array_foreach(json_object_get(object, "groups"), i, group)
    {
        const char *name = json_string_value(group);
        int size = snprintf(text + used, CLI_GROUPS_SIZE - used, "%s%s", i > 0 ? "," : "",
                            name != NULL ? name : "?");

        used += size > 0 && (size_t)size < CLI_GROUPS_SIZE - used ? (size_t)size : 0;
    }
    return text;
}

void cli_terms_print(FILE *to, uint64_t uses, const char *expires)
{
    if (uses == 1) {
        (void)fputs("one host", to);
    } else {
        (void)fprintf(to, "%" PRIu64 " hosts", uses);
    }
    (void)fprintf(to, "%s%s", expires[0] != '\0' ? ", until " : ", without end", expires);
}

void cli_who_print(FILE *to, const json_t *answer)
{
    const char *name = field_text(answer, "name");
    const char *key = field_text(answer, "key");

    if (name[0] != '\0') {
        (void)fprintf(to, "%s (%s)", name, key);
    } else {
        (void)fputs(key, to);
    }
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
