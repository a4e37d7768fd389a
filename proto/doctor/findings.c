/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list that is full takes nothing more: it has room for all that the doctors look at. */
#include "proto/doctor/findings.h"

#include "proto/admin/answer.h"
#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"

#include <stdarg.h>

static const struct {
    const char *word, *shown;
    enum table_color color;
} states[] = {
    [FINDING_OK] = {"ok", "ok", TABLE_COLOR_GOOD},
    [FINDING_NOTE] = {"note", "note", TABLE_COLOR_WARN},
    [FINDING_BAD] = {"bad", "BAD", TABLE_COLOR_BAD},
};

void findings_add(struct findings *findings, const char *name, enum finding_state state,
                  const char *format, ...)
{
    struct finding *finding = &findings->list[findings->count];
    va_list args;

    if (findings->count == FINDINGS_MAX) {
        return;
    }
    findings->count++;
    finding->name = name;
    finding->state = state;
    finding->command[0] = '\0';
    va_start(args, format);
    (void)vsnprintf(finding->text, sizeof(finding->text), format, args);
    va_end(args);
}

void findings_command(struct findings *findings, const char *format, ...)
{
    va_list args;

    if (findings->count == 0) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(findings->list[findings->count - 1].command, FINDING_TEXT_SIZE, format, args);
    va_end(args);
}

static bool are_good(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].state == FINDING_BAD) {
            return false;
        }
    }
    return true;
}

void findings_print(const struct findings *findings, FILE *to)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        (void)fprintf(to, "%s%-4s%s  %-10s %s\n", color_begin(to, states[finding->state].color),
                      states[finding->state].shown, color_end(to, states[finding->state].color),
                      finding->name, finding->text);
        if (finding->command[0] != '\0') {
            (void)fprintf(to, "      %-10s -> %s\n", "", finding->command);
        }
    }
}

static json_t *list_json(const struct findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", finding->name,
                                                    "state", states[finding->state].word, "text",
                                                    finding->text, "command", finding->command));
    }
    return list;
}

int findings_tell(const struct findings *findings, bool json)
{
    bool good = are_good(findings);

    if (json) {
        json_t *answer = answer_ok(json_pack("{s:i, s:b, s:o}", "schema", 1, "good", (int)good,
                                             "findings", list_json(findings)));

        fields_print(answer);
        json_decref(answer);
    } else {
        findings_print(findings, stdout);
    }
    return good ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}
