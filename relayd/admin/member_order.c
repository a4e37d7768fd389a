/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants are RFC 3339 in UTC, so they are in order as texts. */
#include "relayd/admin/member_order.h"

#include <stdlib.h>
#include <string.h>

const char member_orders[] = "name, seen, traffic, joined or expires";

static const char *text_of(const json_t *member, const char *field)
{
    const char *text = json_string_value(json_object_get(member, field));

    return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *member, const char *field)
{
    return json_integer_value(json_object_get(member, field));
}

/* Texts, those that are empty last. */
static int texts(const json_t *a, const json_t *b, const char *field)
{
    const char *left = text_of(a, field), *right = text_of(b, field);
    int order = (left[0] == '\0') - (right[0] == '\0');

    return order != 0 ? order : strcmp(left, right);
}

/* The same, the latest first. */
static int texts_back(const json_t *a, const json_t *b, const char *field)
{
    int order = (text_of(a, field)[0] == '\0') - (text_of(b, field)[0] == '\0');

    return order != 0 ? order : strcmp(text_of(b, field), text_of(a, field));
}

static int names(const json_t *a, const json_t *b)
{
    int order = texts(a, b, "name");

    order = order != 0 ? order : strcmp(text_of(a, "state"), text_of(b, "state"));
    return order != 0 ? order : strcmp(text_of(a, "key"), text_of(b, "key"));
}

static int by_name(const void *left, const void *right)
{
    return names(*(const json_t *const *)left, *(const json_t *const *)right);
}

static int by_seen(const void *left, const void *right)
{
    const json_t *a = *(const json_t *const *)left, *b = *(const json_t *const *)right;
    int order = texts_back(a, b, "last_seen");

    return order != 0 ? order : names(a, b);
}

static int by_traffic(const void *left, const void *right)
{
    const json_t *a = *(const json_t *const *)left, *b = *(const json_t *const *)right;
    json_int_t of_a = number_of(a, "rx_bytes") + number_of(a, "tx_bytes");
    json_int_t of_b = number_of(b, "rx_bytes") + number_of(b, "tx_bytes");

    return of_a != of_b ? (of_a < of_b) - (of_a > of_b) : names(a, b);
}

static int by_joined(const void *left, const void *right)
{
    const json_t *a = *(const json_t *const *)left, *b = *(const json_t *const *)right;
    int order = texts_back(a, b, "joined");

    return order != 0 ? order : names(a, b);
}

static int by_expires(const void *left, const void *right)
{
    const json_t *a = *(const json_t *const *)left, *b = *(const json_t *const *)right;
    int order = texts(a, b, "ends");

    return order != 0 ? order : names(a, b);
}

static const struct {
    const char *name;
    int (*compare)(const void *left, const void *right);
} orders[] = {{"name", by_name},
              {"seen", by_seen},
              {"traffic", by_traffic},
              {"joined", by_joined},
              {"expires", by_expires}};

/* The same rows in another order. */
static json_t *rows_sort(const json_t *list, int (*compare)(const void *, const void *))
{
    size_t count = json_array_size(list);
    json_t **rows = calloc(count + 1, sizeof(json_t *));
    json_t *out = rows != NULL ? json_array() : NULL;

    for (size_t i = 0; out != NULL && i < count; i++) {
        rows[i] = json_array_get(list, i);
    }
    if (out != NULL) {
        qsort(rows, count, sizeof(json_t *), compare);
    }
    for (size_t i = 0; out != NULL && i < count; i++) {
        if (json_array_append(out, rows[i]) != 0) {
            json_decref(out);
            out = NULL;
        }
    }
    free(rows);
    return out;
}

json_t *member_order_sort(json_t *list, const char *order, bool *known)
{
    json_t *out = NULL;

    *known = false;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (strcmp(order != NULL ? order : "name", orders[i].name) == 0) {
            *known = true;
            out = rows_sort(list, orders[i].compare);
        }
    }
    json_decref(list);
    return out;
}
