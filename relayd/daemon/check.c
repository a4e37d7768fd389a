/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each thing is looked at whatever was found before; the sentences are those of the start. */
#include "relayd/daemon/check.h"

#include "proto/base/config_text.h"
#include "proto/crypto/delegation.h"
#include "proto/host/fault_print.h"
#include "proto/host/file.h"
#include "proto/host/os_env.h"
#include "proto/host/socket_name.h"
#include "relayd/daemon/certificate.h"
#include "relayd/daemon/keys.h"
#include "relayd/daemon/load.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct check {
    const struct relay_settings *settings;
    const struct env *env;
    struct config_text text; /* path, text and size: to find lines */
    int code;
};

/* Print it with the place of a key's value; "" is any. */
static void tell(struct check *check, const char *key, const char *value, const struct fault *fault)
{
    unsigned long line = check->text.text != NULL ? config_text_line(&check->text, key, value) : 0;
    struct fault placed = {.exit_code = fault->exit_code};
    int code;

    if (line > 0) {
        fault_set(&placed, fault->exit_code, "%.200s:%lu: %s", check->text.path, line, fault->text);
    } else {
        fault_set(&placed, fault->exit_code, "%.200s: %s", check->text.path, fault->text);
    }
    code = fault_print(&placed, "relayd");
    if (check->code == EXIT_CODE_OK || code == EXIT_CODE_USAGE) {
        check->code = code;
    }
}

/* ---- files ---- */

/* The relay's key is there and good. */
static void delegation_look(struct check *check)
{
    const struct relay_settings *settings = check->settings;
    uint64_t wall_ms = env_wall_ms(check->env);
    struct record_delegation record;
    struct keys keys = {0};
    struct fault fault;

    if (keys_load(&keys, settings, check->text.path, wall_ms, &fault) != ERR_OK) {
        tell(check, "delegation", "", &fault);
    } else if (delegation_verify(&record, keys.delegation, keys.delegation_size, NULL,
                                 keys.relay.public_key, wall_ms) == DELEGATION_NOT_IN_FORCE) {
        fault_set(&fault, EXIT_CODE_USAGE,
                  "the delegation in %.250s is over, or not in force yet by the clock of this "
                  "machine; make another with: relayd delegate",
                  settings->delegation_path);
        tell(check, "delegation", "", &fault);
    }
    keys_wipe(&keys);
}

static void keys_look(struct check *check)
{
    const struct relay_settings *settings = check->settings;
    struct identity key;
    struct fault fault;
    bool has_key = load_key(&key, settings->key_path, &fault) == ERR_OK;

    if (has_key) {
        identity_wipe(&key);
    } else {
        tell(check, "key", "", &fault);
    }
    if (settings->delegation_path[0] != '\0') {
        if (has_key) {
            delegation_look(check);
        }
    } else if (load_key(&key, settings->ziglan_key_path, &fault) == ERR_OK) {
        identity_wipe(&key);
    } else {
        tell(check, "ziglan_key", "", &fault);
    }
}

static void certificate_look(struct check *check)
{
    struct fault fault;

    if (certificate_check(check->settings, check->env, &fault) != ERR_OK) {
        bool of_key = strstr(fault.text, check->settings->certificate_path) == NULL;

        tell(check, of_key ? "certificate_key" : "certificate", "", &fault);
    }
}

/* ---- folders ---- */

/* Whether files can be made in a folder. */
static bool folder_is_usable(const char *path, struct fault *fault)
{
    struct stat info;

    if (stat(path, &info) != 0) {
        fault_set_path(fault, "the folder %.300s cannot be used", path);
        return false;
    }
    if (!S_ISDIR(info.st_mode)) {
        fault_set(fault, EXIT_CODE_USAGE, "%.300s is not a directory: move it away or name another",
                  path);
        return false;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0) {
        fault_set_path(fault, "the folder %.300s cannot be written to", path);
        return false;
    }
    return true;
}

/* The folder that a path is in. */
static const char *folder_of(const char *path, char text[PATH_MAX])
{
    (void)snprintf(text, PATH_MAX, "%s", path);
    return dirname(text);
}

static void folder_look(struct check *check, const char *key, const char *path)
{
    struct fault fault;

    if (!folder_is_usable(path, &fault)) {
        if (fault.exit_code == EXIT_CODE_USAGE && access(path, F_OK) != 0) {
            fault_add(&fault, "make it, or name another");
        }
        tell(check, key, "", &fault);
    }
}

