/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One walk over the directory; a name of many thousands of members costs the operator 100 ms. */
#include "relayd/service/who.h"

#include "proto/crypto/identity.h"
#include "relayd/service/member.h"

#include <string.h>

struct who who_of(const struct relay_base *base, const struct directory_entry *row)
{
    struct who who = {.state = WHO_STATE_STRANGER, .expires_ms = row->expires_ms};

    memcpy(who.key, row->key, KEY_SIZE);
    memcpy(who.name, row->name, sizeof(who.name));
    if (directory_entry_is_member(row)) {
        who.state = WHO_STATE_MEMBER;
        who.online = member_session(base, row->key) != NULL;
    } else if (row->revocation_size > 0) {
        who.state = directory_entry_is_revoked(row) ? WHO_STATE_REVOKED : WHO_STATE_LEFT;
    }
    return who;
}

static void add(const struct relay_base *base, const struct directory_entry *row,
                struct who_fits *out)
{
    if (out->count == WHO_MAX) {
        out->more = true;
        return;
    }
    out->list[out->count++] = who_of(base, row);
}

/* True for "nas-2" if the base is "nas". */
static bool is_numbered(const char *name, const char *base)
{
    size_t size = strlen(base);

    return strncmp(name, base, size) == 0 && name[size] == '-' && name[size + 1] != '\0' &&
           strspn(name + size + 1, "0123456789") == strlen(name + size + 1);
}

static bool fits(const struct directory_entry *row, const char *name, bool revoked_only)
{
    bool named = strcmp(row->name, name) == 0 || key_begins(row->key, name);

    if (revoked_only) {
        return directory_entry_is_revoked(row) && named;
    }
    return named || (directory_entry_is_member(row) && is_numbered(row->name, name));
}

static enum verdict find_all(const struct relay_base *base, const char *name, bool revoked_only,
                             struct who_fits *out)
{
    struct directory_entry row;
    uint8_t key[KEY_SIZE] = {0};
    enum verdict verdict = directory_next(base->directory, key, &row);

    for (; verdict == VERDICT_OK; verdict = directory_next(base->directory, key, &row)) {
        if (fits(&row, name, revoked_only)) {
            add(base, &row, out);
        }
    }
    if (verdict != VERDICT_NOT_FOUND) {
        return verdict;
    }
    return out->count > 0 ? VERDICT_OK : VERDICT_NOT_FOUND;
}

static enum verdict find_key(const struct relay_base *base, const uint8_t key[KEY_SIZE],
                             struct who_fits *out)
{
    struct directory_entry row;
    enum verdict verdict = directory_find_key(base->directory, key, &row);

    if (verdict == VERDICT_OK || verdict == VERDICT_NOT_FOUND) {
        add(base, &row, out); /* also a stranger's, of which the row has nothing but the key */
        return VERDICT_OK;
    }
    return verdict;
}

static enum verdict find(const struct relay_base *base, const char *text, bool revoked_only,
                         struct who_fits *out)
{
    char name[NAME_TEXT_SIZE];
    uint8_t key[KEY_SIZE];
    struct directory_entry row;

    memset(out, 0, sizeof(*out));
    if (key_parse(key, text, strlen(text)) == ERR_OK) {
        return find_key(base, key, out);
    }
    if (!name_fold(name, text, strlen(text))) {
        return VERDICT_NOT_FOUND;
    }
    if (!revoked_only) {
        enum verdict verdict = directory_find_name(base->directory, name, &row);
        if (verdict == VERDICT_OK) {
            add(base, &row, out);
        }
        if (verdict != VERDICT_NOT_FOUND) {
            return verdict;
        }
    }
    return find_all(base, name, revoked_only, out);
}

enum verdict who_find(const struct relay_base *base, const char *text, struct who_fits *out)
{
    return find(base, text, false, out);
}

enum verdict who_find_revoked(const struct relay_base *base, const char *text, struct who_fits *out)
{
    return find(base, text, true, out);
}
