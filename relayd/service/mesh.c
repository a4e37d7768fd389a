/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outputs of the mesh become messages and dials, events of neighbours become its inputs. */
#include "relayd/service/mesh.h"

#include <stdlib.h>
#include <string.h>

enum { INTRODUCED = 8 }; /* as many neighbours as a relay wants */

/* Tell a client of these relays. */
static void nodes_send(struct mesh_service *service, const struct relay_client *client,
                       const struct node_found *found, size_t count, uint32_t request_id)
{
    struct mesh_message *message = service->message;

    mesh_message_nodes(message);
    for (size_t i = 0; i < count && mesh_message_add_node(message, &found[i]); i++) {
    }
    message->control.request_id = request_id;
    reply_send(&service->base->reply, client, &message->control);
}

/* ---- life and death ---- */

/* Where a relay is, for the neighbour table. Only its first address was ever proven: behind that it
 * may name anybody's, and who asks for its key would make us send there. */
static bool book_find(void *context, const uint8_t key[KEY_SIZE], struct neighbour_place *out)
{
    const struct mesh_service *service = context;
    struct node_found found;
    struct record_node record;

    if (!mesh_find(service->mesh, key, &found) || found.own ||
        record_node_decode(&record, found.record, found.record_size - SIGNATURE_SIZE) != ERR_OK) {
        return false;
    }
    out->addresses[0] = record.addresses[0];
    out->addresses_count = 1;
    out->spki_known = true;
    memcpy(out->spki, record.spki_sha256, LINK_SPKI_SIZE);
    return true;
}

/* A relay for which there is no room gets some others to go on from. */
static void book_introduce(void *context, const struct relay_client *client)
{
    struct mesh_service *service = context;
    struct node_found found[INTRODUCED];

    nodes_send(service, client, found, mesh_sample(service->mesh, found, INTRODUCED), 0);
}

int mesh_service_init(struct mesh_service *service, struct relay_base *base,
                      const struct peer_service *peers, struct link_hello *hello, struct mono now)
{
    struct mesh_config config = {.identity = base->cfg.identity};
    int rc;

    service->base = base;
    service->peers = peers;
    service->dials.base = base;
    service->rtt_at = mono_add_ms(now, MESH_RTT_MS);
    node_watches_init(&service->watches);
    service->message = calloc(1, sizeof(*service->message));
    rc = service->message != NULL ? node_shelf_new(&service->shelf, &base->env) : ERR_NOMEM;
    config.shelf = service->shelf;
    if (rc == ERR_OK) {
        rc = mesh_new(&service->mesh, &config, &base->env, now);
    }
    if (rc == ERR_OK) {
        rc = mesh_load(service->mesh, base->health.store, now);
    }
    if (rc == ERR_OK) {
        service->own = (struct node_own){
            .base = base, .mesh = service->mesh, .hello = hello, .renew_at = MONO_NEVER};
        base->neighbours.book = (struct neighbour_book){
            .context = service, .find = book_find, .introduce = book_introduce};
    }
    return rc;
}

void mesh_service_fini(struct mesh_service *service)
{
    node_watches_fini(&service->watches);
    mesh_free(service->mesh);
    node_shelf_free(service->shelf);
    free(service->message);
}

/* ---- neighbours ---- */

/* From now on this neighbour is one of the mesh. */
static void up(struct mesh_service *service, const struct neighbour *neighbour, struct mono now)
{
    struct mesh_session session = {
        .address = neighbour->client->remote,
        .dialled = neighbour->dialled,
        .fixed = peer_service_has(service->peers, neighbour->key),
    };

    memcpy(session.key, neighbour->key, KEY_SIZE);
    if (mesh_on_up(service->mesh, &session, now) != ERR_OK) {
        env_trace(&service->base->env, TRACE_LEVEL_DEBUG, "mesh.full", "neighbours=%u",
                  (unsigned)MESH_NEIGHBOURS_MAX);
    }
}

static void dialled(struct mesh_service *service, const uint8_t key[KEY_SIZE],
                    const struct endpoint *address, bool proved, struct mono now)
{
    struct mesh_dialled what = {.address = *address, .proved = proved};

    memcpy(what.key, key, KEY_SIZE);
    mesh_on_dialled(service->mesh, &what, now);
}

