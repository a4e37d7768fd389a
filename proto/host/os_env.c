/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operating system behind an env. Lines of one event name are limited in rate, so that no peer
 * can fill a disk with them.
 */
#include "proto/host/os_env.h"

#include "proto/base/bucket.h"
#include "proto/base/bytes.h"
#include "proto/host/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENT_SLOTS = 64, /* event names whose rate is known at a time */
    EVENT_NAME_SIZE = 48,
};

/* Lines of one event name. */
static const struct bucket_rate line_rate = {.per_s = 2, .burst = 20};

/* How often one event name may still be printed. */
struct event_limit {
    char name[EVENT_NAME_SIZE];
    struct bucket lines;
    uint64_t left_out;
};

struct os_env {
    struct env port;
    enum trace_level level;
    bool journal;   /* lines carry a priority, the journal adds the time */
    int journal_fd; /* a socket to it, for fields; -1: none */
    bool json;
    const struct os_env_forms *forms; /* NULL: none */
    bool colored;
    const struct os_env_saying *sayings; /* NULL: none */
    struct event_limit limits[EVENT_SLOTS];
};

static void os_random(void *context, void *buf, size_t size)
{
    uint8_t *at = buf;

    (void)context;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);

        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        at += got;
        size -= (size_t)got;
    }
}

static uint64_t os_wall_ms(void *context)
{
    struct timespec now;

    (void)context;
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

static uint32_t name_hash(const char *name)
{
    uint32_t hash = 2166136261u;

    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    }
    return hash;
}

/* Take one token of the event's bucket. An event whose name falls into the same slot takes the slot
 * over; then the limit begins anew for both, and no line is lost by that. */
static bool event_may_pass(struct os_env *os, const char *event, uint64_t *left_out)
{
    struct event_limit *limit = &os->limits[name_hash(event) % EVENT_SLOTS];
    struct mono now = clock_mono();

    if (strncmp(limit->name, event, EVENT_NAME_SIZE - 1) != 0) {
        bucket_init(&limit->lines, &line_rate, now);
        limit->left_out = 0;
        (void)snprintf(limit->name, sizeof(limit->name), "%s", event);
    }
    if (!bucket_take(&limit->lines, &line_rate, 1, now)) {
        limit->left_out++;
        return false;
    }
    *left_out = limit->left_out;
    limit->left_out = 0;
    return true;
}

/* What stands for the event's name; NULL: nothing. */
static const char *sentence_of(const struct os_env *os, const char *event)
{
    for (const struct os_env_saying *s = os->sayings; s != NULL && s->event != NULL; s++) {
        if (strcmp(s->event, event) == 0) {
            return s->sentence;
        }
    }
    return NULL;
}

/* The part of a line before its text. plain: for a person, without level and milliseconds. */
static void line_start(const struct os_env *os, enum trace_level level, bool plain, char *out,
                       size_t size)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    static const char *const colors[] = {"\033[31m", "\033[33m", "", "\033[2m"};
    static const int priorities[] = {3, 4, 6, 7};
    struct timespec now;
    struct tm parts;
    char when[24] = "";

    if (os->journal) {
        (void)snprintf(out, size, "<%d>%s ", priorities[level], names[level]);
        return;
    }
    if (clock_gettime(CLOCK_REALTIME, &now) == 0 && gmtime_r(&now.tv_sec, &parts) != NULL) {
        (void)strftime(when, sizeof(when), "%H:%M:%S", &parts);
    }
    if (plain) {
        (void)snprintf(out, size, "%s%s ", os->colored ? colors[level] : "", when);
        return;
    }
    (void)snprintf(out, size, "%s%s.%03ldZ %s ", os->colored ? colors[level] : "", when,
                   now.tv_nsec / 1000000, names[level]);
}

