/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * First what is on the disk, then the relay that runs, then the machine. Each thing is looked at
 * whatever was found before.
 */
#include "relayd/cli/doctor.h"

#include "proto/doctor/bundle.h"
#include "proto/doctor/firewall_look.h"
#include "proto/doctor/machine.h"
#include "proto/doctor/offloads.h"
#include "proto/host/control_call.h"
#include "proto/host/fault_print.h"
#include "proto/host/fields.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "relayd/cli/cli.h"
#include "relayd/cli/options.h"
#include "relayd/config/advice.h"
#include "relayd/daemon/certificate.h"
#include "relayd/daemon/load.h"
#include "ziglan_version.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TIMEOUT_MS = 5000,
    BUFFER_WANTED = 7500000,
    CERTIFICATE_DAYS_WANTED = 14,
    DAY_S = 86400,
    BUNDLE_NAMES_MAX = ADMISSION_ALLOWED_MAX + 2, /* the ziglan's, and the end of the list */
};

struct doctor {
    const struct options *options;
    char option[ADVICE_SIZE]; /* behind `relayd` in commands */
    struct relay_settings settings;
    bool has_settings;
    json_t *status; /* of the running relay; NULL: none answers */
    struct findings findings;
};

/* ---- files ---- */

static void config_look(struct doctor *doctor)
{
    const char *path = doctor->options->config_path;
    struct fault fault;

    doctor->has_settings = load_settings(&doctor->settings, path, &fault) == ERR_OK;
    if (doctor->has_settings) {
        findings_add(&doctor->findings, "config", FINDING_OK, "%s", path);
    } else {
        findings_add(&doctor->findings, "config", FINDING_BAD, "%s", fault.text);
        findings_command(&doctor->findings, "relayd --check%s", doctor->option);
    }
}

static void key_look(struct doctor *doctor, const char *what, const char *path)
{
    struct identity identity;
    struct fault fault;

    if (load_key(&identity, path, &fault) == ERR_OK) {
        findings_add(&doctor->findings, "key", FINDING_OK, "%s of %s", path, what);
        identity_wipe(&identity);
    } else {
        bool unseen = fault.exit_code == EXIT_CODE_PERMISSION && geteuid() != 0;

        findings_add(&doctor->findings, "key", unseen ? FINDING_NOTE : FINDING_BAD, "%s",
                     fault.text);
        findings_command(&doctor->findings, unseen ? "sudo relayd doctor%s" : "sudo ls -l %s",
                         unseen ? doctor->option : path);
    }
}

/* ---- the relay that runs ---- */

static void relay_look(struct doctor *doctor)
{
    json_t *request = json_pack("{s:s}", "do", "status");
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};

    if (request == NULL || control_call(doctor->settings.control_path, request, TIMEOUT_MS,
                                        &doctor->status, &fault) != ERR_OK) {
        doctor->status = NULL;
        findings_add(&doctor->findings, "relay",
                     fault.exit_code == EXIT_CODE_PERMISSION ? FINDING_NOTE : FINDING_BAD,
                     fault.exit_code == EXIT_CODE_NO_DAEMON ? "it does not run" : "%s", fault.text);
        findings_command(&doctor->findings,
                         fault.exit_code == EXIT_CODE_PERMISSION ? "sudo relayd doctor%s"
                                                                 : "sudo systemctl start relayd",
                         doctor->option);
    } else if (strcmp(field_text(doctor->status, "version"), ZIGLAN_VERSION) != 0) {
        findings_add(&doctor->findings, "relay", FINDING_NOTE,
                     "version %s runs, but %s is installed", field_text(doctor->status, "version"),
                     ZIGLAN_VERSION);
        findings_command(&doctor->findings, "sudo systemctl restart relayd");
    } else {
        findings_add(&doctor->findings, "relay", FINDING_OK, "version %s runs, with %llu sessions",
                     ZIGLAN_VERSION, (unsigned long long)field_number(doctor->status, "sessions"));
    }
    json_decref(request);
}

