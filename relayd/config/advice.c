/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single quotes keep all characters but themselves. */
#include "relayd/config/advice.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char plain[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";

/* Append, if it fits with its NUL. */
static bool put(char text[ADVICE_SIZE], size_t *used, const char *part, size_t size)
{
    if (size >= ADVICE_SIZE - *used) {
        return false;
    }
    memcpy(text + *used, part, size);
    *used += size;
    text[*used] = '\0';
    return true;
}

static bool quoted(char text[ADVICE_SIZE], const char *word)
{
    size_t used = 0;
    bool ok = put(text, &used, "'", 1);

    for (; ok && *word != '\0'; word++) {
        ok = *word == '\'' ? put(text, &used, "'\\''", 4) : put(text, &used, word, 1);
    }
    return ok && put(text, &used, "'", 1);
}

const char *advice_word(const char *word, char text[ADVICE_SIZE])
{
    size_t used = 0;
    bool is_plain = word[0] != '\0' && word[strspn(word, plain)] == '\0';

    if (!(is_plain ? put(text, &used, word, strlen(word)) : quoted(text, word))) {
        memcpy(text, "FILE", sizeof("FILE"));
    }
    return text;
}

const char *advice_option(const char *config_path, char text[ADVICE_SIZE])
{
    char word[ADVICE_SIZE];

    text[0] = '\0';
    if (strcmp(config_path, CONFIG_PATH_DEFAULT) != 0 &&
        snprintf(text, ADVICE_SIZE, " -c %s", advice_word(config_path, word)) >= ADVICE_SIZE) {
        memcpy(text, " -c FILE", sizeof(" -c FILE"));
    }
    return text;
}
