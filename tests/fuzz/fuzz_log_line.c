/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text of an event: it becomes one line of JSON, and fields for the journal of which none is
 * broken over lines. */
#include "proto/admin/log_line.h"
#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1);
    size_t journal_size = 0, lines = 0, fields = 0;
    char *json, *journal;

    CHECK(text != NULL);
    for (size_t i = 0; i < size; i++) { /* as the trace cleans it */
        text[i] = data[i] < ' ' ? ' ' : (char)data[i];
        fields += data[i] == '=' ? 1 : 0; /* so many at most */
    }
    json = log_line_json(TRACE_LEVEL_INFO, "x.y", text, 1767225600123);
    CHECK(json != NULL && strchr(json, '\n') == NULL);
    journal = log_line_journal(TRACE_LEVEL_INFO, "x.y", text, "relayd", &journal_size);
    CHECK(journal != NULL);
    for (size_t i = 0; i < journal_size; i++) {
        lines += journal[i] == '\n' ? 1 : 0;
    }
    CHECK(lines >= 4 && lines <= 4 + fields);
    free(json);
    free(journal);
    free(text);
    return 0;
}
