/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the daemon says of itself is most of it: it watches its resolver, routes and pool all the
 * time. The rest is looked at here.
 */
#include "client/cli/doctor.h"

#include "client/cli/ask.h"
#include "client/daemon/setup.h"
#include "proto/doctor/bundle.h"
#include "proto/doctor/firewall_look.h"
#include "proto/doctor/machine.h"
#include "proto/doctor/offloads.h"
#include "proto/host/fault_print.h"
#include "proto/host/fields.h"
#include "proto/host/file.h"
#include "proto/host/udp_ask.h"
#include "ziglan_version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_WANTED = 4000000 };

struct doctor {
    const struct cli *cli;
    json_t *status; /* of the daemon; NULL: none answers */
    struct client_config *config;
    struct findings findings;
};

/* ---- files and device ---- */

static void config_look(struct doctor *doctor)
{
    const struct place *place = &doctor->cli->place;
    struct fault fault;

    if (setup_config_load(&doctor->config, place, &fault) == ERR_OK) {
        findings_add(&doctor->findings, "config", FINDING_OK, "%s%s", place->config,
                     access(place->config, F_OK) == 0 ? "" : " is not there: all is as usual");
    } else {
        findings_add(&doctor->findings, "config", FINDING_BAD, "%s", fault.text);
        findings_command(&doctor->findings, "sudoedit %s", place->config);
    }
}

static void key_look(struct doctor *doctor)
{
    const struct place *place = &doctor->cli->place;
    struct identity identity;
    struct fault fault;

    if (doctor->config == NULL) {
        return;
    }
    if (setup_identity_load(&identity, place, doctor->config, NULL, false, &fault) == ERR_OK) {
        findings_add(&doctor->findings, "key", FINDING_OK, "this host has its key");
        identity_wipe(&identity);
    } else if (fault.exit_code == EXIT_CODE_PERMISSION && geteuid() != 0) {
        findings_add(&doctor->findings, "key", FINDING_NOTE, "only root may look at it");
        findings_command(&doctor->findings, "sudo ziglan doctor%s", place->flag);
    } else {
        findings_add(&doctor->findings, "key", FINDING_BAD, "%s", fault.text);
        findings_command(&doctor->findings, "sudo ziglan init%s", place->flag);
    }
}

static void device_look(struct doctor *doctor)
{
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd >= 0) {
        (void)close(fd);
        findings_add(&doctor->findings, "tun", FINDING_OK, "/dev/net/tun can be opened");
    } else if (errno == EACCES || errno == EPERM) {
        findings_add(&doctor->findings, "tun", FINDING_NOTE, "only root may open /dev/net/tun");
        findings_command(&doctor->findings, "sudo ziglan doctor%s", doctor->cli->place.flag);
    } else {
        findings_add(&doctor->findings, "tun", FINDING_BAD, "/dev/net/tun: %s", strerror(errno));
        findings_command(&doctor->findings,
                         errno == ENODEV
                             ? "sudo modprobe tun"
                             : "sudo modprobe tun (in a container: give it the device)");
    }
}

/* ---- the daemon ---- */

static void daemon_look(struct doctor *doctor)
{
    const struct place *place = &doctor->cli->place;
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};
    const char *version;

    doctor->status = ask_verb(doctor->cli, "status", NULL, NULL, &fault);
    version = field_text(doctor->status, "version");
    if (doctor->status == NULL && fault.exit_code == EXIT_CODE_PERMISSION) {
        findings_add(&doctor->findings, "daemon", FINDING_NOTE, "%s", fault.text);
        findings_command(&doctor->findings, "sudo ziglan doctor%s", place->flag);
    } else if (doctor->status == NULL) {
        findings_add(&doctor->findings, "daemon", FINDING_BAD, "%s does not run", place->interface);
        findings_command(&doctor->findings, "sudo ziglan up --detach%s", place->flag);
    } else if (strcmp(version, ZIGLAN_VERSION) != 0) {
        findings_add(&doctor->findings, "daemon", FINDING_NOTE,
                     "version %s runs, but %s is installed", version, ZIGLAN_VERSION);
        findings_command(&doctor->findings, "sudo ziglan down%s; sudo ziglan up --detach%s",
                         place->flag, place->flag);
    } else {
        findings_add(&doctor->findings, "daemon", FINDING_OK, "version %s runs", version);
    }
}

