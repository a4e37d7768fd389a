/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between messages and what a search knows. */
#include "rendezvous/search/find_relays.h"

#include <stdio.h>
#include <string.h>

bool find_query_take(struct find_query *out, const Ziglan__Find *body)
{
    *out = (struct find_query){.count = body->count};
    if (body->n_apps == 0 || body->n_apps > RECORD_APPS_MAX ||
        body->n_nat_kinds > FIND_NAT_KINDS_MAX || body->count == 0 ||
        body->count > FIND_COUNT_MAX) {
        return false;
    }
    for (size_t i = 0; i < body->n_apps; i++) {
        (void)snprintf(out->apps[i], RECORD_APP_SIZE, "%s", body->apps[i]);
    }
    for (size_t i = 0; i < body->n_nat_kinds; i++) {
        out->nat_kinds[i] = (uint8_t)body->nat_kinds[i]; /* at most 255, by the rules of Control */
    }
    out->apps_count = body->n_apps;
    out->nat_kinds_count = body->n_nat_kinds;
    return true;
}

static bool nat_matches(const struct find_query *query, uint8_t nat_kind)
{
    return query->nat_kinds_count == 0 ||
           memchr(query->nat_kinds, nat_kind, query->nat_kinds_count) != NULL;
}

const char *find_query_match(const struct find_query *query, const struct record_node *node)
{
    if (!nat_matches(query, node->nat_kind)) {
        return NULL;
    }
    for (size_t i = 0; i < query->apps_count; i++) {
        for (size_t k = 0; k < node->apps_count; k++) {
            if (strcmp(query->apps[i], node->apps[k]) == 0) {
                return query->apps[i];
            }
        }
    }
    return NULL;
}

bool find_query_narrow(struct find_query *query, const char *app)
{
    for (size_t i = 0; i < query->apps_count; i++) {
        if (strcmp(query->apps[i], app) == 0) {
            memmove(query->apps[0], query->apps[i], RECORD_APP_SIZE);
            query->apps_count = 1;
            return true;
        }
    }
    return false;
}

void find_result_begin(struct find_result *result)
{
    ziglan__control__init(&result->control);
    ziglan__find_result__init(&result->body);
    result->control.body_case = ZIGLAN__CONTROL__BODY_FIND_RESULT;
    result->control.find_result = &result->body;
    result->body.relays = result->relay_pointers;
}

bool find_result_add(struct find_result *result, const struct find_relay *relay, bool attested)
{
    size_t at = result->body.n_relays;
    Ziglan__FoundRelay *body;
    Ziglan__NodeEntry *node;

    if (at >= (attested ? FIND_RESULT_RELAYS : FIND_COUNT_MAX)) {
        return false;
    }
    body = &result->relays[at];
    node = &result->nodes[at];
    ziglan__found_relay__init(body);
    ziglan__node_entry__init(node);
    node->record = control_bytes(relay->record, relay->record_size);
    node->attestations = result->attestations[at];
    for (size_t i = 0; attested && i < relay->attestations_count; i++) {
        result->attestations[at][i] =
            control_bytes(relay->attestations[i], relay->attestation_sizes[i]);
        node->n_attestations++;
    }
    body->node = node;
    body->app = control_text(relay->app);
    body->size = relay->pool_size;
    result->relay_pointers[at] = body;
    result->body.n_relays++;
    return true;
}
