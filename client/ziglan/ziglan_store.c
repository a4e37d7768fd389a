/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layout of a record: version(1) admitted(1), then texts, each as length(2) and bytes: the URL, the
 * ziglan's name, our name. From version 2 on our member part follows (length and bytes), from 3 on
 * the wanted name; 4 is the same of one that was left, which older programs pass over. The order is
 * one row of keys in the table of single values, which older programs do not read, and so are the
 * address of each entry point, and when a ziglan was left.
 */
#include "client/ziglan/ziglan_store.h"

#include "proto/base/bytes.h"
#include "proto/base/rbuf.h"
#include "proto/base/wbuf.h"

#include <string.h>

enum {
    STORED_VERSION_BARE = 1,           /* without the member part */
    STORED_VERSION_WITHOUT_WANTED = 2, /* without the wanted name */
    STORED_VERSION = 3,
    STORED_VERSION_LEFT = 4, /* the same of one that was left */
    STORED_SIZE_MAX = 4096,
};

static const char order_key[] = "ziglan-order";
/* Before the ziglan's key; both are of one length. */
static const char address_key[] = "ziglan-address ";
static const char left_key[] = "ziglan-left-at ";

enum { KEYED_SIZE = sizeof(address_key) - 1, KEYED_NAME_SIZE = KEYED_SIZE + KEY_SIZE };
_Static_assert(sizeof(left_key) == sizeof(address_key), "keyed_name is for both");

static void put_text(struct wbuf *w, const char *text)
{
    size_t size = strlen(text);

    wbuf_u16(w, u16_of(size));
    wbuf_put(w, text, size);
}

static bool take_text(struct rbuf *r, char *out, size_t capacity)
{
    size_t size = rbuf_u16(r);

    if (size >= capacity) {
        return false;
    }
    rbuf_copy(r, out, size);
    out[size] = '\0';
    return true;
}

int ziglan_store_put(struct store *store, const struct ziglan_record *record)
{
    uint8_t value[STORED_SIZE_MAX];
    char url[URL_SIZE_MAX + 1];
    struct wbuf w = wbuf_over(value, sizeof(value));

    if (url_print(&record->url, url, sizeof(url)) != ERR_OK) {
        return ERR_SYSTEM;
    }
    wbuf_u8(&w, record->left ? STORED_VERSION_LEFT : STORED_VERSION);
    wbuf_u8(&w, record->admitted ? 1 : 0);
    put_text(&w, url);
    put_text(&w, record->name);
    put_text(&w, record->granted);
    wbuf_u16(&w, u16_of(record->part_size));
    wbuf_put(&w, record->part, record->part_size);
    put_text(&w, record->wanted);
    if (!wbuf_ok(&w)) {
        return ERR_SYSTEM;
    }
    return store_write(store, STORE_TABLE_ZIGLANS, record->url.key, KEY_SIZE, value, wbuf_size(&w));
}

static void keyed_name(uint8_t name[KEYED_NAME_SIZE], const char *begin,
                       const uint8_t key[KEY_SIZE])
{
    memcpy(name, begin, KEYED_SIZE);
    memcpy(name + KEYED_SIZE, key, KEY_SIZE);
}

int ziglan_store_remove(struct store *store, const uint8_t key[KEY_SIZE])
{
    uint8_t name[KEYED_NAME_SIZE];
    int rc = store_remove(store, STORE_TABLE_ZIGLANS, key, KEY_SIZE);

    if (rc == ERR_OK) {
        keyed_name(name, left_key, key);
        rc = store_remove(store, STORE_TABLE_META, name, sizeof(name));
    }
    if (rc == ERR_OK) {
        keyed_name(name, address_key, key);
        rc = store_remove(store, STORE_TABLE_META, name, sizeof(name));
    }
    return rc == ERR_OK ? relay_place_remove(store, key) : rc;
}

static int decode(struct ziglan_record *out, const struct store_cursor *cursor,
                  const uint8_t *value, size_t size)
{
    char text[URL_SIZE_MAX + 1];
    char error[URL_ERROR_SIZE];
    struct rbuf r = rbuf_over(value, size);
    struct ziglan_record record = {0};
    uint8_t version = rbuf_u8(&r);

    record.admitted = rbuf_u8(&r) == 1;
    record.left = version == STORED_VERSION_LEFT;
    if (version < STORED_VERSION_BARE || version > STORED_VERSION_LEFT ||
        !take_text(&r, text, sizeof(text)) || !take_text(&r, record.name, sizeof(record.name)) ||
        !take_text(&r, record.granted, sizeof(record.granted))) {
        return ERR_DROP;
    }
    record.part_size = version != STORED_VERSION_BARE ? rbuf_u16(&r) : 0;
    if (record.part_size > sizeof(record.part)) {
        return ERR_DROP;
    }
    rbuf_copy(&r, record.part, record.part_size);
    if (version >= STORED_VERSION && !take_text(&r, record.wanted, sizeof(record.wanted))) {
        return ERR_DROP;
    }
    if (!rbuf_done(&r) || url_parse(&record.url, text, strlen(text), error) != ERR_OK ||
        cursor->key_size != KEY_SIZE || memcmp(record.url.key, cursor->key, KEY_SIZE) != 0) {
        return ERR_DROP;
    }
    *out = record;
    return ERR_OK;
}

