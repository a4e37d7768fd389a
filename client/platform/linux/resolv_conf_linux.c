/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The C library asks the servers of resolv.conf in their order, the next one only if one does not
 * answer or refuses. Without a server it asks 127.0.0.1.
 */
#include "client/platform/linux/resolv_conf_linux.h"

#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 512 };

static const char blanks[] = " \t\r\n";

/* The line's value if it begins with this word, without the blanks around; NULL if it does not. */
static char *value_after(char *line, const char *word)
{
    size_t size = strlen(word);
    char *value = line + size;

    if (strncmp(line, word, size) != 0 || strchr(blanks, line[size]) == NULL) {
        return NULL;
    }
    value += strspn(value, blanks);
    value[strcspn(value, "\r\n")] = '\0';
    return value;
}

/* The first server of the file, or "". */
static void first_read(char first[RESOLV_CONF_SERVER_SIZE], FILE *file)
{
    char line[LINE_SIZE];

    while (first[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        char *value = value_after(line, "nameserver");

        if (value != NULL) {
            value[strcspn(value, blanks)] = '\0';
            (void)snprintf(first, RESOLV_CONF_SERVER_SIZE, "%.63s", value);
        }
    }
}

/* True if "hosts:" has the module `resolve`, which asks systemd-resolved without resolv.conf. */
static bool nss_asks_resolved(FILE *file)
{
    char line[LINE_SIZE];

    while (fgets(line, sizeof(line), file) != NULL) {
        char *value = value_after(line, "hosts:");
        char *rest = NULL;

        if (value == NULL) {
            continue;
        }
        value[strcspn(value, "#")] = '\0';
        for (char *word = strtok_r(value, blanks, &rest); word != NULL;
             word = strtok_r(NULL, blanks, &rest)) {
            if (strcmp(word, "resolve") == 0) {
                return true;
            }
        }
    }
    return false;
}

struct resolv_conf resolv_conf_read(const char *resolv_path, const char *nsswitch_path,
                                    const char *server)
{
    struct resolv_conf out = {.first = ""};
    FILE *file = fopen(resolv_path, "re");

    if (file != NULL) {
        first_read(out.first, file);
        (void)fclose(file);
    }
    if (out.first[0] == '\0') {
        (void)snprintf(out.first, sizeof(out.first), "127.0.0.1");
    }
    out.asks_ours = strcmp(out.first, server) == 0;
    out.asks_resolved =
        strcmp(out.first, "127.0.0.53") == 0 || strcmp(out.first, "127.0.0.54") == 0;
    file = fopen(nsswitch_path, "re");
    if (file != NULL) {
        out.asks_resolved = nss_asks_resolved(file) || out.asks_resolved;
        (void)fclose(file);
    }
    return out;
}
