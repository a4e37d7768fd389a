/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the process beside the relay's runs and what not, whoever asks: real programs, and messages
 * that a relay would not send, as from somebody who has taken over its process. */
#include "relayd/daemon/admitter.h"

#include "relayd/engine/script_words.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 60000 /* on a slow machine */ };

struct bench {
    char folder[32]; /* with a configuration, state/ and the program `admit` */
    char config[64], program[64];
    int fd;
};

static void text_write(const char *path, const char *text, mode_t mode)
{
    FILE *to = fopen(path, "w");

    assert_non_null(to);
    assert_true(fputs(text, to) >= 0);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* `rest` stands behind the path in admission_script. */
static void config_write(const struct bench *bench, const char *mode, const char *rest)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "admission: %s\nadmission_script: {path: %s%s}\n", mode,
                   bench->program, rest);
    text_write(bench->config, text, 0600);
}

static void program_write(const struct bench *bench, const char *lines)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", lines);
    text_write(bench->program, text, 0755);
}

static void begin(struct bench *bench)
{
    struct relay_settings settings;
    char error[SETTINGS_ERROR_SIZE], state[64];
    struct fault fault;

    *bench = (struct bench){.folder = "/tmp/test_admitter.XXXXXX"};
    assert_non_null(mkdtemp(bench->folder));
    (void)snprintf(bench->config, sizeof(bench->config), "%s/relayd.yaml", bench->folder);
    (void)snprintf(bench->program, sizeof(bench->program), "%s/admit", bench->folder);
    (void)snprintf(state, sizeof(state), "%s/state", bench->folder);
    assert_int_equal(mkdir(state, 0700), 0);
    config_write(bench, "script", "");
    assert_int_equal(relay_settings_parse(&settings, "{}", 2, bench->config, error), ERR_OK);
    assert_int_equal(admitter_start(&bench->fd, bench->config, &settings, false, &fault), ERR_OK);
}

static void send_ask(const struct bench *bench, enum script_ask_kind kind, uint64_t ticket,
                     const char *question)
{
    struct script_ask ask = {.kind = kind, .ticket = ticket, .size = (uint32_t)strlen(question)};

    memcpy(ask.question, question, ask.size);
    assert_int_equal(send(bench->fd, &ask, sizeof(ask), MSG_NOSIGNAL), sizeof(ask));
}

/* Wait for the next message. Its size; 0: the process has ended. */
static ssize_t told_read(const struct bench *bench, struct script_told *told)
{
    struct pollfd readable = {.fd = bench->fd, .events = POLLIN};

    assert_int_equal(poll(&readable, 1, WAIT_MS), 1);
    return recv(bench->fd, told, sizeof(*told), 0);
}

static void answer_read(const struct bench *bench, uint64_t ticket, struct script_told *told)
{
    assert_int_equal(told_read(bench, told), sizeof(*told));
    assert_int_equal(told->ticket, ticket);
}

static void ask(const struct bench *bench, uint64_t ticket, struct script_told *told)
{
    send_ask(bench, SCRIPT_ASK_RUN, ticket, "{}\n");
    answer_read(bench, ticket, told);
}

static void end(const struct bench *bench)
{
    char state[64];

    (void)close(bench->fd);
    assert_true(wait(NULL) > 0); /* it ends with the relay, whose end this is */
    (void)snprintf(state, sizeof(state), "%s/state", bench->folder);
    (void)unlink(bench->program);
    assert_int_equal(unlink(bench->config), 0);
    assert_int_equal(rmdir(state), 0);
    assert_int_equal(rmdir(bench->folder), 0);
}

