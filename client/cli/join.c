/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Through the daemon if one runs, else on the interface's store. In both cases the person learns
 * how the ziglan answered: joined, refused, or not yet.
 */
#include "client/cli/join.h"

#include "client/cli/ask.h"
#include "client/daemon/offline.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/key_form.h"
#include "proto/host/fields.h"
#include "proto/host/os_env.h"
#include "proto/host/udp_ask.h"
#include "proto/wire/name.h"
#include "proto/wire/url.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TITLE_SIZE = 64 };

/* Read the URL: the argument, or for "-" the first line of standard input. False with fault. */
static bool url_read(const struct cli *cli, char url[URL_SIZE_MAX + 2], struct fault *fault)
{
    size_t size;

    if (strcmp(cli->arguments[0], "-") != 0) {
        if (strlen(cli->arguments[0]) > URL_SIZE_MAX) {
            fault_set(fault, EXIT_CODE_USAGE, "the URL is too long");
            return false;
        }
        (void)snprintf(url, URL_SIZE_MAX + 2, "%s", cli->arguments[0]);
        return true;
    }
    if (isatty(STDIN_FILENO) == 1) {
        (void)fprintf(stderr, "Paste the URL of the invite: ");
    }
    if (fgets(url, URL_SIZE_MAX + 2, stdin) == NULL) {
        fault_set(fault, EXIT_CODE_USAGE, "there is no URL on standard input");
        return false;
    }
    size = strlen(url);
    while (size > 0 && (url[size - 1] == '\n' || url[size - 1] == '\r' || url[size - 1] == ' ')) {
        size--;
    }
    url[size] = '\0';
    return true;
}

/* What a person calls the ziglan: its name (before it answered, the one in the URL), or if there is
 * none the beginning of its key. */
static const char *ziglan_title(const json_t *ziglan, char text[TITLE_SIZE])
{
    const char *name = field_text(ziglan, "name");

    if (name[0] != '\0') {
        return name;
    }
    (void)snprintf(text, TITLE_SIZE, "the ziglan %.10s...", field_text(ziglan, "key"));
    return text;
}

/* Print a sentence of the daemon as the end of ours, and end the line. */
static void reason_print(FILE *to, const char *reason)
{
    if (reason[0] != '\0') {
        bool acronym = isupper((unsigned char)reason[1]) != 0; /* "TLS is ..." stays */

        (void)fprintf(to, ": %c%s", acronym ? reason[0] : tolower((unsigned char)reason[0]),
                      reason + 1);
    }
    (void)fputc('\n', to);
}

/* -- How the ziglan answered ------------------------------------------------------------------- */

static bool state_is(const json_t *ziglan, const char *state)
{
    return strcmp(field_text(ziglan, "state"), state) == 0;
}

static bool is_settled(const json_t *status, const char *key)
{
    const json_t *ziglan = field_row(status, "ziglans", key, NULL);

    return ziglan != NULL && json_is_true(json_object_get(ziglan, "settled"));
}

static void joined_print(const json_t *ziglan, const char *title)
{
    uint64_t members = field_number(ziglan, "members");

    (void)printf("Joined %s as %s.zignet", title, field_text(ziglan, "granted_name"));
    if (members > 0) { /* 0: the list of members has not come yet; this host is on it */
        (void)printf(" (%llu member%s)", (unsigned long long)members, members == 1 ? "" : "s");
    }
    (void)printf("\n");
}

/* What is known about an address at which no relay answered the core. */
static void verdict_print(const char *address, enum udp_verdict verdict, bool v4)
{
    static const char *const texts[] = {
        [UDP_VERDICT_ANSWERED] = "something answers there, but no session to a relay came of it",
        [UDP_VERDICT_CLOSED] = "nothing listens at that UDP port; does the relay run?",
        [UDP_VERDICT_UNREACHABLE] = "a router or firewall on the way sends packets back",
        [UDP_VERDICT_FORBIDDEN] = "a firewall of this machine forbids it",
        [UDP_VERDICT_NO_WAY] = "this machine has no route to it",
    };

    if (verdict == UDP_VERDICT_NO_FAMILY) {
        (void)fprintf(stderr, "  %s: this machine has no %s\n", address, v4 ? "IPv4" : "IPv6");
    } else if (verdict == UDP_VERDICT_SILENT) {
        (void)fprintf(
            stderr,
            "  %s: no answer in %d s, nor to %d more packets in %.1f s; do firewalls here "
            "and there let this UDP port through?\n",
            address, JOIN_WAIT_MS / 1000, UDP_ASK_PACKETS,
            UDP_ASK_PACKETS * UDP_ASK_EVERY_MS / 1000.0);
    } else {
        (void)fprintf(stderr, "  %s: %s\n", address, texts[verdict]);
    }
}

