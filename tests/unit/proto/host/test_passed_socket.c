/* SPDX-License-Identifier: GPL-3.0-or-later */
/* proto/host/passed_socket, and udp_batch over such a socket. Each case is a process of its own,
 * with descriptors from 3 on as a service manager passes them. */
#include "proto/host/passed_socket.h"
#include "proto/host/udp_batch.h"
#include "proto/host/udp_share.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { FAILED = 1, NOBODY = 65534, SOMEBODY = 65533 };

/* At 127.0.0.1, with a port that the kernel chooses. */
static struct endpoint socket_at(int fd, int type)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(name);
    struct endpoint local = {.port = 0};
    int from = socket(AF_INET, type, 0);

    if (from < 0 || bind(from, (struct sockaddr *)&name, size) != 0 ||
        getsockname(from, (struct sockaddr *)&name, &size) != 0 ||
        (from != fd && (dup2(from, fd) != fd || close(from) != 0)) ||
        !endpoint_parse_ip(&local, "127.0.0.1", ntohs(name.sin_port))) {
        _exit(FAILED);
    }
    return local;
}

static void environment(long pid, const char *count)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%ld", pid);
    (void)setenv("LISTEN_PID", text, 1);
    (void)setenv("LISTEN_FDS", count, 1);
}

static bool the_bound_one_is_found(void)
{
    struct endpoint stream = socket_at(3, SOCK_STREAM);
    struct endpoint first = socket_at(4, SOCK_DGRAM);
    struct endpoint second = socket_at(5, SOCK_DGRAM);
    struct endpoint other = second;

    environment(getpid(), "3");
    other.ip[15] ^= 2;
    return passed_socket(&first) == 4 && passed_socket(&second) == 5 &&
           passed_socket(&stream) == -1 && passed_socket(&other) == -1 &&
           (fcntl(5, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(5, F_GETFL) & O_NONBLOCK) != 0;
}

static bool none_beyond_the_count(void)
{
    struct endpoint first = socket_at(3, SOCK_DGRAM);
    struct endpoint second = socket_at(4, SOCK_DGRAM);

    environment(getpid(), "1");
    return passed_socket(&first) == 3 && passed_socket(&second) == -1;
}

static bool none_of_another_process(void)
{
    struct endpoint first = socket_at(3, SOCK_DGRAM);

    environment(getpid() + 1L, "1");
    return passed_socket(&first) == -1;
}

static bool none_without_numbers(void)
{
    static const char *const counts[] = {"", "-1", "1x", "65", "99999999999999999999999"};
    struct endpoint first = socket_at(3, SOCK_DGRAM);

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        environment(getpid(), counts[i]);
        if (passed_socket(&first) != -1) {
            return false;
        }
    }
    (void)unsetenv("LISTEN_FDS");
    return passed_socket(&first) == -1;
}

/* What waits in the passed socket is received: it is the same one. */
static bool udp_batch_takes_it(void)
{
    struct udp_options options = {.local = socket_at(3, SOCK_DGRAM), .passed = true};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(options.local.port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    struct udp_batch *udp;
    const struct dgram *items;
    struct fault fault;

    environment(getpid(), "1");
    return sendto(sender, "first", 5, 0, (struct sockaddr *)&to, sizeof(to)) == 5 &&
           udp_batch_open(&udp, &options, &fault) == ERR_OK && udp_batch_fd(udp) == 3 &&
           endpoint_equal(udp_batch_local(udp), &options.local) &&
           udp_batch_receive(udp, &items) == 1 && items[0].size == 5;
}

/* It is not taken unasked, and the address is in use then. */
static bool udp_batch_does_not_take_it_unasked(void)
{
    struct udp_options options = {.local = socket_at(3, SOCK_DGRAM)};
    struct udp_batch *udp;
    struct fault fault;

    environment(getpid(), "1");
    return udp_batch_open(&udp, &options, &fault) == ERR_SYSTEM;
}

/* ---- where the manager is another user, who bound the address ---- */

static bool sent_to(const struct endpoint *local)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(local->port),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    bool ok = sendto(sender, "some", 4, 0, (struct sockaddr *)&to, sizeof(to)) == 4;

    return close(sender) == 0 && ok;
}

/* So much comes to one of these two, and nothing to the other. */
static bool comes_to(struct udp_batch *udp, struct udp_batch *not_to)
{
    const struct dgram *items;
    struct pollfd wait = {.fd = udp_batch_fd(udp), .events = POLLIN};

    return poll(&wait, 1, 5000) == 1 && udp_batch_receive(udp, &items) == 1 &&
           (not_to == NULL || udp_batch_receive(not_to, &items) == 0);
}

/* A third user finds the address in use, by whichever way it asks to share it. */
static bool is_in_use_for(uid_t user, const struct endpoint *local)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_port = htons(local->port),
                               .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int on = 1, fd;
    bool refused;

    if (seteuid(0) != 0 || seteuid(user) != 0) {
        return false;
    }
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    refused = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
              setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
              bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0;
    return close(fd) == 0 && seteuid(0) == 0 && seteuid(NOBODY) == 0 && refused;
}

