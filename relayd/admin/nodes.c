/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the mesh's table, and sentences for the states of reach. */
#include "relayd/admin/nodes.h"

#include "proto/admin/answer.h"
#include "proto/admin/relay_group.h"
#include "proto/base/wall_text.h"
#include "proto/crypto/key_form.h"
#include "relayd/service/mesh.h"
#include "relayd/service/reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- relays ---- */

static json_t *rewards_json(const struct record_node *record)
{
    json_t *list = json_array();

    for (size_t i = 0; i < record->rewards_count; i++) {
        const struct record_reward *reward = &record->rewards[i];

        if (json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:s}", "chain", reward->chain, "address",
                                            reward->address, "identity", reward->identity)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *row_json(const struct relay_base *base, const struct node_found *found)
{
    const struct neighbour *neighbour = neighbour_of_key(&base->neighbours, found->key);
    struct record_node record;
    char key[KEY_TEXT_SIZE], address[ENDPOINT_TEXT_SIZE], since[WALL_TEXT_SIZE],
        made[WALL_TEXT_SIZE];
    uint64_t rtt_us =
        neighbour != NULL ? link_hub_rtt_ns(base->hub, neighbour->client->handle) / 1000 : 0;

    if (record_node_decode(&record, found->record, found->record_size - SIGNATURE_SIZE) != ERR_OK) {
        return NULL; /* it was decoded once: only without memory */
    }
    return json_pack(
        "{s:s, s:s, s:b, s:s, s:I, s:s, s:s, s:I, s:o}", "key", key_text(found->key, key),
        "address", endpoint_text(&found->address, address), "own", (int)found->own, "session",
        neighbour == NULL    ? ""
        : neighbour->dialled ? "dialled"
                             : "accepted",
        "rtt_us", (json_int_t)rtt_us, "known_since", wall_text(found->known_since_ms, since),
        "signed", wall_text(record.header.created_ms, made), "attested",
        (json_int_t)found->attestations_count, "rewards", rewards_json(&record));
}

/* Append those that are neighbours, or those that are not. False without memory. */
static bool rows_append(const struct relay_core *core, json_t *list, bool neighbours,
                        uint32_t *count)
{
    const struct mesh_service *mesh = relay_core_mesh(core);
    struct node_found found;
    size_t cursor = 0;

    while (mesh_next(mesh->mesh, &cursor, &found)) {
        bool is = neighbour_of_key(&mesh->base->neighbours, found.key) != NULL;

        *count += neighbours ? 1 : 0;
        if (is == neighbours && json_array_size(list) < NODES_LISTED_MAX &&
            json_array_append_new(list, row_json(mesh->base, &found)) != 0) {
            return false;
        }
    }
    return true;
}

json_t *nodes_list(const struct relay_core *core)
{
    json_t *list = json_array();
    uint32_t count = 0;

    if (!rows_append(core, list, true, &count) || !rows_append(core, list, false, &count) ||
        !relay_groups_set(list)) {
        json_decref(list);
        return NULL;
    }
    return answer_ok(
        json_pack("{s:i, s:I, s:o}", "schema", 1, "known", (json_int_t)count, "nodes", list));
}

/* ---- reach ---- */

const char *reach_word(const struct relay_core *core)
{
    static const char *const words[] = {
        [REACH_STATE_ALONE] = "alone",
        [REACH_STATE_CHECKING] = "checking",
        [REACH_STATE_PUBLIC] = "public",
        [REACH_STATE_FULL_CONE] = "full_cone",
        [REACH_STATE_NOT_REACHABLE] = "not_reachable",
    };

    return words[relay_core_reach(core)->state];
}

static const char *fault_text(const struct reach_service *reach, char text[REACH_TEXT_SIZE])
{
    char address[ENDPOINT_TEXT_SIZE];

    switch (reach->fault) {
    case REACH_FAULT_SYMMETRIC:
        (void)snprintf(text, REACH_TEXT_SIZE,
                       "no: the router uses another port towards each relay (symmetric NAT); "
                       "forward UDP port %u to this machine in the router",
                       (unsigned)reach->local.port);
        break;
    case REACH_FAULT_CLOSED:
        (void)snprintf(
            text, REACH_TEXT_SIZE,
            "no: nobody gets through to %s; open UDP port %u in the firewall, or forward "
            "it to this machine in the router",
            endpoint_text(&reach->address, address), (unsigned)reach->local.port);
        break;
    case REACH_FAULT_RESTRICTED:
        (void)snprintf(
            text, REACH_TEXT_SIZE,
            "no: the router lets in only relays to which this one sends (address-restricted "
            "NAT); forward UDP port %u to this machine in the router",
            (unsigned)reach->local.port);
        break;
    case REACH_FAULT_SILENT:
    case REACH_FAULT_NONE:
        (void)snprintf(text, REACH_TEXT_SIZE,
                       "not known: no other relay could measure it; it is tried again");
        break;
    }
    return text;
}

const char *reach_text(const struct relay_core *core, char text[REACH_TEXT_SIZE])
{
    const struct reach_service *reach = relay_core_reach(core);
    char address[ENDPOINT_TEXT_SIZE];

    switch (reach->state) {
    case REACH_STATE_ALONE:
        (void)snprintf(
            text, REACH_TEXT_SIZE,
            "not known: no other relay is here that could measure it; name one in peers:");
        break;
    case REACH_STATE_CHECKING:
        (void)snprintf(text, REACH_TEXT_SIZE, "not known yet: other relays are measuring it");
        break;
    case REACH_STATE_PUBLIC:
        (void)snprintf(text, REACH_TEXT_SIZE, "yes, at %s",
                       endpoint_text(&reach->address, address));
        break;
    case REACH_STATE_FULL_CONE:
        (void)snprintf(
            text, REACH_TEXT_SIZE, "yes, at %s, behind a NAT%s",
            endpoint_text(&reach->address, address),
            reach_is_doubtful(reach) ? "; only relays to which this one sends measured it" : "");
        break;
    case REACH_STATE_NOT_REACHABLE:
        return fault_text(reach, text);
    }
    return text;
}