/* Ask the addresses that the core dialled once more, one by one, and print what comes of it. */
static void addresses_explain(const json_t *dialled)
{
    /* A binding request of STUN, which every relay answers. */
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 'j', 'o', 'i', 'n'};
    struct endpoint to[UDP_ASK_MAX];
    enum udp_verdict verdicts[UDP_ASK_MAX];
    const json_t *item;
    size_t count = 0;
    size_t i;

    json_array_foreach(dialled, i, item)
    {
        const char *text = json_string_value(item);

        count += text != NULL && count < UDP_ASK_MAX && endpoint_parse(&to[count], text, 0);
    }
    udp_ask(to, count, request, sizeof(request), verdicts);
    for (i = 0; i < count; i++) {
        char text[ENDPOINT_TEXT_SIZE];

        verdict_print(endpoint_text(&to[i], text), verdicts[i], endpoint_is_v4(&to[i]));
    }
}

/* Whether a daemon runs, which goes on to try. */
enum trier { TRIER_DAEMON, TRIER_NOBODY };

static void not_yet_print(const struct cli *cli, const json_t *ziglan, const char *title,
                          const json_t *relay, enum trier trier)
{
    const char *name = field_text(ziglan, "name");

    (void)fprintf(stderr, CLI_PROGRAM ": %s is not joined yet", title);
    reason_print(stderr, field_text(ziglan, "error"));
    addresses_explain(json_object_get(relay, "dialled"));
    if (trier == TRIER_DAEMON) {
        (void)fprintf(stderr, "It is tried again for as long as the interface is up.\n");
    } else {
        (void)fprintf(stderr, "To go on trying: sudo ziglan up%s\n", cli->place.flag);
    }
    /* Somebody may not want to wait. A ziglan that told no name yet is left by its key. */
    (void)fprintf(stderr, "To forget it: sudo ziglan leave %s%s\n",
                  name[0] != '\0' ? name : field_text(ziglan, "key"), cli->place.flag);
}

/* Print how the ziglan stands, for people. */
static void ziglan_print(const struct cli *cli, const json_t *status, const json_t *ziglan,
                         size_t index, enum trier trier)
{
    char text[TITLE_SIZE];
    const char *title = ziglan_title(ziglan, text);

    if (state_is(ziglan, "joined")) {
        joined_print(ziglan, title);
    } else if (state_is(ziglan, "refused")) {
        (void)fprintf(stderr, CLI_PROGRAM ": %s refused this host", title);
        reason_print(stderr, field_text(ziglan, "error"));
    } else {
        /* The list of relays begins with the entry points, in the order of the ziglans. */
        const json_t *relay = json_array_get(json_object_get(status, "relays"), index);

        not_yet_print(cli, ziglan, title, relay, trier);
    }
}

/* If the host is called otherwise than it wants, say why. */
static void name_compare(const struct cli *cli, const json_t *ziglan)
{
    const char *granted = field_text(ziglan, "granted_name");
    char wanted[NAME_TEXT_SIZE];

    if (field_text(ziglan, "name_why")[0] != '\0') {
        (void)fprintf(stderr, CLI_PROGRAM ": this host is %s there: %s\n", granted,
                      field_text(ziglan, "name_why"));
        return;
    }
    if (cli->name == NULL || !state_is(ziglan, "joined")) {
        return;
    }
    (void)name_sanitise(wanted, cli->name, strlen(cli->name));
    if (strcmp(granted, wanted) != 0) {
        (void)fprintf(stderr,
                      CLI_PROGRAM ": this host is %s there, not %s: that name is taken, or "
                                  "the invite, the operator or an earlier join chose this one\n",
                      granted, wanted);
    }
}

/* Print how the ziglan with this key stands. Returns the exit code: EXIT_CODE_OK only if it has
 * admitted us, or if somebody left it meanwhile. */
static int ziglan_tell(const struct cli *cli, const json_t *status, const char *key,
                       enum trier trier)
{
    size_t index;
    const json_t *ziglan = field_row(status, "ziglans", key, &index);