static void storage_look(struct doctor *doctor)
{
    bool healthy = json_is_true(json_object_get(doctor->status, "store_healthy"));

    findings_add(&doctor->findings, "storage", healthy ? FINDING_OK : FINDING_BAD,
                 healthy ? "it takes what is written" : "it fails, so joins are refused");
    if (!healthy) {
        findings_command(&doctor->findings, "df -h %s", doctor->settings.state_path);
    }
}

/* Other relays of the subnet say whether they get in. */
static void reach_look(struct doctor *doctor)
{
    const char *reach = field_text(doctor->status, "reach");
    const char *text = field_text(doctor->status, "reach_text");
    struct findings *findings = &doctor->findings;

    if (strcmp(reach, "public") == 0 || strcmp(reach, "full_cone") == 0) {
        findings_add(findings, "reached", FINDING_OK, "%s", text);
    } else if (strcmp(reach, "not_reachable") == 0) {
        findings_add(findings, "reached", FINDING_BAD, "%s", text);
        findings_command(findings,
                         "open the UDP ports of listen: in the firewall of your hoster, or "
                         "forward them in your router");
    } else {
        findings_add(findings, "reached", FINDING_NOTE,
                     "no other relay has looked from outside (%s); on a host of the ziglan "
                     "`ziglan doctor` tells",
                     text);
        findings_command(findings, "name a relay of somebody else in peers: of %s",
                         doctor->options->config_path);
    }
}

/* That of an authority, which browsers look at, as its files are now. True: nothing is wrong, or
 * they cannot be seen. */
static bool certificate_files_look(struct doctor *doctor)
{
    struct os_env *os = NULL;
    struct fault fault;
    bool fine = os_env_new(&os, TRACE_LEVEL_ERROR) != ERR_OK ||
                certificate_check(&doctor->settings, os_env_port(os), &fault) == ERR_OK ||
                fault.exit_code == EXIT_CODE_PERMISSION;

    os_env_free(os);
    if (!fine) {
        findings_add(&doctor->findings, "certificate", FINDING_BAD, "%s", fault.text);
        findings_command(&doctor->findings, "relayd --check%s", doctor->option);
    }
    return fine;
}

/* The one that the relay shows; without one there is nothing to say. */
static void certificate_look(struct doctor *doctor)
{
    const json_t *left = json_object_get(doctor->status, "certificate_left_s");
    json_int_t days = json_integer_value(left) / DAY_S;

    if (!json_is_integer(left)) {
        return;
    }
    if (json_integer_value(left) <= 0) {
        findings_add(&doctor->findings, "certificate", FINDING_BAD,
                     "it is over, so browsers refuse the relay's page");
    } else {
        findings_add(&doctor->findings, "certificate",
                     days < CERTIFICATE_DAYS_WANTED ? FINDING_NOTE : FINDING_OK,
                     "for browsers it holds %lld days", (long long)days);
    }
    if (days < CERTIFICATE_DAYS_WANTED) {
        findings_command(&doctor->findings, "renew %.150s, then: sudo systemctl reload relayd",
                         doctor->settings.certificate_path);
    }
}

/* ---- the machine ---- */

static void ports_look(struct doctor *doctor, const char *interface)
{
    uint16_t ports[SETTINGS_LISTEN_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i < doctor->settings.listen_count; i++) {
        bool known = false;

        for (size_t k = 0; k < count; k++) {
            known = known || ports[k] == doctor->settings.listen[i].port;
        }
        if (!known) {
            ports[count++] = doctor->settings.listen[i].port;
        }
    }
    if (strstr(field_text(doctor->status, "listen"), ":443") != NULL &&
        doctor->settings.listen_default) {
        ports[count++] = SETTINGS_PORT_SPARE;
    }
    firewall_look(&doctor->findings, interface, ports, count);
}

/* The names of `public:`, without ports. */
static void names_look(struct doctor *doctor)
{
    const char *at = doctor->settings.public_hosts;

    while (*at != '\0') {
        char host[HOST_TEXT_SIZE + 8];
        struct endpoint address;
        size_t size = strcspn(at, ",");

        (void)snprintf(host, sizeof(host), "%.*s", (int)size, at);
        at += size + (at[size] == ',' ? 1 : 0);
        if (endpoint_parse(&address, host, 1)) {
            continue;
        }
        host[strcspn(host, ":")] = '\0';
        machine_name(&doctor->findings, host);
    }
}

