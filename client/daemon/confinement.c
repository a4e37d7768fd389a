/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of paths, from where everything of the interface lies. */
#include "client/daemon/confinement.h"

#include "client/platform/dnscfg.h"

#include <linux/capability.h>

int confinement_enter(struct sandbox **out, const struct host *host)
{
    const struct place *place = host->place;
    struct sandbox_policy policy;

    *out = NULL;
    if (!host->config->sandbox) {
        return ERR_OK;
    }
    sandbox_policy_init(&policy);
    sandbox_policy_add_folder_of(&policy, place->config, SANDBOX_USE_READ_FLAG);
    sandbox_policy_add(&policy, place->state, SANDBOX_USE_WRITE_FLAG);
    sandbox_policy_add(&policy, place->run, SANDBOX_USE_WRITE_FLAG);
    sandbox_policy_keep(&policy, CAP_NET_ADMIN);
    if (host->config->dns_enabled) {
        sandbox_policy_add_program(&policy, dnscfg_program());
    }
    return sandbox_enter(out, host->loop, os_env_port(host->os), &policy);
}
