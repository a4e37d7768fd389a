/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text is cut into words at each byte that can be part of neither a key, an address nor a name.
 * A word is taken out whole if it is one of these. Whether ten letters are the beginning of a key,
 * as logs have it, is told by the word before them ("peer="), or because a key that was seen begins
 * so.
 */
#include "proto/doctor/redact.h"

#include "proto/net/endpoint.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_SIZE_TEXT = 52, /* base32 */
    INVITE_SIZE_TEXT = 26,
    SHORT_SIZE = 10,
    SOLANA_MIN = 32, /* base58 */
    SEEN_MAX = 4096,
    SEEN_SIZE = 256,
    NAME_MIN = 3,
    MAC_SIZE_TEXT = 17,
    HEX_MIN = 32,
};

enum kind { KIND_KEY, KIND_ADDRESS, KIND_NAME, KIND_NONE };

struct seen {
    enum kind kind;
    unsigned number;
    char word[SEEN_SIZE];
};

struct redaction {
    struct seen *list;
    size_t count, room;
    unsigned numbers[KIND_NONE];
};

struct redaction *redaction_new(void)
{
    return calloc(1, sizeof(struct redaction));
}

void redaction_free(struct redaction *redaction)
{
    if (redaction != NULL && redaction->list != NULL) {
        explicit_bzero(redaction->list, redaction->room * sizeof(*redaction->list));
        free(redaction->list);
    }
    free(redaction);
}

/* ---- what was seen ---- */

static bool is_begun_by(const struct seen *seen, const char *word, size_t size)
{
    return strncmp(seen->word, word, size) == 0 &&
           (seen->word[size] == '\0' ||
            (seen->kind == KIND_KEY && size == SHORT_SIZE && strlen(seen->word) == KEY_SIZE_TEXT));
}

static const struct seen *seen_find(const struct redaction *redaction, const char *word,
                                    size_t size)
{
    for (size_t i = 0; i < redaction->count; i++) {
        if (size < SEEN_SIZE && is_begun_by(&redaction->list[i], word, size)) {
            return &redaction->list[i];
        }
    }
    return NULL;
}

/* Note a word of this kind. NULL without memory; one too many has the number of the last. */
static const struct seen *seen_add(struct redaction *redaction, enum kind kind, const char *word,
                                   size_t size)
{
    const struct seen *old = seen_find(redaction, word, size);
    struct seen *seen;

    if (old != NULL) {
        return old;
    }
    if (redaction->count == SEEN_MAX) {
        return &redaction->list[SEEN_MAX - 1];
    }
    if (redaction->count == redaction->room) {
        size_t room = redaction->room == 0 ? 64 : redaction->room * 2;
        struct seen *list = realloc(redaction->list, room * sizeof(*list));

        if (list == NULL) {
            return NULL;
        }
        redaction->list = list;
        redaction->room = room;
    }
    seen = &redaction->list[redaction->count++];
    memset(seen, 0, sizeof(*seen));
    seen->kind = kind;
    seen->number = ++redaction->numbers[kind];
    memcpy(seen->word, word, size < SEEN_SIZE ? size : SEEN_SIZE - 1);
    return seen;
}

bool redaction_name(struct redaction *redaction, const char *name)
{
    size_t size = strlen(name);

    return size < NAME_MIN || seen_add(redaction, KIND_NAME, name, size) != NULL;
}

/* ---- words ---- */

static bool all_of(const char *word, size_t size, const char *letters)
{
    return strspn(word, letters) >= size;
}

static bool is_key(const char *word, size_t size, const char *before, size_t before_size)
{
    static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
    static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    static const char hexadecimal[] = "0123456789abcdefABCDEF";
    static const char *const heads[] = {"peer", "key", "invite", "relay", "id", "as", "other"};

    if ((size == KEY_SIZE_TEXT || size == INVITE_SIZE_TEXT) && all_of(word, size, base32)) {
        return true;
    }
    if (size >= SOLANA_MIN && (all_of(word, size, base58) || all_of(word, size, base32) ||
                               all_of(word, size, hexadecimal))) {
        return true;
    }
    for (size_t i = 0; size == SHORT_SIZE && i < sizeof(heads) / sizeof(heads[0]); i++) {
        if (all_of(word, size, base32) && before_size == strlen(heads[i]) &&
            memcmp(before, heads[i], before_size) == 0) {
            return true;
        }
    }
    return false;
}