static void machine_look(struct doctor *doctor)
{
    char interface[16] = "";

    machine_network(&doctor->findings, interface);
    if (doctor->has_settings) {
        ports_look(doctor, interface);
        names_look(doctor);
    }
    offloads_device(&doctor->findings, interface);
    machine_clock(&doctor->findings);
    machine_buffers(&doctor->findings, BUFFER_WANTED);
    machine_kernel(&doctor->findings);
}

static void all_look(struct doctor *doctor)
{
    bool fine = true;

    config_look(doctor);
    if (doctor->has_settings) {
        key_look(doctor, "the relay", doctor->settings.key_path);
        if (doctor->settings.delegation_path[0] == '\0') {
            key_look(doctor, "the ziglan", doctor->settings.ziglan_key_path);
        }
        fine = certificate_files_look(doctor);
        machine_folder(&doctor->findings, doctor->settings.state_path);
        relay_look(doctor);
    }
    if (doctor->status != NULL) {
        storage_look(doctor);
        reach_look(doctor);
    }
    if (doctor->status != NULL && fine) {
        certificate_look(doctor);
    }
    machine_look(doctor);
}

/* What the operator wrote about members is nobody's business: notes become stars in the text of the
 * configuration, and their names are among those that are taken out. */
static void members_hide(const struct doctor *doctor, char *config,
                         const char *names[BUNDLE_NAMES_MAX])
{
    const struct admission_config *admission = &doctor->settings.admission;
    size_t count = 0;

    if (doctor->has_settings) {
        names[count++] = doctor->settings.name;
    }
    for (size_t i = 0; doctor->has_settings && i < admission->allowed_count; i++) {
        const char *note = admission->allowed[i].note;
        char *at = config != NULL && note[0] != '\0' ? strstr(config, note) : NULL;

        for (; at != NULL; at = strstr(at, note)) {
            memset(at, '*', strlen(note));
        }
        if (admission->allowed[i].name[0] != '\0') {
            names[count++] = admission->allowed[i].name;
        }
    }
    names[count] = NULL;
}

static int bundle_make(const struct doctor *doctor, const char *to)
{
    const json_t *const answers[] = {doctor->status, NULL};
    const char *names[BUNDLE_NAMES_MAX];
    struct bundle bundle = {.program = "relayd",
                            .version = ZIGLAN_VERSION,
                            .unit = "relayd",
                            .answers = answers,
                            .names = names};
    uint8_t *config = NULL;
    size_t size = 0;
    struct fault fault;
    int rc;

    if (file_read(doctor->options->config_path, SETTINGS_TEXT_SIZE_MAX, &config, &size, &fault) ==
        ERR_OK) {
        bundle.config = (const char *)config;
    }
    members_hide(doctor, (char *)config, names);
    rc = bundle_write(to, &bundle, &doctor->findings, &fault);
    free(config);
    if (rc != ERR_OK) {
        return fault_print(&fault, "relayd");
    }
    (void)printf(
        "%s has no keys, invites, addresses or names in it; look at it, and add it to your "
        "report.\n",
        to);
    return EXIT_CODE_OK;
}

int doctor_run(int argc, char **argv)
{
    static const struct options_allowed allowed = {.letters = "cjb"};
    struct options options;
    struct doctor *doctor;
    int code = options_parse(&options, argc, argv, &allowed);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    doctor = calloc(1, sizeof(*doctor));
    if (doctor == NULL || identity_library_init() != ERR_OK) {
        free(doctor);
        return EXIT_CODE_FAILURE;
    }
    doctor->options = &options;
    (void)advice_option(options.config_path, doctor->option);
    all_look(doctor);
    code = options.bundle != NULL ? bundle_make(doctor, options.bundle)
                                  : findings_tell(&doctor->findings, options.json);
    json_decref(doctor->status);
    free(doctor);
    return code;
}
