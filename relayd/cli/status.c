/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks for the state, and prints it line by line. */
#include "relayd/cli/status.h"

#include "proto/base/fault.h"
#include "proto/host/fields.h"
#include "proto/host/table.h"
#include "relayd/cli/ask.h"
#include "relayd/cli/options.h"

#include <inttypes.h>

static void status_print(const json_t *answer, const char *config_option)
{
    char bytes[HUMAN_TEXT_SIZE];
    bool healthy = json_is_true(json_object_get(answer, "store_healthy"));

    (void)config_option;
    (void)printf("relayd %s, ziglan %s\n", field_text(answer, "version"),
                 field_text(answer, "name"));
    (void)printf("  ziglan key  %s\n", field_text(answer, "ziglan_key"));
    (void)printf("  listens on  %s\n", field_text(answer, "listen"));
    (void)printf("  public      %s\n", field_text(answer, "public"));
    (void)printf("  up          %" PRIu64 " s\n", field_number(answer, "uptime_ms") / 1000);
    (void)printf("  members     %" PRIu64 "\n", field_number(answer, "members"));
    (void)printf("  sessions    %" PRIu64 " (%" PRIu64 " of strangers)\n",
                 field_number(answer, "sessions"), field_number(answer, "strangers"));
    (void)printf("  forwarded   %" PRIu64 " packets, %s\n",
                 field_number(answer, "forwarded_packets"),
                 human_bytes(field_number(answer, "forwarded_bytes"), bytes));
    (void)printf("  punches     %" PRIu64 " direct\n", field_number(answer, "punches_direct"));
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
