/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line of an exported state. One that is read is written and read again, as it was.
 */
#include "proto/base/bytes.h"
#include "rendezvous/store/backup/export_line.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is written without escapes: names that a program would write. */
static bool is_plain(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyz.-")] == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct export_line line, again;
    char *text;

    if (export_line_read(&line, (const char *)data, size) != ERR_OK) {
        return 0;
    }
    if (is_plain(line.name)) {
        text = export_line_text(&line);
        CHECK(text != NULL);
        CHECK(export_line_read(&again, text, strlen(text)) == ERR_OK);
        CHECK(again.kind == line.kind && again.number == line.number && again.size == line.size &&
              again.key_size == line.key_size && strcmp(again.name, line.name) == 0);
        export_line_fini(&again);
        free(text);
    }
    export_line_fini(&line);
    return 0;
}