/* A sentence of the daemon that is empty if all is well. */
static void advice_tell(struct doctor *doctor, const char *name, const char *field,
                        const char *good)
{
    const char *advice = field_text(doctor->status, field);

    if (advice[0] == '\0') {
        findings_add(&doctor->findings, name, FINDING_OK, "%s", good);
    } else {
        findings_add(&doctor->findings, name, FINDING_NOTE, "%s", advice);
    }
}

static void interface_look(struct doctor *doctor)
{
    if (json_is_true(json_object_get(doctor->status, "interface_down"))) {
        findings_add(&doctor->findings, "interface", FINDING_BAD, "somebody set it down");
        findings_command(&doctor->findings, "sudo ip link set %s up",
                         field_text(doctor->status, "interface"));
    } else {
        findings_add(&doctor->findings, "interface", FINDING_OK, "%s is up",
                     field_text(doctor->status, "interface"));
    }
    offloads_tunnel(&doctor->findings, field_text(doctor->status, "interface"));
    advice_tell(doctor, "addresses", "pool_advice", "the pool hides nothing of this machine");
    advice_tell(doctor, "rules", "rule_advice", "no rule leads the peers' addresses elsewhere");
    advice_tell(doctor, "resolver", "dns_advice", "names under zignet are asked for here");
    if (json_is_false(json_object_get(doctor->status, "ipv6"))) {
        findings_add(&doctor->findings, "ipv6", FINDING_NOTE, "the kernel has IPv6 turned off");
        findings_command(&doctor->findings, "sudo sysctl -w net.ipv6.conf.%s.disable_ipv6=0",
                         field_text(doctor->status, "interface"));
    }
}

/* ---- relays: from here they are looked at from outside ---- */

static const char *verdict_words(enum udp_verdict verdict)
{
    static const char *const words[] = {
        [UDP_VERDICT_SILENT] = "does not answer: the relay is down, or a firewall is between",
        [UDP_VERDICT_ANSWERED] = "answers",
        [UDP_VERDICT_CLOSED] = "is closed: no relay listens there",
        [UDP_VERDICT_UNREACHABLE] = "is not reached: a router sends packets back",
        [UDP_VERDICT_FORBIDDEN] = "is forbidden by a firewall of this machine",
        [UDP_VERDICT_NO_WAY] = "is not reached: this machine has no way there",
        [UDP_VERDICT_NO_FAMILY] = "is not reached: this machine has no address of that family",
    };

    return words[verdict];
}

/* The addresses to ask: the relay's own, and the other port that relays have by default, because a
 * port that is shut shows nowhere while the session goes by the other one. */
static size_t ports_of(struct endpoint to[2], const char *host)
{
    static const uint16_t ports[] = {4433, 443};
    size_t count = 1;

    if (!endpoint_parse(&to[0], host, ports[0])) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        if (to[0].port == ports[i]) {
            to[1] = to[0];
            to[1].port = ports[1 - i];
            count = 2;
        }
    }
    return count;
}

static void ports_look(struct doctor *doctor, const char *host)
{
    /* A binding request of STUN, which every relay answers. */
    static const uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 'd', 'o', 'c'};
    struct endpoint to[2];
    enum udp_verdict verdicts[2];
    size_t count = ports_of(to, host);
    char text[ENDPOINT_TEXT_SIZE];

    udp_ask(to, count, request, sizeof(request), verdicts);
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i] == UDP_VERDICT_ANSWERED) {
            findings_add(&doctor->findings, "port", FINDING_OK, "%s answers",
                         endpoint_text(&to[i], text));
            continue;
        }
        findings_add(&doctor->findings, "port", i == 0 ? FINDING_BAD : FINDING_NOTE, "%s %s",
                     endpoint_text(&to[i], text), verdict_words(verdicts[i]));
        findings_command(&doctor->findings, "on the relay: sudo relayd doctor");
    }
    if (count == 0) {
        char name[HOST_TEXT_SIZE];

        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(host, ":"), host);
        machine_name(&doctor->findings, name);
    }
}