/* Sessions for a single purpose are none of the mesh, or they would never be idle. But they show
 * that the relay can be reached. */
void mesh_service_on_neighbour(struct mesh_service *service, const struct neighbour_event *event,
                               struct mono now)
{
    struct neighbour *neighbour = event->neighbour;

    if (event->type == NEIGHBOUR_EVENT_OPEN) {
        neighbour->kept = neighbour->kept || peer_service_has(service->peers, neighbour->key);
        if (neighbour->kept || !neighbour->dialled) {
            up(service, neighbour, now);
        } else {
            dialled(service, neighbour->key, &neighbour->client->remote, true, now);
        }
        return;
    }
    if (neighbour->away_ms >= PEER_RETRY_MS_MAX) {
        mesh_on_full(service->mesh, neighbour->key, now);
    }
    mesh_on_down(service->mesh, neighbour->key, now);
    if (!neighbour->opened && neighbour->dial.place.addresses_count > 0) {
        dialled(service, neighbour->key, &neighbour->dial.place.addresses[0], false, now);
    }
}

void mesh_service_on_peers(struct mesh_service *service, struct mono now)
{
    const struct neighbour_table *table = &service->base->neighbours;
    const struct neighbour *neighbour = neighbour_next(table, NULL);

    for (; neighbour != NULL; neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->client != NULL && neighbour->kept) {
            up(service, neighbour, now);
        }
    }
}

static void connect(struct mesh_service *service, const struct mesh_output *output, struct mono now)
{
    struct neighbour_table *table = &service->base->neighbours;
    struct neighbour_place place = {.addresses_count = 0};
    struct neighbour *neighbour;

    if (!book_find(service, output->key, &place)) {
        place = (struct neighbour_place){.addresses = {output->address}, .addresses_count = 1};
    }
    neighbour = neighbour_want_at(table, output->key, &place, now);
    if (neighbour == NULL) {
        dialled(service, output->key, &output->address, false, now);
        return;
    }
    neighbour->kept = true;
    if (neighbour->state == NEIGHBOUR_STATE_OPEN) {
        up(service, neighbour, now);
    }
}

static void release(struct mesh_service *service, const uint8_t key[KEY_SIZE], struct mono now)
{
    struct neighbour *neighbour = neighbour_of_key(&service->base->neighbours, key);

    if (neighbour == NULL || peer_service_has(service->peers, key)) {
        return;
    }
    neighbour->kept = false;
    if (neighbour->dialled) {
        mesh_on_down(service->mesh, key, now);
    }
}

static void reach(struct mesh_service *service, const struct mesh_output *output, struct mono now)
{
    struct reach_aim aim = {.address = output->address};

    memcpy(aim.key, output->key, KEY_SIZE);
    if (!reach_dials_begin(&service->dials, &aim, now)) {
        dialled(service, output->key, &output->address, false, now);
    }
}

void mesh_service_on_reached(struct mesh_service *service, const struct reach_outcome *outcome,
                             struct mono now)
{
    struct mesh_dialled what = {
        .address = outcome->aim.address,
        .proved = outcome->proved,
        .fresh = neighbour_of_key(&service->base->neighbours, outcome->aim.key) == NULL,
        .rtt_us = outcome->rtt_us,
    };

    memcpy(what.key, outcome->aim.key, KEY_SIZE);
    mesh_on_dialled(service->mesh, &what, now);
}

void mesh_service_drain(struct mesh_service *service, struct mono now)
{
    struct neighbour *neighbour;
    struct mesh_output output;

    while (mesh_output(service->mesh, &output, service->message, now)) {
        switch (output.type) {
        case MESH_OUTPUT_SEND:
            neighbour = neighbour_of_key(&service->base->neighbours, output.key);
            if (neighbour != NULL) {
                neighbour_tell(&service->base->neighbours, neighbour, &service->message->control);
            }
            break;
        case MESH_OUTPUT_REACH:
            reach(service, &output, now);
            break;
        case MESH_OUTPUT_CONNECT:
            connect(service, &output, now);
            break;
        case MESH_OUTPUT_RELEASE:
            release(service, output.key, now);
            break;
        }
    }
}

/* ---- messages ---- */

/* Who dialled us keeps the session, and exchanges records on it: that is use enough. Of those that
 * we dialled the mesh knows which it keeps. */
