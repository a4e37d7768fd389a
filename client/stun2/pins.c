/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stored pin is the relay's key, with its URL as the value. */
#include "client/stun2/pins.h"

#include "proto/crypto/key_form.h"

#include <string.h>

struct pin *pins_find(struct pins *pins, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < pins->count; i++) {
        if (memcmp(pins->list[i].url.key, key, KEY_SIZE) == 0) {
            return &pins->list[i];
        }
    }
    return NULL;
}

/* The pin of this relay, made if there is none; NULL if there are too many. */
static struct pin *make(struct pins *pins, const struct url *url)
{
    struct pin *pin = pins_find(pins, url->key);

    if (pin == NULL && pins->count < PINS_MAX) {
        pin = &pins->list[pins->count++];
        *pin = (struct pin){0};
    }
    if (pin != NULL) {
        pin->url = *url;
    }
    return pin;
}

/* A pin without an address is its key alone. */
static int pin_print(const struct url *url, char text[URL_SIZE_MAX])
{
    if (url->hosts_count > 0) {
        return url_print(url, text, URL_SIZE_MAX);
    }
    (void)key_text(url->key, text);
    return ERR_OK;
}

static bool pin_read(struct url *out, const char *text, size_t size)
{
    char problem[URL_ERROR_SIZE];

    *out = (struct url){.kind = URL_KIND_RELAY};
    return key_parse(out->key, text, size) == ERR_OK ||
           (url_parse(out, text, size, problem) == ERR_OK && out->kind == URL_KIND_RELAY);
}

int pins_init(struct pins *pins, struct relay_set *relays, struct store *store,
              const struct env *env)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_RELAYS, NULL, 0);

    *pins = (struct pins){.relays = relays, .store = store, .env = env};
    for (;;) {
        char text[URL_SIZE_MAX];
        struct url url;
        size_t size;
        int rc = store_next_fitting(store, &cursor, text, sizeof(text), &size);

        if (rc != ERR_OK || size == STORE_NONE) {
            return rc;
        }
        if (!pin_read(&url, text, size)) {
            env_trace(env, TRACE_LEVEL_ERROR, "relay.load",
                      "a stored relay cannot be read and is passed over");
            continue;
        }
        struct pin *pin = make(pins, &url);
        if (pin != NULL) {
            pin->stored = true;
        }
    }
}

int pins_add(struct pins *pins, const struct url *url)
{
    char text[URL_SIZE_MAX];
    int rc = pins_find(pins, url->key) == NULL && pins->count == PINS_MAX ? ERR_LIMIT : ERR_OK;

    if (rc == ERR_OK) {
        rc = pin_print(url, text);
    }
    if (rc == ERR_OK) {
        rc = store_write(pins->store, STORE_TABLE_RELAYS, url->key, KEY_SIZE, text, strlen(text));
    }
    struct pin *pin = rc == ERR_OK ? make(pins, url) : NULL;
    if (pin != NULL) {
        pin->stored = true;
    }
    return rc;
}

bool pins_configure(struct pins *pins, const struct url *url)
{
    struct pin *pin = make(pins, url);

    if (pin != NULL) {
        pin->configured = true;
    }
    return pin != NULL;
}

int pins_forget(struct pins *pins, struct pin *pin)
{
    int rc = store_remove(pins->store, STORE_TABLE_RELAYS, pin->url.key, KEY_SIZE);

    pin->stored = rc != ERR_OK && pin->stored;
    return rc == ERR_OK ? relay_place_remove(pins->store, pin->url.key) : rc;
}

void pins_drop(struct pins *pins, struct pin *pin)
{
    *pin = pins->list[--pins->count];
}

struct relay_session *pins_session(const struct pins *pins, const struct pin *pin)
{
    return pin->number == 0 ? NULL : relay_set_find(pins->relays, pin->number);
}

static bool is_reached(const struct pins *pins, const struct pin *pin)
{
    const struct relay_session *relay;

    TAILQ_FOREACH(relay, &pins->relays->list, in_set)
    {
        if (relay->open && relay_session_is_used(relay) &&
            memcmp(relay->relay_key, pin->url.key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

void pins_keep(struct pins *pins, struct mono now)
{
    for (size_t i = 0; i < pins->count; i++) {
        struct pin *pin = &pins->list[i];

        if (pins_session(pins, pin) == NULL && !is_reached(pins, pin)) {
            const struct relay_session *relay = relay_set_add(pins->relays, &pin->url, now);

            pin->number = relay == NULL ? 0 : relay->number;
        }
    }
}
