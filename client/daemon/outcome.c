/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The line is one digit, which is the exit code, and the text up to the end of the stream.
 */
#include "client/daemon/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_SIZE = 1 + FAULT_TEXT_SIZE };

void outcome_write(int fd, enum exit_code code, const char *text)
{
    char line[LINE_SIZE];
    int size = snprintf(line, sizeof(line), "%c%s", '0' + (int)code, text);

    if (size >= LINE_SIZE) {
        size = LINE_SIZE - 1;
    }
    if (size > 0) {
        (void)!write(fd, line, (size_t)size); /* if the parent is gone, nobody waits */
    }
    (void)close(fd);
}

bool outcome_read(int fd, struct fault *out)
{
    char line[LINE_SIZE];
    size_t have = 0;
    ssize_t got;

    do {
        got = read(fd, line + have, sizeof(line) - 1 - have);
        have += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    line[have] = '\0';
    if (have == 0) {
        return false;
    }
    out->exit_code = (enum exit_code)(line[0] - '0');
    (void)snprintf(out->text, sizeof(out->text), "%s", line + 1);
    return true;
}
