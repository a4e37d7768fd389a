/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a URL: one that is accepted prints as a text that means the same. */
#include "proto/base/bytes.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct url url, back;
    char error[URL_ERROR_SIZE], text[URL_SIZE_MAX + 1], again[URL_SIZE_MAX + 1];
    char name[NAME_TEXT_SIZE];

    name_sanitise(name, (const char *)data, size);
    CHECK(name_problem(name, strlen(name)) == NULL);
    if (url_parse(&url, (const char *)data, size, error) != ERR_OK) {
        CHECK(error[0] != '\0' && strlen(error) < URL_ERROR_SIZE - 1);
        return 0;
    }
    CHECK(url_print(&url, text, sizeof(text)) == ERR_OK);
    CHECK(url_parse(&back, text, strlen(text), error) == ERR_OK);
    CHECK(url_print(&back, again, sizeof(again)) == ERR_OK && strcmp(text, again) == 0);
    return 0;
}
