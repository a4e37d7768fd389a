/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plain array: an application meets few. */
#include "client/libstun2/punch_table.h"

#include "client/libstun2/failures.h"

#include <sodium.h>
#include <string.h>

void punch_table_init(struct punch_table *table, struct app_base *base, struct mono now)
{
    *table = (struct punch_table){.base = base};
    allowance_total_init(&table->allowance, now);
}

struct app_punch *punch_table_add(struct punch_table *table, uint64_t relay, struct mono now)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &table->list[i];

        if (punch->number == 0) {
            *punch = (struct app_punch){
                .number = ++table->number_last, .relay = relay, .wait_until = MONO_NEVER};
            allowance_init(&punch->allowance, &table->allowance, now);
            punch->retry.at = MONO_NEVER;
            punch->keeping.check_at = MONO_NEVER;
            return punch;
        }
    }
    return NULL;
}

struct app_punch *punch_table_find(struct punch_table *table, uint64_t number)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        if (number != 0 && table->list[i].number == number) {
            return &table->list[i];
        }
    }
    return NULL;
}

struct app_punch *punch_table_of_key(struct punch_table *table, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &table->list[i];

        if (punch->number != 0 && punch->key_known && memcmp(punch->key, key, KEY_SIZE) == 0) {
            return punch;
        }
    }
    return NULL;
}

struct app_punch *punch_table_of_id(struct punch_table *table, uint64_t punch_id)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        struct app_punch *punch = &table->list[i];

        if (punch->number != 0 && punch->terms.known && punch->terms.id == punch_id) {
            return punch;
        }
    }
    return NULL;
}

const struct app_punch *punch_table_of_address(const struct punch_table *table,
                                               const struct endpoint *address)
{
    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        const struct app_punch *punch = &table->list[i];

        if (punch->number != 0 && punch->was_open &&
            endpoint_equal(&punch->proven.remote, address)) {
            return punch;
        }
    }
    return NULL;
}

void punch_table_end(struct app_punch *punch)
{
    sodium_memzero(punch, sizeof(*punch));
}

struct stun2_event *punch_table_event(struct punch_table *table, const struct app_punch *punch,
                                      enum stun2_event_type type)
{
    struct stun2_event *event = app_events_add(&table->base->events, type);

    event->punch = punch->number;
    event->relay = punch->relay;
    event->nat_kind = punch->peer_kind;
    event->address = app_address(&punch->proven.remote);
    event->listens = punch->terms.side == PUNCH_PROBE_SIDE_LISTEN;
    memcpy(event->key, punch->key, KEY_SIZE);
    app_text(event->app, sizeof(event->app), punch->app);
    return event;
}

void punch_table_fail(struct punch_table *table, struct app_punch *punch, int code,
                      const char *text)
{
    struct stun2_event *event = punch_table_event(table, punch, STUN2_EVENT_FAILED);

    event->code = code;
    app_text(event->text, sizeof(event->text),
             text == NULL || text[0] == '\0' ? failure_text(code) : text);
    punch_table_end(punch);
}

size_t punch_table_offers(const struct punch_table *table)
{
    size_t count = 0;

    for (size_t i = 0; i < STUN2_PUNCHES_MAX; i++) {
        count += table->list[i].number != 0 && table->list[i].step == PUNCH_STEP_OFFERED ? 1 : 0;
    }
    return count;
}
