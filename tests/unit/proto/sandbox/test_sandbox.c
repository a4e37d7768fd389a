/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is refused inside, by the kernel that runs this test. Each test goes inside in a process of
 * its own. */
#include "proto/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <ev.h>

enum { SKIPPED = 77 };

#define INNER_WORD "--inner"

/* In the process inside: a failure ends it. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition,        \
                          errno);                                                                  \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

struct inside {
    char root[64]; /* a folder with the folders `in` and `out`, a file in each */
    char log[2048];
    struct env env;
    struct ev_loop *loop;
    struct sandbox *sandbox;
    struct sandbox_policy policy;
};

static void log_take(void *context, enum trace_level level, const char *event, const char *text)
{
    struct inside *inside = context;
    size_t used = strlen(inside->log);

    (void)level;
    (void)snprintf(inside->log + used, sizeof(inside->log) - used, "%s %s\n", event, text);
}

static const char *path_of(const struct inside *inside, const char *name)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", inside->root, name);
    return path;
}

static void file_make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    EXPECT(fd >= 0 && close(fd) == 0);
}

/* The loop turns until the log has the text; the test's own time limit is the end. */
static void log_wait(struct inside *inside, const char *text)
{
    while (strstr(inside->log, text) == NULL) {
        ev_ref(inside->loop); /* it waits, though nothing else keeps it */
        (void)ev_run(inside->loop, EVRUN_ONCE);
        ev_unref(inside->loop);
    }
}

static void enter(struct inside *inside)
{
    EXPECT(sandbox_enter(&inside->sandbox, inside->loop, &inside->env, &inside->policy) == ERR_OK);
}

static bool has(const struct inside *inside, const char *text)
{
    return strstr(inside->log, text) != NULL;
}

