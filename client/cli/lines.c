/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Heads are filled up to ten columns, one more than the longest of them has.
 */
#include "client/cli/lines.h"

#include "proto/host/fields.h"

#include <stdio.h>
#include <string.h>

void line_print(const char *head, const char *text)
{
    if (text[0] != '\0') {
        (void)printf("%s%-10s%s %s\n", color_begin(stdout, TABLE_COLOR_BOLD), head,
                     color_end(stdout, TABLE_COLOR_BOLD), text);
    }
}

enum table_color state_color(const char *state)
{
    static const struct {
        const char *state;
        enum table_color color;
    } colors[] = {{"direct", TABLE_COLOR_GOOD},     {"connected", TABLE_COLOR_GOOD},
                  {"joined", TABLE_COLOR_GOOD},     {"relayed", TABLE_COLOR_WARN},
                  {"connecting", TABLE_COLOR_WARN}, {"stalled", TABLE_COLOR_WARN},
                  {"waiting", TABLE_COLOR_WARN},    {"joining", TABLE_COLOR_WARN},
                  {"refused", TABLE_COLOR_BAD},     {"offline", TABLE_COLOR_DIM}};

    for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
        if (strcmp(colors[i].state, state) == 0) {
            return colors[i].color;
        }
    }
    return TABLE_COLOR_NONE;
}

const char *rtt_text(const json_t *object, char text[HUMAN_TEXT_SIZE])
{
    uint64_t rtt_us = field_number(object, "rtt_us");

    return rtt_us > 0 ? human_us(rtt_us, text) : "-";
}