/* An IP address or a MAC address; not the one that means any. */
static bool is_address(const char *word, size_t size)
{
    static const uint8_t zero[16] = {0};
    char text[64];
    struct endpoint found;

    if (size >= sizeof(text) || size < 2) {
        return false;
    }
    memcpy(text, word, size);
    text[size] = '\0';
    if (size == MAC_SIZE_TEXT && all_of(text, size, "0123456789abcdefABCDEF:") && text[2] == ':' &&
        text[14] == ':') {
        return true;
    }
    return endpoint_parse_ip(&found, text, 0) && memcmp(found.ip, zero, sizeof(zero)) != 0 &&
           strcmp(text, "0.0.0.0") != 0;
}

static enum kind kind_of(const struct redaction *redaction, const char *word, size_t size,
                         const char *before, size_t before_size)
{
    const struct seen *seen = seen_find(redaction, word, size);

    if (seen != NULL) {
        return seen->kind;
    }
    if (is_key(word, size, before, before_size)) {
        return KIND_KEY;
    }
    return is_address(word, size) ? KIND_ADDRESS : KIND_NONE;
}

/* ---- the text ---- */

static bool is_part(char c, bool dots)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || (dots && (c == '.' || c == ':'));
}

static size_t part_size(const char *text, bool dots)
{
    size_t size = 0;

    while (is_part(text[size], dots)) {
        size++;
    }
    while (
        dots && size > 0 &&
        (text[size - 1] == '.' || (text[size - 1] == ':' && (size < 2 || text[size - 2] != ':')))) {
        size--; /* the end of a sentence */
    }
    return size;
}

struct writer {
    FILE *to;
    const char *before; /* the word before this one */
    size_t before_size;
    bool ok;
};

static void word_write(struct redaction *redaction, struct writer *writer, const char *word,
                       size_t size)
{
    static const char *const kinds[] = {"key", "address", "name"};
    enum kind kind = kind_of(redaction, word, size, writer->before, writer->before_size);
    const struct seen *seen = kind != KIND_NONE ? seen_add(redaction, kind, word, size) : NULL;

    if (seen != NULL) {
        (void)fprintf(writer->to, "<%s-%u>", kinds[seen->kind], seen->number);
    } else if (kind == KIND_NONE) {
        (void)fwrite(word, 1, size, writer->to);
    } else {
        writer->ok = false;
    }
    writer->before = word;
    writer->before_size = size;
}

/* A word with dots and colons is an address or a name as a whole, or several words. */
static void chunk_write(struct redaction *redaction, struct writer *writer, const char *text,
                        size_t size)
{
    const char *colon = memchr(text, ':', size);
    size_t head = colon != NULL && memchr(colon + 1, ':', size - (size_t)(colon + 1 - text)) == NULL
                      ? (size_t)(colon - text)
                      : size; /* before the port, if it is one */

    if (kind_of(redaction, text, head, writer->before, writer->before_size) != KIND_NONE) {
        word_write(redaction, writer, text, head);
        (void)fwrite(text + head, 1, size - head, writer->to);
        return;
    }
    for (size_t at = 0; at < size;) {
        size_t part = part_size(text + at, false);

        part = part < size - at ? part : size - at;
        if (part > 0) {
            word_write(redaction, writer, text + at, part);
        } else {
            (void)fputc(text[at], writer->to);
            part = 1;
        }
        at += part;
    }
}

char *redaction_apply(struct redaction *redaction, const char *text)
{
    char *out = NULL;
    size_t out_size = 0;
    struct writer writer = {.to = open_memstream(&out, &out_size), .before = "", .ok = true};

    if (writer.to == NULL) {
        return NULL;
    }
    while (*text != '\0') {
        size_t size = part_size(text, true);

        if (size > 0) {
            chunk_write(redaction, &writer, text, size);
            text += size;
        } else {
            (void)fputc(*text, writer.to);
            text++;
        }
    }
    if (fclose(writer.to) != 0 || !writer.ok) {
        free(out);
        return NULL;
    }
    return out;
}
