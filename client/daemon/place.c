/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interface's name becomes part of paths, so only letters, digits, - and _ may be in it.
 */
#include "client/daemon/place.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool path_join(char out[PLACE_PATH_SIZE], const char *a, const char *b, const char *c,
                      const char *d)
{
    int size = snprintf(out, PLACE_PATH_SIZE, "%s%s%s%s", a, b, c, d);

    return size >= 0 && size < PLACE_PATH_SIZE;
}

static bool interface_ok(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    return name[0] != '\0' && name[0] != '-' && strlen(name) < IFNAMSIZ &&
           strspn(name, allowed) == strlen(name);
}

bool place_fill(struct place *out, const char *interface, const char *config_path,
                struct fault *fault)
{
    const char *root = getenv("ZIGLAN_ROOT");
    bool ok;

    root = root != NULL ? root : "";
    *out = (struct place){.interface = interface, .config_named = config_path != NULL};
    if (!interface_ok(interface)) {
        fault_set(fault, EXIT_CODE_USAGE,
                  "'%s' is no interface name: 1 to %d letters, digits, - and _ are", interface,
                  IFNAMSIZ - 1);
        return false;
    }
    if (strcmp(interface, PLACE_INTERFACE_DEFAULT) != 0) {
        (void)snprintf(out->flag, sizeof(out->flag), " -i %s", interface);
    }
    ok = path_join(out->state, root, "/var/lib/ziglan/", interface, "") &&
         path_join(out->run, root, "/run/ziglan", "", "") &&
         path_join(out->key, out->state, "/key", "", "") &&
         path_join(out->store, out->state, "/store", "", "") &&
         path_join(out->lock, out->state, "/lock", "", "") &&
         path_join(out->socket, out->run, "/", interface, ".sock") &&
         path_join(out->log, out->run, "/", interface, ".log");
    if (config_path != NULL) {
        ok = path_join(out->config, config_path, "", "", "") && ok;
    } else {
        ok = path_join(out->config, root, "/etc/ziglan/", interface, ".yaml") && ok;
    }
    if (!ok) {
        fault_set(fault, EXIT_CODE_USAGE, "the paths below %s are too long", root);
    }
    return ok;
}