/* Give an event to the journal with its fields. False: it did not take it. */
static bool journal_send(const struct os_env *os, enum trace_level level, const char *event,
                         const char *text)
{
    size_t size = 0;
    char *fields;
    bool sent;

    if (os->journal_fd < 0) {
        return false;
    }
    fields = os->forms->journal(level, event, text, program_invocation_short_name, &size);
    sent = fields != NULL &&
           send(os->journal_fd, fields, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
    free(fields);
    return sent;
}

static void json_print(const struct os_env *os, enum trace_level level, const char *event,
                       const char *text)
{
    char *line = os->forms->json(level, event, text, os_wall_ms(NULL));
    char start[64] = "";

    if (os->journal) {
        line_start(os, level, false, start, sizeof(start));
        start[strcspn(start, ">") + 1] = '\0'; /* the priority alone */
    }
    if (line != NULL) {
        (void)fprintf(stderr, "%s%s\n", start, line);
    }
    free(line);
}

static void os_trace(void *context, enum trace_level level, const char *event, const char *text)
{
    struct os_env *os = context;
    char start[64];
    char tail[64] = "";
    char clean[512];
    const char *sentence = sentence_of(os, event);
    uint64_t left_out = 0;
    size_t i;

    if (level > os->level) {
        return;
    }
    if (level != TRACE_LEVEL_ERROR && os->level < TRACE_LEVEL_DEBUG &&
        !event_may_pass(os, event, &left_out)) {
        return;
    }
    /* One event stays one line whatever the text holds. */
    for (i = 0; i < sizeof(clean) - 1 && text[i] != '\0'; i++) {
        clean[i] = (uint8_t)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    }
    clean[i] = '\0';
    if (left_out > 0 && (os->json || os->journal_fd >= 0)) {
        (void)snprintf(clean + i, sizeof(clean) - i, " lines_left_out=%llu",
                       (unsigned long long)left_out);
    }
    if (os->json) {
        json_print(os, level, event, clean);
        return;
    }
    if (journal_send(os, level, event, clean)) {
        return;
    }
    if (left_out > 0) {
        (void)snprintf(tail, sizeof(tail), " (%llu more left out)", (unsigned long long)left_out);
    }
    line_start(os, level, sentence != NULL, start, sizeof(start));
    (void)fprintf(stderr, "%s%s%s %s%s%s\n", start, sentence != NULL ? sentence : event,
                  sentence != NULL ? ":" : "", clean, tail,
                  os->colored && !os->journal && level != TRACE_LEVEL_INFO ? "\033[0m" : "");
}

/* True if fd leads to systemd's journal. JOURNAL_STREAM names the device and inode of the journal's
 * stream (systemd.exec(5)). That the variable is set says nothing alone: shells inherit it from a
 * desktop, and a detached daemon has a log file. */
static bool is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[48];
    struct stat info;

    if (stream == NULL || fstat(fd, &info) != 0) {
        return false;
    }
    (void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
    return strcmp(stream, own) == 0;
}

/* The socket of journald's native protocol. */
static int journal_open(void)
{
    const struct sockaddr_un name = {.sun_family = AF_UNIX,
                                     .sun_path = "/run/systemd/journal/socket"};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

int os_env_new(struct os_env **out, enum trace_level level)
{
    struct os_env *os = calloc(1, sizeof(*os));

    if (os == NULL) {
        return ERR_NOMEM;
    }
    os->port =
        (struct env){.context = os, .random = os_random, .wall_ms = os_wall_ms, .trace = os_trace};
    os->level = level;
    os->journal = is_journal(STDERR_FILENO);
    os->journal_fd = -1;
    os->colored = terminal_colored(stderr);
    *out = os;
    return ERR_OK;
}

void os_env_free(struct os_env *os)
{
    if (os != NULL && os->journal_fd >= 0) {
        (void)close(os->journal_fd);
    }
    free(os);
}

const struct env *os_env_port(const struct os_env *os)
{
    return &os->port;
}

void os_env_set_sayings(struct os_env *os, const struct os_env_saying *sayings)
{
    os->sayings = isatty(STDERR_FILENO) == 1 ? sayings : NULL;
}

void os_env_set_forms(struct os_env *os, const struct os_env_forms *forms, bool json)
{
    os->forms = forms;
    os->json = json;
    if (os->journal && os->journal_fd < 0) {
        os->journal_fd = journal_open();
    }
}

void os_env_set_level(struct os_env *os, enum trace_level level)
{
    os->level = level;
}

struct mono clock_mono(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (struct mono){(uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec};
}

uint64_t clock_asleep_ms(void)
{
    struct timespec awake;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &awake) == 0);
    return clock_mono().ns / NS_PER_MS -
           ((uint64_t)awake.tv_sec * 1000 + (uint64_t)awake.tv_nsec / NS_PER_MS);
}
