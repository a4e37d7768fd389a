/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts the parts of a URL together; the hosts come as text, and only valid ones go out. */
#include "relayd/service/invite_url.h"

#include <stdio.h>
#include <string.h>

int invite_url_print(char text[URL_SIZE_MAX], const uint8_t key[KEY_SIZE],
                     const struct invite_places *places, const char *name,
                     const uint8_t invite[INVITE_SIZE])
{
    struct url url = {.kind = URL_KIND_ZIGLAN, .has_invite = true};
    int rc = ERR_OK;

    if (places->hosts[0] != '\0') {
        rc = url_set_hosts(&url, places->hosts, strlen(places->hosts));
    } else if (places->relays_count == 0) {
        rc = ERR_DROP;
    }
    if (rc != ERR_OK) {
        return rc;
    }
    while (url.hosts_count == 0 && url.relays_count < places->relays_count &&
           url.relays_count < URL_RELAYS_MAX) {
        url.relays[url.relays_count] = places->relays[url.relays_count];
        url.relays_count++;
    }
    memcpy(url.key, key, KEY_SIZE);
    memcpy(url.invite, invite, INVITE_SIZE);
    (void)snprintf(url.name, sizeof(url.name), "%s", name);
    return url_print(&url, text, URL_SIZE_MAX);
}