/* Run `test` in a process of its own, which may go inside and never come out. */
static void run_inside(void (*test)(struct inside *inside))
{
    struct inside inside = {.root = "/tmp/test_sandbox.XXXXXX"};
    static const char *const made[] = {"in/file", "in/new", "in/link", "out/file", "in", "out", ""};
    int status = 0;
    pid_t child;

    assert_non_null(mkdtemp(inside.root));
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        inside.env = (struct env){.context = &inside, .trace = log_take};
        inside.loop = ev_default_loop(EVFLAG_AUTO);
        EXPECT(inside.loop != NULL);
        EXPECT(mkdir(path_of(&inside, "in"), 0700) == 0);
        file_make(path_of(&inside, "in/file"));
        EXPECT(mkdir(path_of(&inside, "out"), 0700) == 0);
        file_make(path_of(&inside, "out/file"));
        sandbox_policy_init(&inside.policy);
        test(&inside);
        sandbox_free(inside.sandbox);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        (void)remove(path_of(&inside, made[i]));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
        skip();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- folders ---- */

static void landlock_or_skip(void)
{
    if (syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) {
        _exit(SKIPPED);
    }
}

static bool opens(const struct inside *inside, const char *name, int flags)
{
    int fd = open(path_of(inside, name), flags | O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0;
}

static void only_its_folders(struct inside *inside)
{
    landlock_or_skip();
    sandbox_policy_add(&inside->policy, path_of(inside, "in"), SANDBOX_USE_WRITE_FLAG);
    enter(inside);
    EXPECT(opens(inside, "in/file", O_RDWR));
    EXPECT(opens(inside, "in/new", O_WRONLY | O_CREAT));
    EXPECT(unlink(path_of(inside, "in/new")) == 0);
    EXPECT(!opens(inside, "out/file", O_RDONLY) && errno == EACCES);
    EXPECT(unlink(path_of(inside, "out/file")) != 0 && errno == EACCES);
    EXPECT(open("/etc/hostname-of-nobody", O_RDONLY | O_CLOEXEC) < 0 && errno == ENOENT);
    EXPECT(sandbox_lets(inside->sandbox, path_of(inside, "in/later"), SANDBOX_USE_WRITE_FLAG));
    EXPECT(!sandbox_lets(inside->sandbox, path_of(inside, "out/file"), SANDBOX_USE_READ_FLAG));
}

static void only_its_folders_can_be_opened(void **state)
{
    (void)state;
    run_inside(only_its_folders);
}

static void read_only(struct inside *inside)
{
    landlock_or_skip();
    sandbox_policy_add_folder_of(&inside->policy, path_of(inside, "in/file"),
                                 SANDBOX_USE_READ_FLAG);
    enter(inside);
    EXPECT(opens(inside, "in/file", O_RDONLY));
    EXPECT(!opens(inside, "in/file", O_WRONLY) && errno == EACCES);
    EXPECT(!opens(inside, "in/new", O_WRONLY | O_CREAT) && errno == EACCES);
}

static void what_is_read_is_not_written(void **state)
{
    (void)state;
    run_inside(read_only);
}

/* A configuration that is a link: editors replace either of the two files. */
static void through_a_link(struct inside *inside)
{
    char target[128];

    landlock_or_skip();
    (void)snprintf(target, sizeof(target), "%s", path_of(inside, "out/file"));
    EXPECT(symlink(target, path_of(inside, "in/link")) == 0);
    sandbox_policy_add_folder_of(&inside->policy, path_of(inside, "in/link"),
                                 SANDBOX_USE_READ_FLAG);
    enter(inside);
    EXPECT(opens(inside, "in/link", O_RDONLY));
    EXPECT(opens(inside, "out/file", O_RDONLY));
}

static void a_link_lets_in_what_it_leads_to(void **state)
{
    (void)state;
    run_inside(through_a_link);
}

/* A configuration that somebody makes only later, with its folder. */
static void later_folder(struct inside *inside)
{
    landlock_or_skip();
    sandbox_policy_add_folder_of(&inside->policy, path_of(inside, "in/etc/ziglan/file"),
                                 SANDBOX_USE_READ_FLAG);
    enter(inside);
    EXPECT(opens(inside, "in/file", O_RDONLY));
    EXPECT(!opens(inside, "out/file", O_RDONLY) && errno == EACCES);
}

static void a_folder_that_is_made_later_is_read(void **state)
{
    (void)state;
    run_inside(later_folder);
}

static void names_of_paths_decide_as_the_kernel_does(void **state)
{
    struct sandbox_policy policy = {0};

    (void)state;
    sandbox_policy_add(&policy, "/usr/bin", SANDBOX_USE_EXECUTE_FLAG);
    assert_true(sandbox_policy_covers(&policy, "/usr/bin", SANDBOX_USE_READ_FLAG));
    assert_true(sandbox_policy_covers(&policy, "/usr/bin/../bin/nothing", SANDBOX_USE_READ_FLAG));
    assert_false(sandbox_policy_covers(&policy, "/usr/bin/nothing", SANDBOX_USE_WRITE_FLAG));
    assert_false(sandbox_policy_covers(&policy, "/usr", SANDBOX_USE_READ_FLAG));
    assert_false(sandbox_policy_covers(&policy, "/usr/bin2", SANDBOX_USE_READ_FLAG));
    assert_false(sandbox_policy_covers(&policy, "/usr/bin/no/folder", SANDBOX_USE_READ_FLAG));
    sandbox_policy_fini(&policy);
    assert_true(sandbox_lets(NULL, "/anywhere", SANDBOX_USE_WRITE_FLAG));
}

/* ---- system calls ---- */

static void refused_calls(struct inside *inside)
{
    enter(inside);
    errno = 0;
    EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
    log_wait(inside, "sandbox.refused syscall=keyctl program=itself times=");
    EXPECT(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1 && errno == EPERM);
    log_wait(inside, "syscall=socket");
    EXPECT(syscall(SYS_unshare, 0x10000000) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_execve, "/bin/true", NULL, NULL) == -1 && errno == EPERM);
    log_wait(inside, "syscall=execve");
    EXPECT(has(inside, "syscall=unshare"));
}

static void a_refused_call_fails_and_is_named(void **state)
{
    (void)state;
    run_inside(refused_calls);
}

static void repeated_call(struct inside *inside)
{
    const char *first;

    enter(inside);
    EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1);
    log_wait(inside, "syscall=keyctl");
    for (int i = 0; i < 100; i++) {
        EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1);
    }
    EXPECT(syscall(SYS_unshare, 0x10000000) == -1);
    log_wait(inside, "syscall=unshare"); /* which came later, so the loop has seen all of those */
    first = strstr(inside->log, "syscall=keyctl");
    EXPECT(strstr(first + 1, "syscall=keyctl") == NULL);
    sandbox_free(inside->sandbox);
    inside->sandbox = NULL;
    EXPECT(has(inside, "syscall=keyctl program=itself times=100"));
}

static void a_call_of_one_kind_makes_few_lines(void **state)
{
    (void)state;
    run_inside(repeated_call);
}

static void newer_call(struct inside *inside)
{
    enter(inside);
    EXPECT(syscall(2000) == -1 && errno == ENOSYS);
    log_wait(inside, "syscall=#2000");
}

static void a_call_that_nobody_knows_is_as_on_an_older_kernel(void **state)
{
    (void)state;
    run_inside(newer_call);
}

/* ---- programs ---- */

static int program_run(const char *program, const char *word)
{
    char path[PATH_MAX], argument[64];
    char *argv[] = {path, argument, NULL};
    char *environment[] = {NULL};
    int status = -1;
    pid_t child;

    (void)snprintf(path, sizeof(path), "%s", program);
    (void)snprintf(argument, sizeof(argument), "%s", word);
    EXPECT(posix_spawn(&child, path, NULL, NULL, argv, environment) == 0);
    EXPECT(waitpid(child, &status, 0) == child);
    return status;
}

static void programs(struct inside *inside)
{
    int status;

    sandbox_policy_add_program(&inside->policy, "/usr/bin/unshare");
    enter(inside);
    EXPECT(program_run("/usr/bin/env", "true") == 0);
    status = program_run("/usr/bin/unshare", "--user");
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) != 0);
    log_wait(inside, "syscall=unshare program=unshare");
}