static void relays_look(struct doctor *doctor)
{
    const json_t *relay;
    size_t i, connected = 0;

    json_array_foreach(json_object_get(doctor->status, "relays"), i, relay)
    {
        const char *refused = field_text(relay, "refused");
        bool is_connected = strcmp(field_text(relay, "state"), "connected") == 0;

        connected += is_connected ? 1 : 0;
        findings_add(&doctor->findings, "relay",
                     is_connected && refused[0] == '\0' ? FINDING_OK : FINDING_NOTE, "%s: %s%s%s",
                     field_text(relay, "host"), field_text(relay, "state"),
                     refused[0] != '\0' ? "; " : "", refused);
        ports_look(doctor, field_text(relay, "host"));
    }
    if (connected == 0) {
        findings_add(&doctor->findings, "relays", FINDING_BAD, "this host has no relay");
        findings_command(&doctor->findings, i == 0 ? "sudo ziglan join -%s" : "ziglan netcheck%s",
                         doctor->cli->place.flag);
    }
}

static void ziglans_look(struct doctor *doctor)
{
    const json_t *ziglan;
    size_t i;

    json_array_foreach(json_object_get(doctor->status, "ziglans"), i, ziglan)
    {
        const char *error = field_text(ziglan, "error");

        findings_add(&doctor->findings, "ziglan", error[0] == '\0' ? FINDING_OK : FINDING_BAD,
                     "%s: %s%s%s", field_text(ziglan, "name"), field_text(ziglan, "state"),
                     error[0] != '\0' ? "; " : "", error);
    }
}

static void machine_look(struct doctor *doctor)
{
    uint16_t port = (uint16_t)field_number(doctor->status, "port");
    char interface[16] = "";

    machine_network(&doctor->findings, interface);
    if (doctor->config != NULL && doctor->config->listen_port != 0) {
        firewall_look(&doctor->findings, interface, &port, port != 0 ? 1 : 0);
    }
    offloads_device(&doctor->findings, interface);
    machine_clock(&doctor->findings);
    machine_buffers(&doctor->findings, BUFFER_WANTED);
    machine_kernel(&doctor->findings);
}

static void all_look(struct doctor *doctor)
{
    config_look(doctor);
    key_look(doctor);
    if (access(doctor->cli->place.state, F_OK) == 0) {
        machine_folder(&doctor->findings, doctor->cli->place.state);
    }
    device_look(doctor);
    daemon_look(doctor);
    if (doctor->status != NULL) {
        interface_look(doctor);
        relays_look(doctor);
        ziglans_look(doctor);
    }
    machine_look(doctor);
}

static int bundle_make(const struct doctor *doctor)
{
    const struct cli *cli = doctor->cli;
    const json_t *const answers[] = {doctor->status, NULL};
    const char *const names[] = {doctor->config != NULL ? doctor->config->name : "", NULL};
    char unit[PLACE_FLAG_SIZE + 16];
    struct bundle bundle = {.program = CLI_PROGRAM,
                            .version = ZIGLAN_VERSION,
                            .unit = unit,
                            .answers = answers,
                            .names = names};
    uint8_t *config = NULL;
    size_t size = 0;
    struct fault fault;
    int rc;

    (void)snprintf(unit, sizeof(unit), "ziglan@%s", cli->interface);
    if (file_read(cli->place.config, CLIENT_CONFIG_SIZE_MAX, &config, &size, &fault) == ERR_OK) {
        bundle.config = (const char *)config;
    }
    rc = bundle_write(cli->bundle, &bundle, &doctor->findings, &fault);
    free(config);
    if (rc != ERR_OK) {
        return fault_print(&fault, CLI_PROGRAM);
    }
    (void)printf(
        "%s has no keys, invites, addresses or names in it; look at it, and add it to your "
        "report.\n",
        cli->bundle);
    return EXIT_CODE_OK;
}

int verb_doctor(const struct cli *cli)
{
    struct doctor *doctor = calloc(1, sizeof(*doctor));
    int code;

    if (doctor == NULL) {
        return EXIT_CODE_FAILURE;
    }
    doctor->cli = cli;
    all_look(doctor);
    code = cli->bundle != NULL ? bundle_make(doctor) : findings_tell(&doctor->findings, cli->json);
    client_config_free(doctor->config);
    json_decref(doctor->status);
    free(doctor);
    return code;
}
