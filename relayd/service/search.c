/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search needs from the relay around it. */
#include "relayd/service/search.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is known here ---- */

static bool record_read(struct record_node *out, const struct node_found *found)
{
    return record_node_decode(out, found->record, found->record_size - SIGNATURE_SIZE) == ERR_OK;
}

static void relay_fill(struct find_relay *out, const struct node_found *found)
{
    *out = (struct find_relay){.key = found->key,
                               .record = found->record,
                               .record_size = found->record_size,
                               .attestations_count = found->attestations_count};
    for (size_t i = 0; i < found->attestations_count && i < FIND_ATTESTATIONS_MAX; i++) {
        out->attestations[i] = found->attestations[i];
        out->attestation_sizes[i] = found->attestation_sizes[i];
    }
}

/* True if this relay is what the query wants. */
static bool relay_match(struct find_relay *out, const struct find_query *query,
                        const struct node_found *found)
{
    struct record_node record;
    const char *app;

    if (!record_read(&record, found)) {
        return false;
    }
    app = find_query_match(query, &record);
    if (app == NULL) {
        return false;
    }
    relay_fill(out, found);
    out->app = app;
    return true;
}

static size_t known(void *context, const struct find_query *query, struct find_relay *out,
                    size_t max)
{
    struct search_service *service = context;
    struct node_found own;
    uint32_t limit;
    size_t count = 0, all;

    all = mesh_sample_helping(service->mesh, service->sample, SEARCH_LOOK_MAX);
    if (mesh_find(service->mesh, service->base->cfg.identity->public_key, &own) &&
        relay_match(&out[0], query, &own)) {
        (void)app_pools_size(service->pools->pools, out[0].app, &out[0].pool_size, &limit);
        count++;
    }
    for (size_t i = 0; i < all && count < max; i++) {
        count += relay_match(&out[count], query, &service->sample[i]) ? 1 : 0;
    }
    return count;
}

/* ---- what neighbours tell ---- */

static void learn(void *context, const uint8_t from[KEY_SIZE], const Ziglan__NodeEntry *node)
{
    const struct search_service *service = context;

    mesh_on_entry(service->mesh, from, node, service->now);
}

static bool believed(void *context, const uint8_t key[KEY_SIZE], struct find_relay *out,
                     struct record_node *node)
{
    const struct search_service *service = context;
    struct node_found found;

    if (!mesh_find(service->mesh, key, &found) || !record_read(node, &found)) {
        return false;
    }
    relay_fill(out, &found);
    return true;
}

/* ---- who is asked and told ---- */

/* Those that stay: a session for a single purpose is none to search over. */
static size_t neighbours(void *context, uint8_t keys[FIND_NEIGHBOURS_MAX][KEY_SIZE])
{
    const struct search_service *service = context;
    const struct neighbour_table *table = &service->base->neighbours;
    const struct neighbour *neighbour = neighbour_next(table, NULL);
    size_t count = 0;

    for (; neighbour != NULL && count < FIND_NEIGHBOURS_MAX;
         neighbour = neighbour_next(table, neighbour)) {
        if (neighbour->state == NEIGHBOUR_STATE_OPEN && (neighbour->kept || !neighbour->dialled)) {
            memcpy(keys[count++], neighbour->key, KEY_SIZE);
        }
    }
    return count;
}

static void send(void *context, const uint8_t to[KEY_SIZE], const Ziglan__Control *message,
                 struct mono now)
{
    const struct search_service *service = context;
    struct neighbour *neighbour = neighbour_of_key(&service->base->neighbours, to);

    (void)now;
    if (neighbour != NULL) {
        neighbour_tell(&service->base->neighbours, neighbour, message);
    }
}

static void answer(void *context, uint64_t client_number, const Ziglan__Control *message)
{
    const struct search_service *service = context;
    struct handle handle = {.index = (uint32_t)client_number,
                            .generation = (uint32_t)(client_number >> 32)};
    const struct relay_client *client = session_table_at(&service->base->sessions, handle);

    if (client != NULL) {
        reply_send(&service->base->reply, client, message);
    }
}

/* ---- the service ---- */

int search_service_init(struct search_service *service, struct relay_base *base,
                        const struct pool_service *pools, struct mesh *mesh, struct mono now)
{
    const struct find_ports ports = {.context = service,
                                     .known = known,
                                     .learn = learn,
                                     .believed = believed,
                                     .neighbours = neighbours,
                                     .send = send,
                                     .answer = answer};

    service->base = base;
    service->pools = pools;
    service->mesh = mesh;
    service->sample = calloc(SEARCH_LOOK_MAX, sizeof(*service->sample));
    if (service->sample == NULL) {
        return ERR_NOMEM;
    }
    return find_new(&service->find, &ports, base->cfg.identity->public_key, &base->env, now);
}

void search_service_fini(struct search_service *service)
{
    find_free(service->find);
    free(service->sample);
}

static void host_asks(struct search_service *service, const struct relay_client *client,
                      const Ziglan__Control *message, struct mono now)
{
    struct find_asker asker = {.client = relay_client_number(client),
                               .request_id = message->request_id,
                               .may_search = pool_service_may(service->pools, client),
                               .member = client->state == RELAY_CLIENT_STATE_MEMBER};
    enum verdict verdict;

    memcpy(asker.key, client->key, KEY_SIZE);
    verdict = find_ask(service->find, &asker, message->find, now);
    if (verdict != VERDICT_OK) {
        reply_refuse(&service->base->reply, client, message->request_id, verdict,
                     verdict == VERDICT_LIMIT ? "too many searches; one in 2 s is in order" : NULL);
    }
}

void search_service_on_find(struct search_service *service, const struct relay_client *client,
                            const Ziglan__Control *message, struct mono now)
{
    service->now = now;
    if (client->neighbour != NULL) {
        find_on_find(service->find, client->key, message->find, now);
    } else {
        host_asks(service, client, message, now);
    }
}

void search_service_on_result(struct search_service *service, const struct relay_client *client,
                              const Ziglan__Control *message, struct mono now)
{
    service->now = now;
    find_on_result(service->find, client->key, message->find_result, now);
}

void search_service_expire(struct search_service *service, struct mono now)
{
    service->now = now;
    find_expire(service->find, now);
}

struct mono search_service_deadline(const struct search_service *service)
{
    return find_deadline(service->find);
}
