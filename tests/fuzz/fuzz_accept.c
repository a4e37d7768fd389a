/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as an Accept header: it is read within its bounds, and OpenMetrics is chosen only where
 * it is named. */
#include "proto/admin/exposition.h"
#include "proto/base/bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    CHECK(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (exposition_wanted(text) == EXPOSITION_FORM_OPENMETRICS) {
        CHECK(strcasestr(text, "application/openmetrics-text") != NULL);
    }
    free(text);
    return 0;
}
