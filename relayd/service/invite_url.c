/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builds the URL of an invite by way of the URL parser, so that only a valid one comes out. */
#include "relayd/service/invite_url.h"

#include "proto/crypto/identity.h"

#include <stdio.h>
#include <string.h>

int invite_url_print(char text[URL_SIZE_MAX], const uint8_t key[KEY_SIZE], const char *hosts,
                     const char *name, const uint8_t invite[INVITE_SIZE])
{
    char key_chars[KEY_TEXT_SIZE];
    char error[URL_ERROR_SIZE];
    struct url url;
    int size = snprintf(text, URL_SIZE_MAX, "ziglan://%s@%s", key_text(key, key_chars), hosts);
    int rc;

    if (hosts[0] == '\0' || size < 0 || size >= URL_SIZE_MAX) {
        return hosts[0] == '\0' ? ERR_DROP : ERR_LIMIT;
    }
    rc = url_parse(&url, text, (size_t)size, error);
    if (rc != ERR_OK) {
        return rc;
    }
    url.has_invite = true;
    memcpy(url.invite, invite, INVITE_SIZE);
    (void)snprintf(url.name, sizeof(url.name), "%s", name);
    return url_print(&url, text, URL_SIZE_MAX);
}
