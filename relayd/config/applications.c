/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks what the schema of libcyaml cannot say about applications and rewards; prints them. */
#include "relayd/config/applications.h"

#include "relayd/base/relay_defaults.h"

#include <string.h>

/* Such texts travel as they are and are printed into one line. Quotes and backslashes would have to
 * be escaped there, and nobody needs them. */
static bool word_ok(const char *text, size_t size_max)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return size > 0 && size < size_max;
}

static bool apps_set(struct config_text *in, struct relay_applications *out, char *const *apps,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!word_ok(apps[i], RECORD_APP_SIZE)) {
            return config_text_refuse(in, "apps", apps[i]);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(apps[i], apps[k]) == 0) {
                return config_text_fail(in, "apps", apps[i], "'apps' has '%s' twice; write it once",
                                        apps[i]);
            }
        }
        (void)snprintf(out->apps[i], RECORD_APP_SIZE, "%s", apps[i]);
    }
    out->apps_count = count;
    return true;
}

static bool pool_set(struct config_text *in, struct relay_applications *out,
                     const uint32_t *pool_max)
{
    char text[16];

    if (pool_max != NULL && (*pool_max == 0 || *pool_max > APPLICATIONS_POOL_MAX)) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)*pool_max);
        return config_text_refuse(in, "pool_max", text);
    }
    out->pool_max = pool_max != NULL ? *pool_max : RELAY_POOL_MAX_DEFAULT;
    return true;
}

static bool reward_set(struct config_text *in, struct record_reward *out,
                       const struct raw_reward *raw)
{
    if (!word_ok(raw->chain, RECORD_CHAIN_SIZE)) {
        return config_text_refuse(in, "chain", raw->chain);
    }
    if (!word_ok(raw->address, RECORD_REWARD_SIZE)) {
        return config_text_refuse(in, "address", raw->address);
    }
    if (raw->identity != NULL && !word_ok(raw->identity, RECORD_IDENTITY_SIZE)) {
        return config_text_refuse(in, "identity", raw->identity);
    }
    (void)snprintf(out->chain, sizeof(out->chain), "%s", raw->chain);
    (void)snprintf(out->address, sizeof(out->address), "%s", raw->address);
    (void)snprintf(out->identity, sizeof(out->identity), "%s",
                   raw->identity != NULL ? raw->identity : "");
    return true;
}

static bool rewards_set(struct config_text *in, struct relay_applications *out,
                        const struct raw_reward *rewards, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!reward_set(in, &out->rewards[i], &rewards[i])) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(out->rewards[i].chain, out->rewards[k].chain) == 0) {
                return config_text_fail(in, "chain", rewards[i].chain,
                                        "'reward' has two addresses of the chain '%s'; write one",
                                        rewards[i].chain);
            }
        }
    }
    out->rewards_count = count;
    return true;
}

/* Both stand in the node record, with a length before each text. */
static bool room_check(struct config_text *in, const struct relay_applications *applications)
{
    size_t size = 0;

    for (size_t i = 0; i < applications->apps_count; i++) {
        size += 1 + strlen(applications->apps[i]);
    }
    for (size_t i = 0; i < applications->rewards_count; i++) {
        const struct record_reward *reward = &applications->rewards[i];

        size += 3 + strlen(reward->chain) + strlen(reward->address) + strlen(reward->identity);
    }
    return size <= APPLICATIONS_TEXT_MAX ||
           config_text_fail(in, applications->apps_count > 0 ? "apps" : "reward", "",
                            "'apps' and 'reward' together take %u of %d characters that other "
                            "relays keep of this one; shorten or remove some",
                            (unsigned)size, (int)APPLICATIONS_TEXT_MAX);
}

bool applications_set(struct config_text *in, struct relay_applications *out,
                      const struct raw_applications *raw)
{
    return apps_set(in, out, raw->apps, raw->apps_count) && pool_set(in, out, raw->pool_max) &&
           rewards_set(in, out, raw->rewards, raw->rewards_count) && room_check(in, out);
}

void applications_print(const struct relay_applications *applications, FILE *to)
{
    (void)fputs(applications->apps_count > 0 ? "apps:\n" : "apps: []\n", to);
    for (size_t i = 0; i < applications->apps_count; i++) {
        (void)fprintf(to, "  - \"%s\"\n", applications->apps[i]);
    }
    (void)fprintf(to, "pool_max: %u\n", (unsigned)applications->pool_max);
    (void)fputs(applications->rewards_count > 0 ? "reward:\n" : "reward: []\n", to);
    for (size_t i = 0; i < applications->rewards_count; i++) {
        const struct record_reward *reward = &applications->rewards[i];

        (void)fprintf(to, "  - chain: \"%s\"\n    address: \"%s\"\n", reward->chain,
                      reward->address);
        if (reward->identity[0] != '\0') {
            (void)fprintf(to, "    identity: \"%s\"\n", reward->identity);
        }
    }
}

bool applications_apps_equal(const struct relay_applications *a, const struct relay_applications *b)
{
    return a->apps_count == b->apps_count && memcmp(a->apps, b->apps, sizeof(a->apps)) == 0;
}

bool applications_rewards_equal(const struct relay_applications *a,
                                const struct relay_applications *b)
{
    return a->rewards_count == b->rewards_count &&
           memcmp(a->rewards, b->rewards, sizeof(a->rewards)) == 0;
}