    if (ziglan != NULL) {
        name_compare(cli, ziglan);
    }
    if (cli->json) {
        fields_print(json_object_get(status, "ziglans"));
    } else if (ziglan != NULL) {
        ziglan_print(cli, status, ziglan, index, trier);
    }
    return ziglan == NULL || state_is(ziglan, "joined") ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

/* -- The two ways ------------------------------------------------------------------------------ */

/* Wait until that ziglan has admitted or refused us, then tell how it stands. */
static int wait_joined(const struct cli *cli, const char *key)
{
    const struct timespec step = {.tv_nsec = JOIN_POLL_MS * 1000000L};
    struct mono end = mono_add_ms(clock_mono(), JOIN_WAIT_MS);

    for (;;) {
        struct fault fault = {0};
        json_t *status = ask_verb(cli, "status", NULL, NULL, &fault);

        if (status == NULL) {
            return cli_fail(cli, &fault);
        }
        if (is_settled(status, key) || mono_due(end, clock_mono())) {
            int code = ziglan_tell(cli, status, key, TRIER_DAEMON);

            json_decref(status);
            return code;
        }
        json_decref(status);
        (void)nanosleep(&step, NULL);
    }
}

/* Run the core without an interface until the ziglan has answered. */
static int join_offline(const struct cli *cli, const char *url, const char *key)
{
    struct fault fault = {0};
    json_t *status = offline_join(&cli->place, url, cli->name, &fault);
    int code;

    if (status == NULL) {
        return cli_fail(cli, &fault);
    }
    code = ziglan_tell(cli, status, key, TRIER_NOBODY);
    if (code == EXIT_CODE_OK && !cli->json) {
        (void)printf("Next: sudo ziglan up%s\n", cli->place.flag);
    }
    json_decref(status);
    return code;
}

/* -- The verb ---------------------------------------------------------------------------------- */

/* If the name of --name is no DNS label, say which label is made of it. */
static void wanted_name_tell(const struct cli *cli)
{
    char wanted[NAME_TEXT_SIZE];

    if (cli->name == NULL) {
        return;
    }
    (void)name_sanitise(wanted, cli->name, strlen(cli->name));
    if (strcmp(wanted, cli->name) != 0) {
        (void)fprintf(stderr,
                      CLI_PROGRAM ": the name becomes %s: small letters, digits and inner "
                                  "hyphens only\n",
                      wanted);
    }
}

/* Whom the host is going to ask. */
static void asking_print(const struct url *url)
{
    if (url->hosts_count > 0) {
        (void)fprintf(stderr, "Asking %s ...\n", url->hosts[0].name);
    } else if (url->relays_count > 0) {
        (void)fprintf(stderr, "Asking %s where it is ...\n", url->relays[0].host.name);
    } else {
        (void)fprintf(stderr, "Asking the relays of this host where it is ...\n");
    }
}

int verb_join(const struct cli *cli)
{
    char text[URL_SIZE_MAX + 2];
    char problem[URL_ERROR_SIZE];
    char key[KEY_TEXT_SIZE];
    struct url url;
    struct fault fault = {0};
    json_t *answer;

    if (!url_read(cli, text, &fault)) {
        return cli_fail(cli, &fault);
    }
    /* Checked here, too, so that a mistyped URL is told without a daemon and without root. */
    if (url_parse(&url, text, strlen(text), problem) != ERR_OK) {
        fault_set(&fault, EXIT_CODE_USAGE, "%s", problem);
        return cli_fail(cli, &fault);
    }
    if (!url_is_usable(&url)) {
        fault_set(&fault, EXIT_CODE_USAGE, "%s", KEY_UNUSABLE_TEXT);
        return cli_fail(cli, &fault);
    }
    (void)key_text(url.key, key);
    wanted_name_tell(cli);
    if (isatty(STDERR_FILENO) == 1) {
        asking_print(&url);
    }
    answer = ask(cli, json_pack("{s:s, s:s, s:s*}", "do", "join", "url", text, "name", cli->name),
                 &fault);
    if (answer != NULL) {
        json_decref(answer);
        return wait_joined(cli, key);
    }
    if (fault.exit_code != EXIT_CODE_NO_DAEMON) {
        return cli_fail(cli, &fault);
    }
    return join_offline(cli, text, key);
}
