/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line must match as a whole. */
#include "proto/host/uevent.h"

#include <string.h>

bool uevent_has(const char *uevent, size_t size, const char *line)
{
    size_t wanted = strlen(line);

    for (size_t at = 0; at < size;) {
        const char *end = memchr(uevent + at, '\0', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - (uevent + at));

        if (length == wanted && memcmp(uevent + at, line, wanted) == 0) {
            return true;
        }
        at += length + 1;
    }
    return false;
}
