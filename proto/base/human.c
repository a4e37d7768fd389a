/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each is short, in the unit that a person would choose. */
#include "proto/base/human.h"

#include <stddef.h>
#include <stdio.h>

const char *human_bytes(uint64_t bytes, char text[HUMAN_TEXT_SIZE])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    uint64_t tenths = bytes * 10;
    size_t unit = 0;

    if (bytes < 1000) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%u B", (unsigned)bytes);
        return text;
    }
    if (bytes > UINT64_MAX / 10) {
        tenths = bytes / 100; /* in kB from the start */
        unit = 1;
    }
    while (tenths >= 10000) {
        tenths /= 1000;
        unit++;
    }
    (void)snprintf(text, HUMAN_TEXT_SIZE, "%u.%u %s", (unsigned)(tenths / 10),
                   (unsigned)(tenths % 10), units[unit]);
    return text;
}

const char *human_us(uint64_t us, char text[HUMAN_TEXT_SIZE])
{
    if (us < 1000) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%u us", (unsigned)us);
    } else if (us < 10000) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%u.%u ms", (unsigned)(us / 1000),
                       (unsigned)(us % 1000 / 100));
    } else if (us < 10000000) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%u ms", (unsigned)(us / 1000));
    } else {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%llu s", (unsigned long long)(us / 1000000));
    }
    return text;
}

const char *human_age_ms(uint64_t ms, char text[HUMAN_TEXT_SIZE])
{
    unsigned long long s = ms / 1000;

    if (s < 1) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "now");
    } else if (s < 120) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%llu s ago", s);
    } else if (s < 7200) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%llu min ago", s / 60);
    } else if (s < 172800) {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%llu h ago", s / 3600);
    } else {
        (void)snprintf(text, HUMAN_TEXT_SIZE, "%llu days ago", s / 86400);
    }
    return text;
}
