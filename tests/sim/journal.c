/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One hash over all events, and a ring of the last transitions as text. */
#include "tests/sim/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void journal_init(struct journal *journal, bool verbose)
{
    memset(journal, 0, sizeof(*journal));
    journal->verbose = verbose;
    (void)crypto_generichash_init(&journal->hash, NULL, 0, JOURNAL_HASH_SIZE);
}

static void hash(struct journal *journal, const void *data, size_t size)
{
    (void)crypto_generichash_update(&journal->hash, data, size);
}

static void begin(struct journal *journal, const char *event)
{
    uint64_t ns = journal->now.ns;

    journal->events++;
    hash(journal, &ns, sizeof(ns));
    hash(journal, event, strlen(event) + 1);
}

void journal_bytes(struct journal *journal, const char *event, const struct endpoint *from,
                   const struct endpoint *to, const uint8_t *data, size_t size)
{
    begin(journal, event);
    hash(journal, from->ip, sizeof(from->ip));
    hash(journal, &from->port, sizeof(from->port));
    hash(journal, to->ip, sizeof(to->ip));
    hash(journal, &to->port, sizeof(to->port));
    hash(journal, data, size);
}

void journal_line(struct journal *journal, const char *format, ...)
{
    char *line = journal->lines[journal->lines_count % JOURNAL_LINES_MAX];
    va_list args;
    int head = snprintf(line, JOURNAL_LINE_SIZE, "%9.4f ", (double)journal->now.ns / 1e9);

    va_start(args, format);
    (void)vsnprintf(line + head, (size_t)(JOURNAL_LINE_SIZE - head), format, args);
    va_end(args);
    begin(journal, line);
    journal->lines_count++;
    if (journal->verbose) {
        printf("%s\n", line);
    }
}

void journal_finish(struct journal *journal, char text[2 * JOURNAL_HASH_SIZE + 1])
{
    uint8_t digest[JOURNAL_HASH_SIZE];

    (void)crypto_generichash_final(&journal->hash, digest, sizeof(digest));
    (void)sodium_bin2hex(text, 2 * sizeof(digest) + 1, digest, sizeof(digest));
}

void journal_dump(const struct journal *journal)
{
    uint64_t first =
        journal->lines_count > JOURNAL_LINES_MAX ? journal->lines_count - JOURNAL_LINES_MAX : 0;

    for (uint64_t i = first; i < journal->lines_count; i++) {
        fprintf(stderr, "  %s\n", journal->lines[i % JOURNAL_LINES_MAX]);
    }
}