static void state_look(struct check *check)
{
    const char *path = check->settings->state_path;
    char text[PATH_MAX];

    /* A start makes the last folder of the path. */
    folder_look(check, "state",
                access(path, F_OK) != 0 && errno == ENOENT ? folder_of(path, text) : path);
}

static void control_look(struct check *check)
{
    const char *path = check->settings->control_path;
    char text[PATH_MAX];
    struct stat info;
    struct fault fault;

    if (strcmp(folder_of(path, text), check->settings->state_path) != 0) {
        folder_look(check, "control", folder_of(path, text));
    }
    if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode)) {
        fault_set(&fault, EXIT_CODE_USAGE, "%s is in the way and is not a socket; remove it", path);
        tell(check, "control", "", &fault);
    }
}

/* ---- addresses ---- */

/* Whether this machine has the address. Of no port: that may be ours already. */
static bool address_is_here(const struct endpoint *address)
{
    struct endpoint any_port = *address;
    int family = endpoint_is_v4(address) ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 name;
    socklen_t size;
    bool here;

    any_port.port = 0;
    size = socket_name_of(&name, &any_port, family);
    here = fd >= 0 ? bind(fd, (struct sockaddr *)&name, size) == 0 || errno != EADDRNOTAVAIL
                   : errno != EAFNOSUPPORT;
    if (fd >= 0) {
        (void)close(fd);
    }
    return here;
}

static void address_look(struct check *check, const char *key, const struct endpoint *address)
{
    static const uint8_t zero[16];
    char text[ENDPOINT_TEXT_SIZE];
    struct fault fault;

    if (memcmp(address->ip, zero, sizeof(zero)) != 0 && !address_is_here(address)) {
        fault_set(&fault, EXIT_CODE_USAGE,
                  "`%s`: this machine does not have the address of %s; see: ip addr", key,
                  endpoint_text(address, text));
        tell(check, key, text, &fault);
    }
}

static void addresses_look(struct check *check)
{
    const struct relay_settings *settings = check->settings;

    for (size_t i = 0; i < settings->listen_count; i++) {
        address_look(check, "listen", &settings->listen[i]);
    }
    if (settings->metrics_on) {
        address_look(check, "metrics", &settings->metrics);
    }
}

/* ---- the program that admits ---- */

int admission_program_check(const struct relay_settings *settings, struct fault *fault)
{
    const char *path = settings->admission_script.path;
    struct stat info;

    if (settings->admission.mode != ADMISSION_MODE_SCRIPT) {
        return ERR_OK;
    }
    if (stat(path, &info) != 0) {
        fault_set_path(fault, "the program that admits cannot be run: %.250s", path);
        if (fault->exit_code == EXIT_CODE_USAGE) {
            fault_add(fault, "correct `admission_script.path`");
        }
        return ERR_DROP;
    }
    if (!S_ISREG(info.st_mode)) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "the program that admits cannot be run: %.250s is not a regular file; correct "
                  "`admission_script.path`",
                  path);
        return ERR_DROP;
    }
    if (access(path, X_OK) != 0) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "the program that admits cannot be run: %.250s may not be executed; let it with: "
                  "chmod +x %.150s",
                  path, path);
        return ERR_DROP;
    }
    return ERR_OK;
}

static void program_look(struct check *check)
{
    const char *path = check->settings->admission_script.path;
    struct fault fault;

    if (admission_program_check(check->settings, &fault) != ERR_OK) {
        tell(check, "admission_script", path, &fault);
    }
}

int relay_daemon_check(const char *config_path, const struct relay_settings *settings)
{
    struct check check = {
        .settings = settings, .text = {.path = config_path}, .code = EXIT_CODE_OK};
    uint8_t *text = NULL;
    struct os_env *os = NULL;
    struct fault fault;

    if (os_env_new(&os, TRACE_LEVEL_ERROR) != ERR_OK || identity_library_init() != ERR_OK) {
        fault_set(&fault, EXIT_CODE_FAILURE, "out of memory");
        os_env_free(os);
        return fault_print(&fault, "relayd");
    }
    check.env = os_env_port(os);
    if (file_read(config_path, SETTINGS_TEXT_SIZE_MAX, &text, &check.text.size, &fault) == ERR_OK) {
        check.text.text = (const char *)text;
    }
    keys_look(&check);
    certificate_look(&check);
    state_look(&check);
    control_look(&check);
    addresses_look(&check);
    program_look(&check);
    free(text);
    os_env_free(os);
    return check.code;
}
