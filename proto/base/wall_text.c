/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The C library's calendar does the work. */
#include "proto/base/wall_text.h"

#include <time.h>

const char *wall_text(uint64_t wall_ms, char text[WALL_TEXT_SIZE])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, WALL_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        text[0] = '\0';
    }
    return text;
}
