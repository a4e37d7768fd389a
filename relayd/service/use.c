/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks over the sessions, which end with a transaction. */
#include "relayd/service/use.h"

#include <stdlib.h>
#include <string.h>

void use_service_init(struct use_service *service, struct relay_base *base, struct mono now)
{
    service->base = base;
    service->round_at = mono_add_ms(now, USE_SAVE_MS);
}

static struct directory_use_row row_of(const struct use_service *service,
                                       const struct relay_client *client)
{
    struct directory_use_row row = {.use = {.seen_ms = env_wall_ms(&service->base->env),
                                            .rx_bytes = client->use.rx_bytes,
                                            .tx_bytes = client->use.tx_bytes}};

    memcpy(row.key, client->key, KEY_SIZE);
    return row;
}

/* What a store that fails does not take is counted on: rows stay, and so do the sums of sessions.
 */
static bool rows_write(struct use_service *service, const struct directory_use_row *rows,
                       size_t count)
{
    enum verdict verdict;

    if (service->base->directory == NULL || count == 0) {
        return true;
    }
    verdict = directory_use_add(service->base->directory, rows, count);
    store_health_note(&service->base->health, verdict);
    return verdict == VERDICT_OK;
}

static void parted_write(struct use_service *service)
{
    if (rows_write(service, service->parted, service->parted_count)) {
        service->parted_count = 0;
    }
}

void use_on_closed(struct use_service *service, const struct relay_client *client)
{
    if (!client->use.member) {
        return;
    }
    if (service->parted_count == USE_PARTED_MAX) {
        parted_write(service);
    }
    if (service->parted_count < USE_PARTED_MAX) {
        service->parted[service->parted_count++] = row_of(service, client);
    }
}

/* Write what the next sessions counted, at most USE_ROWS_MAX. False at the end of the table, or if
 * that failed. */
static bool part_write(struct use_service *service)
{
    const struct session_table *sessions = &service->base->sessions;
    struct directory_use_row *rows = calloc(USE_ROWS_MAX, sizeof(*rows));
    struct relay_client *client = NULL;
    uint32_t from = service->at;
    size_t count = 0;
    bool wrote;

    while (rows != NULL && count < USE_ROWS_MAX) {
        client = session_table_next(sessions, &service->at);
        if (client == NULL) {
            break;
        }
        if (client->use.member) {
            rows[count++] = row_of(service, client);
        }
    }
    wrote = rows != NULL && rows_write(service, rows, count);
    free(rows);
    for (uint32_t at = from; wrote && at < service->at;) {
        struct relay_client *done = session_table_next(sessions, &at);

        if (done != NULL && at <= service->at) {
            done->use.rx_bytes = 0;
            done->use.tx_bytes = 0;
        }
    }
    return wrote && client != NULL;
}

void use_keep(struct use_service *service, struct mono now)
{
    if (service->at == 0 && !mono_due(service->round_at, now)) {
        return;
    }
    if (service->at == 0) {
        service->round_at = mono_add_ms(now, USE_SAVE_MS);
        parted_write(service);
    }
    if (!part_write(service)) {
        service->at = 0;
    }
}

void use_save(struct use_service *service)
{
    parted_write(service);
    service->at = 0;
    while (part_write(service)) {
    }
    service->at = 0;
}

enum verdict use_of(const struct use_service *service, const uint8_t key[KEY_SIZE],
                    struct directory_use *out)
{
    const struct relay_base *base = service->base;
    const struct relay_client *client = session_table_of_key(&base->sessions, key);
    int rc = directory_use_read(base->directory, key, out);

    for (size_t i = 0; i < service->parted_count; i++) {
        const struct directory_use_row *row = &service->parted[i];

        if (memcmp(row->key, key, KEY_SIZE) == 0) {
            out->seen_ms = row->use.seen_ms > out->seen_ms ? row->use.seen_ms : out->seen_ms;
            out->rx_bytes += row->use.rx_bytes;
            out->tx_bytes += row->use.tx_bytes;
        }
    }
    if (client != NULL && client->use.member) {
        out->seen_ms = env_wall_ms(&base->env);
        out->rx_bytes += client->use.rx_bytes;
        out->tx_bytes += client->use.tx_bytes;
    }
    return rc == ERR_OK ? VERDICT_OK : VERDICT_UNAVAILABLE;
}
