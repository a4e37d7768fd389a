/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each changes the directory, and is told in the log. */
#include "relayd/service/operator_allow.h"

#include <stdio.h>
#include <string.h>

enum verdict operator_allow(struct operator_service *service, const uint8_t key[KEY_SIZE],
                            const struct directory_terms *terms)
{
    struct relay_base *base = service->base;
    char groups[DIRECTORY_GROUPS_TEXT_SIZE];
    char peer[KEY_SHORT_SIZE];
    enum verdict verdict;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    verdict = directory_allow(base->directory, key, terms);
    store_health_note(&base->health, verdict);
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.allowed", "peer=%s name=%s groups=%s",
                  key_short(key, peer), terms->name[0] != '\0' ? terms->name : "-",
                  terms->groups.count > 0 ? directory_groups_text(&terms->groups, groups) : "-");
    }
    return verdict;
}

enum verdict operator_disallow(struct operator_service *service, const uint8_t key[KEY_SIZE],
                               bool *member)
{
    struct relay_base *base = service->base;
    char peer[KEY_SHORT_SIZE];
    enum verdict verdict;

    if (base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    *member = directory_status(base->directory, key) == DIRECTORY_STATUS_MEMBER;
    verdict = directory_disallow(base->directory, key);
    store_health_note(&base->health, verdict);
    if (verdict == VERDICT_OK) {
        env_trace(&base->env, TRACE_LEVEL_INFO, "ziglan.disallowed", "peer=%s",
                  key_short(key, peer));
    }
    return verdict;
}

static bool in_configuration(const struct admission_config *config, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < config->allowed_count; i++) {
        if (memcmp(config->allowed[i].key, key, KEY_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

enum verdict operator_allowed_next(const struct operator_service *service,
                                   struct operator_allowed *at, uint8_t key[KEY_SIZE],
                                   struct directory_terms *out, bool *configured)
{
    const struct admission_config *config = &service->joins->admission->config;
    enum verdict verdict;

    *configured = at->configured < config->allowed_count;
    if (*configured) {
        const struct admission_allowed *allowed = &config->allowed[at->configured++];

        *out = (struct directory_terms){.uses = 1, .groups = allowed->groups};
        memcpy(out->name, allowed->name, sizeof(out->name));
        memcpy(out->note, allowed->note, sizeof(out->note));
        memcpy(key, allowed->key, KEY_SIZE);
        return VERDICT_OK;
    }
    if (service->base->directory == NULL) {
        return VERDICT_NOT_FOUND;
    }
    do {
        verdict = directory_allowed_next(service->base->directory, at->key, out);
    } while (verdict == VERDICT_OK && in_configuration(config, at->key));
    memcpy(key, at->key, KEY_SIZE);
    return verdict;
}
