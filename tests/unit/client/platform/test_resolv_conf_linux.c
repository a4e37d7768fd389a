/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom the C library would ask, for files as they are found on machines. */
#include "client/platform/linux/resolv_conf_linux.h"

#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SERVER "100.64.0.53"

static void file_write(const char *path, const char *text)
{
    FILE *file;

    (void)unlink(path);
    if (text != NULL) {
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
}

static void the_first_server_and_nss_decide_whom_programs_ask(void **state)
{
    static const struct {
        const char *resolv, *nsswitch; /* NULL: there is no such file */
        const char *first;
        bool asks_ours, asks_resolved;
    } cases[] = {
        {"nameserver 127.0.0.53\noptions edns0\n", "hosts: files dns\n", "127.0.0.53", false, true},
        {"nameserver 127.0.0.54\n", NULL, "127.0.0.54", false, true},
        {"nameserver\t127.0.0.53 # stub\n", NULL, "127.0.0.53", false, true},
        {"search lan\nnameserver 192.0.2.1\nnameserver 127.0.0.53\n", "hosts: files dns\n",
         "192.0.2.1", false, false},
        {"nameserver 192.0.2.1\n", "passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\n",
         "192.0.2.1", false, true},
        {"nameserver 192.0.2.1\n", "hosts: files dns # resolve\n", "192.0.2.1", false, false},
        {"nameserver 192.0.2.1\n", "hosts: files myresolve dns\n", "192.0.2.1", false, false},
        {"nameserver " SERVER "\nnameserver 192.0.2.1\n", NULL, SERVER, true, false},
        /* The first one says that there is no such name, and ours is never asked. */
        {"nameserver 192.0.2.1\nnameserver " SERVER "\n", NULL, "192.0.2.1", false, false},
        {"nameserver " SERVER "1\n", NULL, SERVER "1", false, false},
        {"# nameserver " SERVER "\nnameservers 1.2.3.4\n", NULL, "127.0.0.1", false, false},
        {"nameserver 2001:db8::53\n", NULL, "2001:db8::53", false, false},
        {"nameserver 127.0.0.53", NULL, "127.0.0.53", false, true},
        {"", "", "127.0.0.1", false, false},
        {NULL, NULL, "127.0.0.1", false, false},
    };
    char folder[] = "/tmp/ziglan-resolv-XXXXXX";
    char resolv[64], nsswitch[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(resolv, sizeof(resolv), "%s/resolv.conf", folder);
    (void)snprintf(nsswitch, sizeof(nsswitch), "%s/nsswitch.conf", folder);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct resolv_conf conf;

        file_write(resolv, cases[i].resolv);
        file_write(nsswitch, cases[i].nsswitch);
        conf = resolv_conf_read(resolv, nsswitch, SERVER);
        if (strcmp(conf.first, cases[i].first) != 0 || conf.asks_ours != cases[i].asks_ours ||
            conf.asks_resolved != cases[i].asks_resolved) {
            fail_msg("case %zu: first %s, ours %d, resolved %d", i, conf.first, conf.asks_ours,
                     conf.asks_resolved);
        }
    }
    file_write(resolv, NULL);
    file_write(nsswitch, NULL);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_server_and_nss_decide_whom_programs_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