static void programs_are_in_the_same_sandbox(void **state)
{
    (void)state;
    run_inside(programs);
}

/* As in a container that answers refused calls itself: there is one listener only. The inner one is
 * this program again, since libseccomp takes the listener of its process for its own. */
static int inner_main(void)
{
    struct inside inside = {.env = {.context = &inside, .trace = log_take}};

    inside.loop = ev_default_loop(EVFLAG_AUTO);
    EXPECT(inside.loop != NULL);
    sandbox_policy_init(&inside.policy);
    enter(&inside);
    EXPECT(has(&inside, "sandbox.without part=names"));
    EXPECT(!has(&inside, "sandbox.without part=calls"));
    EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
    sandbox_free(inside.sandbox);
    return 0;
}

static void outer(struct inside *inside)
{
    char self[PATH_MAX];

    EXPECT(realpath("/proc/self/exe", self) != NULL);
    sandbox_policy_add_program(&inside->policy, self);
    enter(inside);
    EXPECT(program_run(self, INNER_WORD) == 0);
}

static void a_second_sandbox_refuses_without_naming(void **state)
{
    (void)state;
    run_inside(outer);
}

/* A kernel, or who plays one, that hands refused calls to nobody. */
static bool notify_missing;
struct seccomp_notif; /* seccomp.h and ev.h cannot be included in every order */
struct seccomp_notif_resp;
int __real_seccomp_notify_alloc(struct seccomp_notif **asked, struct seccomp_notif_resp **answer);
int __wrap_seccomp_notify_alloc(struct seccomp_notif **asked, struct seccomp_notif_resp **answer);

int __wrap_seccomp_notify_alloc(struct seccomp_notif **asked, struct seccomp_notif_resp **answer)
{
    return notify_missing ? -ENOSYS : __real_seccomp_notify_alloc(asked, answer);
}

static void notifies_nobody(struct inside *inside)
{
    notify_missing = true;
    enter(inside);
    EXPECT(has(inside, "sandbox.without part=names"));
    EXPECT(!has(inside, "sandbox.without part=calls"));
    EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
}

static void a_kernel_that_notifies_nobody_refuses_all_the_same(void **state)
{
    (void)state;
    run_inside(notifies_nobody);
}

/* ---- rights ---- */

static uint64_t rights_now(void)
{
    char line[128];
    uint64_t rights = UINT64_MAX;
    FILE *file = fopen("/proc/self/status", "re");

    EXPECT(file != NULL);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "CapPrm:", 7) == 0) {
            rights = strtoull(line + 7, NULL, 16);
        }
    }
    (void)fclose(file);
    return rights;
}

static void rights(struct inside *inside)
{
    uint64_t before = rights_now();

    sandbox_policy_keep(&inside->policy, CAP_NET_BIND_SERVICE);
    enter(inside);
    EXPECT(rights_now() == (before & UINT64_C(1) << CAP_NET_BIND_SERVICE));
}

static void only_rights_that_are_named_are_kept(void **state)
{
    (void)state;
    run_inside(rights);
}

static void rights_for_others(struct inside *inside)
{
    if (geteuid() != 0 || chown(path_of(inside, "in"), 12345, 12345) != 0 ||
        (rights_now() & UINT64_C(1) << CAP_DAC_OVERRIDE) == 0) {
        _exit(SKIPPED);
    }
    sandbox_policy_add(&inside->policy, path_of(inside, "in"), SANDBOX_USE_WRITE_FLAG);
    enter(inside);
    EXPECT(rights_now() == UINT64_C(1) << CAP_DAC_OVERRIDE);
    EXPECT(opens(inside, "in/new", O_WRONLY | O_CREAT));
}

static void root_goes_on_writing_in_the_folder_of_another_user(void **state)
{
    (void)state;
    run_inside(rights_for_others);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_folders_can_be_opened),
        cmocka_unit_test(what_is_read_is_not_written),
        cmocka_unit_test(a_link_lets_in_what_it_leads_to),
        cmocka_unit_test(a_folder_that_is_made_later_is_read),
        cmocka_unit_test(names_of_paths_decide_as_the_kernel_does),
        cmocka_unit_test(a_refused_call_fails_and_is_named),
        cmocka_unit_test(a_call_of_one_kind_makes_few_lines),
        cmocka_unit_test(a_call_that_nobody_knows_is_as_on_an_older_kernel),
        cmocka_unit_test(programs_are_in_the_same_sandbox),
        cmocka_unit_test(a_second_sandbox_refuses_without_naming),
        cmocka_unit_test(a_kernel_that_notifies_nobody_refuses_all_the_same),
        cmocka_unit_test(only_rights_that_are_named_are_kept),
        cmocka_unit_test(root_goes_on_writing_in_the_folder_of_another_user),
    };

    if (argc > 1 && strcmp(argv[1], INNER_WORD) == 0) {
        return inner_main();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