int ziglan_store_next(struct store *store, struct store_cursor *cursor, struct ziglan_record *out,
                      bool *found)
{
    uint8_t value[STORED_SIZE_MAX];
    size_t size;
    int rc = store_next(store, cursor, value, sizeof(value), &size);

    *found = rc == ERR_OK && size != STORE_NONE;
    return *found ? decode(out, cursor, value, size) : rc;
}

int ziglan_store_key_check(struct store *store, const uint8_t key[KEY_SIZE],
                           uint8_t other[KEY_SIZE], bool *same)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0);
    struct ziglan_record record;
    struct record_header part;
    bool found = true;
    int rc = ERR_OK;

    *same = true;
    while (*same && found) {
        rc = ziglan_store_next(store, &cursor, &record, &found);
        if (rc != ERR_OK && rc != ERR_DROP) {
            return rc;
        }
        if (rc == ERR_OK && found &&
            record_header_peek(&part, record.part, record.part_size) == ERR_OK &&
            memcmp(part.key, key, KEY_SIZE) != 0) {
            memcpy(other, part.key, KEY_SIZE);
            *same = false;
        }
    }
    return ERR_OK;
}

int ziglan_store_put_order(struct store *store, const struct ziglan_order *order)
{
    return store_write(store, STORE_TABLE_META, order_key, sizeof(order_key) - 1, order->keys,
                       order->count * KEY_SIZE);
}

int ziglan_store_get_order(struct store *store, struct ziglan_order *out)
{
    size_t size;
    int rc = store_read_sized(store, STORE_TABLE_META, order_key, sizeof(order_key) - 1, out->keys,
                              0, sizeof(out->keys), &size);

    out->count = rc == ERR_OK && size != STORE_NONE ? size / KEY_SIZE : 0;
    return rc;
}

int ziglan_store_put_address(struct store *store, const uint8_t key[KEY_SIZE],
                             const struct endpoint *address)
{
    uint8_t name[KEYED_NAME_SIZE];
    uint8_t value[ENDPOINT_BYTES_SIZE];
    struct wbuf w = wbuf_over(value, sizeof(value));

    keyed_name(name, address_key, key);
    wbuf_put(&w, address->ip, sizeof(address->ip));
    wbuf_u16(&w, address->port);
    return store_write(store, STORE_TABLE_META, name, sizeof(name), value, wbuf_size(&w));
}

int ziglan_store_get_address(struct store *store, const uint8_t key[KEY_SIZE], struct endpoint *out)
{
    uint8_t name[KEYED_NAME_SIZE];
    uint8_t value[ENDPOINT_BYTES_SIZE];
    size_t size;
    int rc;

    *out = (struct endpoint){0};
    keyed_name(name, address_key, key);
    rc = store_read_sized(store, STORE_TABLE_META, name, sizeof(name), value, sizeof(value),
                          sizeof(value), &size);
    if (rc == ERR_OK && size != STORE_NONE) {
        struct rbuf r = rbuf_over(value, size);

        rbuf_copy(&r, out->ip, sizeof(out->ip));
        out->port = rbuf_u16(&r);
    }
    return rc;
}

int ziglan_store_put_left_at(struct store *store, const uint8_t key[KEY_SIZE], uint64_t wall_ms)
{
    uint8_t name[KEYED_NAME_SIZE];
    uint8_t value[sizeof(wall_ms)];
    struct wbuf w = wbuf_over(value, sizeof(value));

    keyed_name(name, left_key, key);
    wbuf_u64(&w, wall_ms);
    return store_write(store, STORE_TABLE_META, name, sizeof(name), value, wbuf_size(&w));
}

int ziglan_store_get_left_at(struct store *store, const uint8_t key[KEY_SIZE], uint64_t *wall_ms)
{
    uint8_t name[KEYED_NAME_SIZE];
    uint8_t value[sizeof(*wall_ms)];
    size_t size;
    int rc;

    *wall_ms = 0;
    keyed_name(name, left_key, key);
    rc = store_read_sized(store, STORE_TABLE_META, name, sizeof(name), value, sizeof(value),
                          sizeof(value), &size);
    if (rc == ERR_OK && size != STORE_NONE) {
        struct rbuf r = rbuf_over(value, size);

        *wall_ms = rbuf_u64(&r);
    }
    return rc;
}