static void it_runs_what_the_configuration_names_and_only_while_it_does(void **state)
{
    struct script_told told;
    struct bench bench;

    (void)state;
    begin(&bench);
    program_write(&bench, "read -r question; echo \"$0 $# got $question\"; exit 3");
    ask(&bench, 1, &told); /* nobody has said yet that it may read the configuration */
    assert_string_equal(told.why, "the configuration names none");
    send_ask(&bench, SCRIPT_ASK_SETTINGS, 0, "");
    ask(&bench, 2, &told);
    assert_string_equal(told.why, "");
    assert_int_equal(told.code, 3);
    assert_memory_equal(told.output, bench.program, strlen(bench.program));
    assert_memory_equal(told.output + strlen(bench.program), " 0 got {}\n", 10);
    assert_int_equal(told.size, strlen(bench.program) + 10);

    config_write(&bench, "invite", "");
    ask(&bench, 3, &told); /* not read again */
    assert_int_equal(told.code, 3);
    send_ask(&bench, SCRIPT_ASK_SETTINGS, 0, "");
    ask(&bench, 4, &told);
    assert_string_equal(told.why, "the configuration names none");
    end(&bench);
}

static void a_wrong_configuration_changes_nothing(void **state)
{
    struct script_told told;
    struct bench bench;

    (void)state;
    begin(&bench);
    program_write(&bench, "exit 5");
    send_ask(&bench, SCRIPT_ASK_SETTINGS, 0, "");
    ask(&bench, 1, &told);
    assert_int_equal(told.code, 5);
    text_write(bench.config, "speed: fast\n", 0600);
    send_ask(&bench, SCRIPT_ASK_SETTINGS, 0, "");
    ask(&bench, 2, &told);
    assert_int_equal(told.code, 5);
    end(&bench);
}

static void whatever_a_program_does_there_is_an_answer(void **state)
{
    static const struct {
        const char *lines, *why;
    } rows[] = {
        {"sleep 1000", "its time was over, and it was killed"},
        {"while :; do echo more; done", "it wrote more than 4,095 bytes"},
        {"trap '' TERM HUP INT; sleep 1000 & wait", "its time was over, and it was killed"},
    };
    struct script_told told;
    struct bench bench;

    (void)state;
    begin(&bench);
    config_write(&bench, "script", ", timeout_s: 1, at_once: 1");
    send_ask(&bench, SCRIPT_ASK_SETTINGS, 0, "");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        program_write(&bench, rows[i].lines);
        ask(&bench, i, &told); /* one after the other, so each has left its place */
        assert_string_equal(told.why, rows[i].why);
        assert_int_equal(told.size, 0);
    }
    program_write(&bench, "kill -9 $$");
    ask(&bench, 10, &told);
    assert_string_equal(told.why, "");
    assert_int_equal(told.code, -1);
    assert_int_equal(chmod(bench.program, 0600), 0);
    ask(&bench, 11, &told);
    assert_string_equal(told.why, "Permission denied");
    assert_int_equal(unlink(bench.program), 0);
    ask(&bench, 12, &told);
    assert_string_equal(told.why, "No such file or directory");
    program_write(&bench, "sleep 1000");
    send_ask(&bench, SCRIPT_ASK_RUN, 13, "{}\n");
    ask(&bench, 14, &told); /* more than at_once */
    assert_string_equal(told.why, "too many run already");
    answer_read(&bench, 13, &told);
    assert_string_equal(told.why, rows[0].why);
    end(&bench);
}

static void messages_that_are_none_end_it(void **state)
{
    struct script_ask long_one = {.kind = SCRIPT_ASK_RUN, .size = SCRIPT_QUESTION_SIZE_MAX + 1};
    const struct {
        const void *data;
        size_t size;
    } rows[] = {{&long_one, sizeof(long_one)}, {"x", 1}, {&long_one, sizeof(long_one) - 1}};
    struct script_told told;
    struct bench bench;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        begin(&bench);
        assert_int_equal(send(bench.fd, rows[i].data, rows[i].size, MSG_NOSIGNAL), rows[i].size);
        assert_int_equal(told_read(&bench, &told), 0);
        end(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_runs_what_the_configuration_names_and_only_while_it_does),
        cmocka_unit_test(a_wrong_configuration_changes_nothing),
        cmocka_unit_test(whatever_a_program_does_there_is_an_answer),
        cmocka_unit_test(messages_that_are_none_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
