/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of names stand in name_problem; name_sanitise asks it, too. */
#include "proto/wire/name.h"

#include "proto/base/base32.h"
#include "proto/wire/frame.h"

#include <stdint.h>
#include <string.h>

enum { HEX_SIZE = 32 };

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool name_is_label(const char *name, size_t size)
{
    if (size < 1 || size > NAME_SIZE_MAX || name[0] == '-' || name[size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_alnum(name[i]) && name[i] != '-') {
            return false;
        }
    }
    return true;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool name_fold(char out[NAME_TEXT_SIZE], const char *name, size_t size)
{
    if (size == 0 || size >= NAME_TEXT_SIZE) {
        return false;
    }
    memset(out, 0, NAME_TEXT_SIZE);
    for (size_t i = 0; i < size; i++) {
        out[i] = lower(name[i]);
    }
    return true;
}

static bool looks_like_hex(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!(name[i] >= '0' && name[i] <= '9') && !(name[i] >= 'a' && name[i] <= 'f')) {
            return false;
        }
    }
    return size == HEX_SIZE;
}

static bool looks_like_key(const char *name, size_t size)
{
    uint8_t key[KEY_SIZE];

    return base32_decode(key, sizeof(key), name, size) == ERR_OK;
}

static bool reserved(const char *name, size_t size)
{
    static const char *const names[] = {"admin", "localhost"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) {
            return true;
        }
    }
    return false;
}

const char *name_problem(const char *name, size_t size)
{
    /* Programs decode what follows this prefix into letters of any script, so that one name can
     * look like another. */
    static const char shown_otherwise[] = "xn--";

    if (size == 0) {
        return "A name cannot be empty.";
    }
    if (size > NAME_SIZE_MAX) {
        return "A name has at most 63 characters.";
    }
    if (!name_is_label(name, size)) {
        return "A name has only lower-case letters, digits and hyphens, "
               "and no hyphen at its ends.";
    }
    if (size >= sizeof(shown_otherwise) - 1 &&
        memcmp(name, shown_otherwise, sizeof(shown_otherwise) - 1) == 0) {
        return "A name cannot begin with xn--: programs show it as other letters.";
    }
    if (reserved(name, size)) {
        return "This name is reserved.";
    }
    if (looks_like_key(name, size)) {
        return "This name looks like a key.";
    }
    if (looks_like_hex(name, size)) {
        return "This name looks like an address: 32 hexadecimal digits.";
    }
    return NULL;
}

const char *name_sanitise(char name[NAME_TEXT_SIZE], const char *text, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < size && text[i] != '.' && used < NAME_SIZE_MAX; i++) {
        char c = text[i];

        c = lower(c);
        if (is_alnum(c)) {
            name[used] = c;
            used++;
        } else if (used > 0 && name[used - 1] != '-') {
            name[used] = '-';
            used++;
        }
    }
    while (used > 0 && name[used - 1] == '-') {
        used--;
    }
    name[used] = '\0';
    if (name_problem(name, used) != NULL) {
        memcpy(name, "host", sizeof("host"));
    }
    return name;
}
