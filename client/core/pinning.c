/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay that is let go takes its paths along. */
#include "client/core/pinning.h"

#include "client/core/core_internal.h"
#include "client/core/membership.h"
#include "proto/crypto/key_form.h"

#include <stdio.h>
#include <string.h>

static int refuse(char *error, size_t size, int rc, const char *text)
{
    (void)snprintf(error, size, "%s", text);
    return rc;
}

/* The URL of a relay: with the hosts of the session to it, if there is one. Else other relays are
 * asked where it is, while it is not heard (client/stun2/seeking.h). */
static void url_of_key(const struct host_core *core, const uint8_t key[KEY_SIZE], struct url *out)
{
    const struct relay_session *relay;

    *out = (struct url){.kind = URL_KIND_RELAY};
    memcpy(out->key, key, KEY_SIZE);
    TAILQ_FOREACH(relay, &core->relays.list, in_set)
    {
        if (relay->open && memcmp(relay->relay_key, key, KEY_SIZE) == 0) {
            out->hosts_count = relay->url.hosts_count;
            memcpy(out->hosts, relay->url.hosts, sizeof(out->hosts));
            if (out->hosts_count == 0) { /* it was found by its key: where it is now */
                char text[ENDPOINT_TEXT_SIZE];

                out->hosts_count = 1;
                (void)snprintf(out->hosts[0].name, sizeof(out->hosts[0].name), "%s",
                               endpoint_ip_text(&relay->remote, text));
                out->hosts[0].port = relay->remote.port;
                out->hosts[0].numeric = true;
            }
        }
    }
}

/* What a user names a relay by: its URL, or its key. */
static int url_read(const struct host_core *core, const char *text, struct url *out,
                    char problem[URL_ERROR_SIZE])
{
    uint8_t key[KEY_SIZE];

    if (key_parse(key, text, strlen(text)) == ERR_OK) {
        url_of_key(core, key, out);
        return ERR_OK;
    }
    return url_parse(out, text, strlen(text), problem);
}

int pinning_add(struct host_core *core, const char *text, char *error, size_t error_size,
                struct mono now)
{
    struct url url;
    char problem[URL_ERROR_SIZE];

    if (url_read(core, text, &url, problem) != ERR_OK) {
        return refuse(error, error_size, ERR_DROP, problem);
    }
    if (url.kind != URL_KIND_RELAY) {
        return refuse(error, error_size, ERR_DROP,
                      "this is the URL of a ziglan; to join it: ziglan join; a relay's begins with "
                      "relay://");
    }
    if (!url_is_usable(&url)) {
        return refuse(error, error_size, ERR_DROP, KEY_UNUSABLE_TEXT);
    }
    int rc = pins_add(&core->pins, &url);
    if (rc == ERR_LIMIT) {
        return refuse(error, error_size, rc, "8 relays are pinned; unpin one first");
    }
    if (rc != ERR_OK) {
        return refuse(error, error_size, rc, "this could not be stored; is the disk full?");
    }
    pins_keep(&core->pins, now);
    membership_relays_changed(core, now);
    return ERR_OK;
}

static void drop(struct host_core *core, struct pin *pin, struct mono now)
{
    struct relay_session *relay = pins_session(&core->pins, pin);

    pins_drop(&core->pins, pin);
    if (relay != NULL) {
        membership_relay_gone(core, relay);
        relay_set_remove(&core->relays, relay, now);
    }
}

int pinning_remove(struct host_core *core, const char *text, char *error, size_t error_size,
                   struct mono now)
{
    struct url url;
    char problem[URL_ERROR_SIZE];
    struct pin *pin = NULL;

    if (key_parse(url.key, text, strlen(text)) == ERR_OK ||
        url_parse(&url, text, strlen(text), problem) == ERR_OK) {
        pin = pins_find(&core->pins, url.key);
    }
    if (pin == NULL) {
        return refuse(error, error_size, ERR_DROP,
                      "no relay with this key is pinned; see: ziglan status");
    }
    if (pins_forget(&core->pins, pin) != ERR_OK) {
        return refuse(error, error_size, ERR_SYSTEM, "this could not be stored; is the disk full?");
    }
    if (pin->configured) {
        return refuse(error, error_size, ERR_DROP,
                      "the configuration names this relay; take it out of `relays` there");
    }
    drop(core, pin, now);
    return ERR_OK;
}

void pinning_configure(struct host_core *core, char *const *urls, size_t count, struct mono now)
{
    char problem[URL_ERROR_SIZE];
    struct url url;

    for (size_t i = 0; i < core->pins.count; i++) {
        core->pins.list[i].configured = false;
    }
    for (size_t i = 0; i < count; i++) {
        if (url_read(core, urls[i], &url, problem) == ERR_OK &&
            !pins_configure(&core->pins, &url)) {
            env_trace(core->env, TRACE_LEVEL_WARN, "config.relays",
                      "a host pins at most %d relays, so not all of `relays` are used", PINS_MAX);
        }
    }
    for (size_t i = core->pins.count; i-- > 0;) {
        if (!core->pins.list[i].stored && !core->pins.list[i].configured) {
            drop(core, &core->pins.list[i], now);
        }
    }
    pins_keep(&core->pins, now);
    membership_relays_changed(core, now);
}
