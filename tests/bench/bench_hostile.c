/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What hostile relays and hosts cost a relay, in memory and virtual time but with whole relays and
 * QUIC (tests/support/adversary.h): CPU time of the victim's turns, bytes, and what stays allocated
 * in the process. Prints the table of docs/security.md; what two hosts cost that talk over the
 * victim, and the relay itself, is subtracted. usage: bench_hostile [SECONDS]
 */
#include "tests/support/adversary_attacks.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SECONDS_DEFAULT = 10, MS_PER_S = 1000 };

/* CPU time of the victim's turns. */
struct meter {
    uint64_t began_ns, used_ns;
};

static uint64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void around(void *context, size_t node, bool begins)
{
    struct meter *meter = context;

    if (node == 0 && begins) {
        meter->began_ns = cpu_ns();
    } else if (node == 0) {
        meter->used_ns += cpu_ns() - meter->began_ns;
    }
}

static void row_print(const struct adversary_attack *attack, uint32_t ms,
                      const struct adversary_result *calm, const struct adversary_result *result,
                      double us, double kib)
{
    double seconds = (double)ms / MS_PER_S;

    printf("| %s | %.0f | %.1f | %.1f | %.1f | %.0f | %.0f | %s |\n", attack->name,
           (double)result->messages / seconds, us / seconds / 1e4,
           ((double)result->received_bytes - (double)calm->received_bytes) / seconds / 1e3,
           ((double)result->sent_bytes - (double)calm->sent_bytes) / seconds / 1e3, kib,
           (double)result->counted / seconds, attack->metric);
    if (result->friends_lost > 0) {
        printf("%s: %u frames of others were lost\n", attack->name, (unsigned)result->friends_lost);
    }
}

int main(int argc, char **argv)
{
    static struct adversary adversary;
    uint32_t ms = (argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : SECONDS_DEFAULT) * MS_PER_S;

    printf("| attack | messages/s | %% of a core | kB/s received | kB/s sent | KiB kept "
           "| refused/s | as |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < adversary_attacks_count; i++) {
        const struct adversary_attack *attack = &adversary_attacks[i];
        struct adversary_result calm, result;
        struct meter meter = {0};
        uint64_t calm_ns;

        adversary_init(&adversary, attack);
        adversary.town.net->around = around;
        adversary.town.net->around_context = &meter;
        adversary_run(&adversary, attack, true, ms, &calm);
        calm_ns = meter.used_ns;
        meter.used_ns = 0;
        size_t before = mallinfo2().uordblks;
        adversary_run(&adversary, attack, false, ms, &result);
        size_t after = mallinfo2().uordblks;
        row_print(attack, ms, &calm, &result, ((double)meter.used_ns - (double)calm_ns) / 1e3,
                  after > before ? (double)(after - before) / 1024 : 0);
        (void)fflush(stdout);
        adversary_fini(&adversary);
    }
    return 0;
}
