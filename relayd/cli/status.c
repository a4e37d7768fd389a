/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the state, and prints it line by line. */
#include "relayd/cli/status.h"

#include "proto/base/fault.h"
#include "proto/base/quantity.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <inttypes.h>
#include <string.h>

/* What the owner gives, and what of it is used. */
static void gives_print(const json_t *answer)
{
    char used[HUMAN_TEXT_SIZE], rate[QUANTITY_TEXT_SIZE], volume[QUANTITY_TEXT_SIZE];
    uint64_t bandwidth = field_number(answer, "bandwidth_bytes_per_s");
    uint64_t monthly = field_number(answer, "month_bytes_max");

    if (bandwidth != 0) {
        (void)printf("  bandwidth   at most %s\n", quantity_rate_text(bandwidth, rate));
    }
    (void)printf("  this month  %s%s%s\n", human_bytes(field_number(answer, "month_bytes"), used),
                 monthly != 0 ? " of " : "",
                 monthly != 0 ? quantity_bytes_text(monthly, volume) : "");
}

/* What another operator writes into `peers:`. */
static void relay_url_print(const json_t *answer)
{
    const char *hosts = field_text(answer, "public");

    (void)printf("  relay URL   relay://%s@%.*s\n", field_text(answer, "relay_key"),
                 hosts[0] != '\0' ? (int)strcspn(hosts, ",") : 4,
                 hosts[0] != '\0' ? hosts : "HOST");
}

/* What it is to applications, and what they may give it. */
static void applications_show(const json_t *answer)
{
    const json_t *row;
    size_t i;

    json_array_foreach(json_object_get(answer, "pools"), i, row)
    {
        (void)printf("  pool        %s: %" PRIu64 " of %" PRIu64 "\n", field_text(row, "app"),
                     field_number(row, "size"), field_number(row, "limit"));
    }
    json_array_foreach(json_object_get(answer, "rewards"), i, row)
    {
        const char *identity = field_text(row, "identity");

        (void)printf("  reward      %s %s%s%s\n", field_text(row, "chain"),
                     field_text(row, "address"), identity[0] != '\0' ? ", identity " : "",
                     identity);
    }
}

static void status_print(const json_t *answer, const char *config_option)
{
    char bytes[HUMAN_TEXT_SIZE];
    bool healthy = json_is_true(json_object_get(answer, "store_healthy"));

    (void)config_option;
    (void)printf("relayd %s, ziglan %s\n", field_text(answer, "version"),
                 field_text(answer, "name"));
    (void)printf("  ziglan key  %s\n", field_text(answer, "ziglan_key"));
    relay_url_print(answer);
    (void)printf("  listens on  %s\n", field_text(answer, "listen"));
    (void)printf("  public      %s\n", field_text(answer, "public"));
    (void)printf("  reached     %s\n", field_text(answer, "reach_text"));
    (void)printf("  port map    %s\n", field_text(answer, "portmap"));
    (void)printf("  up          %" PRIu64 " s\n", field_number(answer, "uptime_ms") / 1000);
    (void)printf("  members     %" PRIu64 "\n", field_number(answer, "members"));
    (void)printf("  sessions    %" PRIu64 " (%" PRIu64 " of strangers)\n",
                 field_number(answer, "sessions"), field_number(answer, "strangers"));
    (void)printf("  relays      %" PRIu64 " known, %" PRIu64 " neighbours\n",
                 field_number(answer, "nodes"), field_number(answer, "neighbours"));
    (void)printf("  forwarded   %" PRIu64 " packets, %s\n",
                 field_number(answer, "forwarded_packets"),
                 human_bytes(field_number(answer, "forwarded_bytes"), bytes));
    gives_print(answer);
    (void)printf("  punches     %" PRIu64 " direct\n", field_number(answer, "punches_direct"));
    applications_show(answer);
    (void)printf("  STUN        %" PRIu64 " answers\n", field_number(answer, "stun_answered"));
    (void)printf("  storage     %s%s%s\n",
                 color_begin(stdout, healthy ? TABLE_COLOR_GOOD : TABLE_COLOR_BAD),
                 healthy ? "ok" : "failing: joins are refused; is the disk full?",
                 color_end(stdout, healthy ? TABLE_COLOR_GOOD : TABLE_COLOR_BAD));
}

int status_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cj"};
    struct options options;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    return ask(&options, json_pack("{s:s}", "do", "status"), status_print);
}
