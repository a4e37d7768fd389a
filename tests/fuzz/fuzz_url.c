/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a URL, and as the hosts of one: what is accepted prints as a text that means the
 * same. */
#include "proto/base/bytes.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The hosts that an entry point tells. */
static void hosts_alone(const char *text, size_t size)
{
    struct url url = {.kind = URL_KIND_ZIGLAN}, back;
    char printed[URL_SIZE_MAX + 1];

    if (url_set_hosts(&url, text, size) == ERR_OK) {
        CHECK(url.hosts_count >= 1 && url.hosts_count <= URL_HOSTS_MAX);
        CHECK(url_print(&url, printed, sizeof(printed)) == ERR_OK);
        back = url;
        CHECK(url_set_hosts(&back, strchr(printed, '@') + 1,
                            strcspn(strchr(printed, '@') + 1, "?")) == ERR_OK);
        CHECK(url_same_places(&back, &url));
    } else {
        CHECK(url.hosts_count == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct url url, back;
    char error[URL_ERROR_SIZE], text[URL_SIZE_MAX + 1], again[URL_SIZE_MAX + 1];
    char name[NAME_TEXT_SIZE];

    name_sanitise(name, (const char *)data, size);
    CHECK(name_problem(name, strlen(name)) == NULL);
    hosts_alone((const char *)data, size);
    if (url_parse(&url, (const char *)data, size, error) != ERR_OK) {
        CHECK(error[0] != '\0' && strlen(error) < URL_ERROR_SIZE - 1);
        return 0;
    }
    CHECK(url.relays_count <= URL_RELAYS_MAX && url.hosts_count <= URL_HOSTS_MAX);
    CHECK(url.kind == URL_KIND_ZIGLAN || (url.hosts_count == 1 && url.relays_count == 0));
    for (size_t i = 0; i < url.relays_count; i++) {
        struct url relay = url_of_relay(&url.relays[i]);

        CHECK(url_print(&relay, text, sizeof(text)) == ERR_OK);
        CHECK(url_parse(&back, text, strlen(text), error) == ERR_OK && back.hosts_count == 1);
    }
    CHECK(url_print(&url, text, sizeof(text)) == ERR_OK);
    CHECK(url_parse(&back, text, strlen(text), error) == ERR_OK);
    CHECK(url_print(&back, again, sizeof(again)) == ERR_OK && strcmp(text, again) == 0);
    return 0;
}
