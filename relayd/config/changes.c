/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which keys differ between two settings. */
#include "relayd/config/changes.h"

#include <stdio.h>
#include <string.h>

static bool peers_equal(const struct relay_peers *a, const struct relay_peers *b)
{
    bool equal = a->count == b->count;

    for (size_t i = 0; equal && i < a->count; i++) {
        const struct url_relay *one = &a->list[i], *other = &b->list[i];

        equal = memcmp(one->key, other->key, KEY_SIZE) == 0 && one->host.port == other->host.port &&
                strcmp(one->host.name, other->host.name) == 0;
    }
    return equal;
}

struct key_row {
    const char *key;
    bool differs;
};

/* Write the keys of the rows that differ. */
static const char *keys_write(const struct key_row *rows, size_t count, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (rows[i].differs && used < size) {
            int wrote =
                snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", rows[i].key);
            used += wrote > 0 ? (size_t)wrote : 0;
        }
    }
    return text;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

const char *relay_settings_changed_keys(const struct relay_settings *before,
                                        const struct relay_settings *after,
                                        const struct relay_settings *started, char *text,
                                        size_t size)
{
    const struct key_row rows[] = {
        {"name", strcmp(before->name, after->name) != 0},
        {"public", strcmp(before->public_hosts, after->public_hosts) != 0},
        {"portmap", before->portmap != after->portmap},
        {"peers", !peers_equal(&before->peers, &after->peers)},
        {"delegation",
         strcmp(before->delegation_path, after->delegation_path) != 0 &&
             (before->delegation_path[0] == '\0') == (after->delegation_path[0] == '\0')},
        {"certificate", strcmp(before->certificate_path, after->certificate_path) != 0},
        {"certificate_key", strcmp(before->certificate_key_path, after->certificate_key_path) != 0},
        {"metrics", before->metrics_on != after->metrics_on ||
                        (after->metrics_on && !endpoint_equal(&before->metrics, &after->metrics))},
        {"session_max", least(before->session_max, started->session_max) !=
                            least(after->session_max, started->session_max)},
        {"admission", before->admission.mode != after->admission.mode},
        {"allow", !admission_allowed_equal(&before->admission, &after->admission)},
        {"admission_script",
         strcmp(before->admission_script.path, after->admission_script.path) != 0 ||
             before->admission_script.timeout_s != after->admission_script.timeout_s ||
             before->admission_script.at_once != after->admission_script.at_once ||
             before->admission.cache_s != after->admission.cache_s},
        {"open_relay", before->open_relay != after->open_relay},
        {"bandwidth", before->bandwidth != after->bandwidth},
        {"lane_bandwidth", before->lane_bandwidth != after->lane_bandwidth},
        {"monthly", before->monthly != after->monthly},
        {"apps", !applications_apps_equal(&before->applications, &after->applications)},
        {"pool_max", before->applications.pool_max != after->applications.pool_max},
        {"reward", !applications_rewards_equal(&before->applications, &after->applications)},
        {"stun", before->stun_per_address_per_s != after->stun_per_address_per_s ||
                     before->stun_per_s != after->stun_per_s ||
                     before->stun_other_address != after->stun_other_address},
        {"log_level", before->log_level != after->log_level},
    };

    return keys_write(rows, sizeof(rows) / sizeof(rows[0]), text, size);
}

const char *relay_settings_restart_keys(const struct relay_settings *before,
                                        const struct relay_settings *after, char *text, size_t size)
{
    const struct key_row rows[] = {
        {"listen", before->listen_default != after->listen_default ||
                       before->listen_count != after->listen_count ||
                       memcmp(before->listen, after->listen, sizeof(before->listen)) != 0},
        {"key", strcmp(before->key_path, after->key_path) != 0},
        {"ziglan_key", strcmp(before->ziglan_key_path, after->ziglan_key_path) != 0},
        {"delegation", (before->delegation_path[0] == '\0') != (after->delegation_path[0] == '\0')},
        {"state", strcmp(before->state_path, after->state_path) != 0},
        {"control", strcmp(before->control_path, after->control_path) != 0},
        {"session_max", after->session_max > before->session_max},
        {"workers", after->workers != before->workers},
        {"sandbox", after->sandbox != before->sandbox},
    };

    return keys_write(rows, sizeof(rows) / sizeof(rows[0]), text, size);
}