void mesh_service_on_message(struct mesh_service *service, const struct relay_client *client,
                             const Ziglan__Control *message, struct mono now)
{
    if (!client->neighbour->dialled) {
        neighbour_used(&service->base->neighbours, client->neighbour, now);
    }
    (void)mesh_on_control(service->mesh, client->key, message, now);
}

/* Tell hosts of newer records of the relays that they watch. */
static void watchers_tell(struct mesh_service *service, struct mono now)
{
    const struct session_table *sessions = &service->base->sessions;
    struct node_watch *watch;

    if (!node_watches_due(&service->watches, mesh_changes(service->mesh), now)) {
        return;
    }
    TAILQ_FOREACH(watch, &service->watches.list, in_list)
    {
        const struct relay_client *client = session_table_at(sessions, watch->client);
        struct node_found found;

        for (size_t i = 0; client != NULL && i < watch->count; i++) {
            struct node_watch_row *row = &watch->rows[i];

            if (mesh_find(service->mesh, row->key, &found) && found.sequence > row->sequence) {
                row->sequence = found.sequence;
                nodes_send(service, client, &found, 1, 0);
            }
        }
    }
}

void mesh_service_on_lookup(struct mesh_service *service, struct relay_client *client,
                            const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const Ziglan__NodeLookup *lookup = message->node_lookup;
    struct node_found found[NODES_MAX];
    size_t count = lookup->count < NODES_MAX ? lookup->count : NODES_MAX;

    if (!limits_question_take(&base->limits, &client->limits,
                              client->state == RELAY_CLIENT_STATE_MEMBER ? NULL : &client->remote,
                              now)) {
        base->counters.node_lookups_limit++;
        reply_refuse(&base->reply, client, message->request_id, VERDICT_LIMIT,
                     "too many questions of this host or its network; try again in a moment");
        return;
    }
    base->counters.node_lookups++;
    if (lookup->key.len == KEY_SIZE) {
        count = mesh_find(service->mesh, lookup->key.data, &found[0]) && !found[0].vouched ? 1 : 0;
    } else {
        count = mesh_sample(service->mesh, found, count);
    }
    if (lookup->watch && lookup->key.len == KEY_SIZE && client->neighbour == NULL) {
        node_watch_add(&service->watches, client, lookup->key.data,
                       count > 0 ? found[0].sequence : 0);
    }
    nodes_send(service, client, found, count, message->request_id);
}

/* ---- time ---- */

static void rtts_tell(struct mesh_service *service, struct mono now)
{
    const struct relay_base *base = service->base;
    const struct neighbour *neighbour = neighbour_next(&base->neighbours, NULL);

    service->rtt_at = mono_add_ms(now, MESH_RTT_MS);
    for (; neighbour != NULL; neighbour = neighbour_next(&base->neighbours, neighbour)) {
        if (neighbour->client != NULL) {
            uint64_t ns = link_hub_rtt_ns(base->hub, neighbour->client->handle);
            mesh_on_rtt(service->mesh, neighbour->key, (uint32_t)(ns / 1000), now);
        }
    }
}

/* The storage failing is told by the directory; here it only means that the next start knows less.
 */
void mesh_service_save(struct mesh_service *service, bool last, struct mono now)
{
    if ((last || mesh_save_due(service->mesh, now)) &&
        mesh_save(service->mesh, service->base->health.store, now) != ERR_OK) {
        env_trace(&service->base->env, TRACE_LEVEL_DEBUG, "mesh.unsaved", "tried=again");
    }
}

void mesh_service_expire(struct mesh_service *service, struct mono now)
{
    if (mono_due(service->rtt_at, now)) {
        rtts_tell(service, now);
    }
    node_own_expire(&service->own, now);
    mesh_expire(service->mesh, now);
    mesh_service_drain(service, now);
    watchers_tell(service, now);
    mesh_service_save(service, false, now);
}

struct mono mesh_service_deadline(const struct mesh_service *service)
{
    struct mono at = mono_min(service->rtt_at, node_own_deadline(&service->own));

    at = mono_min(at, node_watches_deadline(&service->watches, mesh_changes(service->mesh)));
    return mono_min(at, mesh_deadline(service->mesh));
}