static bool one_of_ours_is_bound_over_it(void)
{
    struct udp_options options = {.local = socket_at(3, SOCK_DGRAM), .passed_only = true};
    struct udp_batch *below, *ours, *joined;
    struct fault fault;
    bool ok;

    environment(getpid(), "1");
    if (seteuid(NOBODY) != 0 || passed_socket_of(&options.local, true) != -1 ||
        udp_batch_open(&below, &options, &fault) != ERR_OK || udp_batch_fd(below) != 3) {
        return false;
    }
    ok = sent_to(&options.local); /* before ours is there */
    options = (struct udp_options){.local = options.local, .passed = true, .over = below};
    ok = ok && udp_batch_open(&ours, &options, &fault) == ERR_OK && udp_batch_over(ours) == below;
    ok = ok && udp_share(ours, true) == ERR_OK;
    options = (struct udp_options){.local = options.local, .joins = true, .over = below};
    ok = ok && udp_batch_open(&joined, &options, &fault) == ERR_OK;
    ok = ok && udp_deal(ours, &(struct udp_dealing){.joined = 1}) == ERR_OK;
    ok = ok && comes_to(below, ours) && sent_to(&options.local) && comes_to(ours, below);
    ok = ok && is_in_use_for(SOMEBODY, &options.local);
    udp_batch_close(joined);
    udp_batch_close(ours);
    return ok && sent_to(&options.local) && comes_to(below, NULL);
}

/* What this user's former process had kept goes before what the manager bound. */
static bool one_that_was_kept_is_taken_first(void)
{
    struct udp_options options = {.local = socket_at(3, SOCK_DGRAM), .passed_only = true};
    struct udp_batch *below, *ours, *again;
    struct fault fault;

    environment(getpid(), "2");
    if (seteuid(NOBODY) != 0 || udp_batch_open(&below, &options, &fault) != ERR_OK) {
        return false;
    }
    options = (struct udp_options){.local = options.local, .passed = true, .over = below};
    if (udp_batch_open(&ours, &options, &fault) != ERR_OK || dup2(udp_batch_fd(ours), 4) != 4) {
        return false;
    }
    return passed_socket(&options.local) == 4 && passed_socket_of(&options.local, false) == 3 &&
           udp_batch_open(&again, &options, &fault) == ERR_OK && udp_batch_fd(again) == 4;
}

static bool without_one_of_others_there_is_none(void)
{
    struct udp_options options = {.local = socket_at(3, SOCK_DGRAM), .passed_only = true};
    struct udp_batch *udp;
    struct fault fault;

    environment(getpid(), "1");
    return udp_batch_open(&udp, &options, &fault) == ERR_DROP && udp == NULL;
}

/* The manager's end of NOTIFY_SOCKET, in the abstract name space. */
static int manager_open(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int size = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "ziglan-passed-%d",
                        (int)getpid());

    address.sun_path[0] = '@';
    (void)setenv("NOTIFY_SOCKET", address.sun_path, 1);
    address.sun_path[0] = '\0';
    if (fd < 0 ||
        bind(fd, (struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size)) != 0) {
        _exit(FAILED);
    }
    return fd;
}

static bool manager_hears(int manager, const char *what)
{
    char text[256];
    ssize_t size = recv(manager, text, sizeof(text) - 1, 0);

    text[size > 0 ? size : 0] = '\0';
    return what == NULL ? size < 0 : strstr(text, what) != NULL;
}

/* A socket that we bound ourselves is kept; one that was passed is kept already. */
static bool udp_batch_has_its_own_kept(void)
{
    struct udp_options options = {.local = socket_at(3, SOCK_DGRAM), .passed = true};
    int manager = manager_open();
    struct udp_batch *udp;
    struct fault fault;

    environment(getpid(), "1");
    if (udp_batch_open(&udp, &options, &fault) != ERR_OK || !manager_hears(manager, NULL)) {
        return false;
    }
    options.local.port = 0;
    return udp_batch_open(&udp, &options, &fault) == ERR_OK &&
           manager_hears(manager, "FDSTORE=1\nFDNAME=udp-");
}

/* Who was not asked for is closed, and forgotten if it was kept for us. */
static bool the_rest_is_given_up(void)
{
    struct endpoint first = socket_at(3, SOCK_DGRAM);
    int manager;

    (void)socket_at(4, SOCK_DGRAM);
    (void)socket_at(5, SOCK_DGRAM);
    manager = manager_open();
    environment(getpid(), "3");
    (void)setenv("LISTEN_FDNAMES", "udp-1-00:udp-2-00:relayd.socket", 1);
    if (passed_socket(&first) != 3) {
        return false;
    }
    passed_sockets_settle();
    return fcntl(3, F_GETFD) >= 0 && fcntl(4, F_GETFD) < 0 && fcntl(5, F_GETFD) < 0 &&
           manager_hears(manager, "FDSTOREREMOVE=1\nFDNAME=udp-2-00\n") &&
           manager_hears(manager, NULL);
}

static void alone(bool (*is_true)(void))
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        _exit(is_true() ? EXIT_SUCCESS : FAILED);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void sockets_are_found(void **state)
{
    (void)state;
    alone(the_bound_one_is_found);
    alone(none_beyond_the_count);
    alone(none_of_another_process);
    alone(none_without_numbers);
}

static void sockets_are_taken(void **state)
{
    (void)state;
    alone(udp_batch_takes_it);
    alone(udp_batch_does_not_take_it_unasked);
}

static void sockets_of_another_user_are_bound_over(void **state)
{
    (void)state;
    alone(without_one_of_others_there_is_none);
    if (geteuid() != 0) {
        skip();
    }
    alone(one_of_ours_is_bound_over_it);
    alone(one_that_was_kept_is_taken_first);
}

static void sockets_are_kept_as_long_as_they_are_wanted(void **state)
{
    (void)state;
    alone(udp_batch_has_its_own_kept);
    alone(the_rest_is_given_up);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_found),
        cmocka_unit_test(sockets_are_taken),
        cmocka_unit_test(sockets_of_another_user_are_bound_over),
        cmocka_unit_test(sockets_are_kept_as_long_as_they_are_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
