/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of groups and notes: checked, kept in the order in which they came, and as bytes. */
#include "rendezvous/directory/directory_groups.h"

#include "proto/base/utf8.h"
#include "proto/wire/name.h"

#include <string.h>

/* A label that is not too long. */
static bool group_is(const char *name)
{
    size_t size = strlen(name);

    return size <= DIRECTORY_GROUP_SIZE_MAX && name_is_label(name, size);
}

/* Where a group is; the count if it is not there. */
static size_t place_of(const struct directory_groups *groups, const char *name)
{
    size_t i = 0;

    while (i < groups->count && strcmp(groups->list[i], name) != 0) {
        i++;
    }
    return i;
}

int directory_groups_add(struct directory_groups *groups, const char *name)
{
    if (!group_is(name)) {
        return ERR_DROP;
    }
    if (place_of(groups, name) < groups->count) {
        return ERR_OK;
    }
    if (groups->count == DIRECTORY_GROUPS_MAX) {
        return ERR_LIMIT;
    }
    memset(groups->list[groups->count], 0, sizeof(groups->list[0]));
    memcpy(groups->list[groups->count], name, strlen(name));
    groups->count++;
    return ERR_OK;
}

bool directory_groups_remove(struct directory_groups *groups, const char *name)
{
    size_t at = place_of(groups, name);

    if (at == groups->count) {
        return false;
    }
    groups->count--;
    memmove(groups->list[at], groups->list[at + 1], (groups->count - at) * sizeof(groups->list[0]));
    return true;
}

const char *directory_groups_text(const struct directory_groups *groups,
                                  char text[DIRECTORY_GROUPS_TEXT_SIZE])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < groups->count; i++) {
        size_t size = strlen(groups->list[i]);

        if (i > 0) {
            text[used++] = ',';
        }
        memcpy(text + used, groups->list[i], size + 1);
        used += size;
    }
    return text;
}

struct directory_groups directory_groups_of(const struct record_admission *admission)
{
    struct directory_groups groups = {0};

    for (size_t i = 0; i < admission->groups_count; i++) {
        /* A longer name is none that this relay gave. */
        (void)!directory_groups_add(&groups, admission->groups[i]);
    }
    return groups;
}

void directory_groups_set(struct record_admission *admission, const struct directory_groups *groups)
{
    memset(admission->groups, 0, sizeof(admission->groups));
    for (size_t i = 0; i < groups->count; i++) {
        memcpy(admission->groups[i], groups->list[i], strlen(groups->list[i]));
    }
    admission->groups_count = groups->count;
}

void directory_groups_write(struct wbuf *w, const struct directory_groups *groups)
{
    wbuf_u8(w, (uint8_t)groups->count);
    for (size_t i = 0; i < groups->count; i++) {
        size_t size = strlen(groups->list[i]);

        wbuf_u8(w, (uint8_t)size);
        wbuf_put(w, groups->list[i], size);
    }
}

void directory_groups_read(struct rbuf *r, struct directory_groups *out)
{
    size_t count = rbuf_u8(r);

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < count && !r->failed; i++) {
        char name[DIRECTORY_GROUP_SIZE_MAX + 1] = "";
        size_t size = rbuf_u8(r);

        if (size > DIRECTORY_GROUP_SIZE_MAX) {
            r->failed = true;
            return;
        }
        rbuf_copy(r, name, size);
        r->failed = r->failed || directory_groups_add(out, name) != ERR_OK;
    }
}

bool directory_note_is(const char *note)
{
    size_t used = 0;

    while (note[used] != '\0') {
        size_t size = utf8_size(note + used);

        if (size == 0 || used + size > DIRECTORY_NOTE_SIZE_MAX) {
            return false;
        }
        used += size;
    }
    return true;
}

void directory_note_write(struct wbuf *w, const char *note)
{
    size_t size = strlen(note);

    wbuf_u8(w, (uint8_t)size);
    wbuf_put(w, note, size);
}

void directory_note_read(struct rbuf *r, char note[DIRECTORY_NOTE_TEXT_SIZE])
{
    size_t size = rbuf_u8(r);

    memset(note, 0, DIRECTORY_NOTE_TEXT_SIZE);
    if (size > DIRECTORY_NOTE_SIZE_MAX) {
        r->failed = true;
        return;
    }
    rbuf_copy(r, note, size);
    r->failed = r->failed || !directory_note_is(note);
}
