/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a Control that a neighbour sends in a search: a query, or results. Results are taken
 * as answers to a search that runs, or their relays would not be looked at. Nobody signed the bytes
 * of a record, so what can be read is believed. Whatever comes, all that goes out keeps the rules,
 * and no client is told more than it asked for.
 */
#include "proto/base/bytes.h"
#include "rendezvous/search/find.h"
#include "tests/support/env.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t own[KEY_SIZE] = {1};
static const uint8_t neighbour[KEY_SIZE] = {2};

struct fuzz {
    uint64_t number; /* of our own query */
    size_t sent;
    const uint8_t *record;
    size_t record_size;
};

static size_t known(void *context, const struct find_query *query, struct find_relay *out,
                    size_t max)
{
    (void)context;
    (void)out;
    (void)max;
    CHECK(query->apps_count > 0 && query->count > 0);
    return 0;
}

static void learn(void *context, const uint8_t from[KEY_SIZE], const Ziglan__NodeEntry *entry)
{
    struct fuzz *fuzz = context;

    CHECK(memcmp(from, neighbour, KEY_SIZE) == 0);
    fuzz->record = entry->record.data;
    fuzz->record_size = entry->record.len;
}

/* The relay of which was learned last. */
static bool believed(void *context, const uint8_t key[KEY_SIZE], struct find_relay *out,
                     struct record_node *node)
{
    const struct fuzz *fuzz = context;

    *out =
        (struct find_relay){.key = key, .record = fuzz->record, .record_size = fuzz->record_size};
    return fuzz->record_size >= RECORD_SIGNED_SIZE_MIN &&
           record_node_decode(node, fuzz->record, fuzz->record_size - SIGNATURE_SIZE) == ERR_OK;
}

static size_t neighbours(void *context, uint8_t keys[FIND_NEIGHBOURS_MAX][KEY_SIZE])
{
    (void)context;
    memcpy(keys[0], neighbour, KEY_SIZE);
    memset(keys[1], 3, KEY_SIZE);
    return 2;
}

static void send(void *context, const uint8_t to[KEY_SIZE], const Ziglan__Control *message,
                 struct mono now)
{
    struct fuzz *fuzz = context;

    (void)to;
    (void)now;
    CHECK(control_problem(message) == NULL);
    if (message->body_case == ZIGLAN__CONTROL__BODY_FIND) {
        fuzz->number = message->find->query;
    }
    CHECK(++fuzz->sent <= 2 * FIND_FANOUT);
}

static void answer(void *context, uint64_t client, const Ziglan__Control *message)
{
    (void)context;
    (void)client;
    CHECK(control_problem(message) == NULL && message->find_result->n_relays <= 5);
}

/* A search of our own for what anybody may help with, and the message as the answer to it. */
static void search(struct find *find, struct fuzz *fuzz, Ziglan__FindResult *result,
                   struct mono now)
{
    const struct find_asker asker = {.client = 1, .request_id = 1, .may_search = true};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    char *apps[] = {control_text("chess"),
                    result->n_relays > 0 ? result->relays[0]->app : control_text("a")};

    body.apps = apps;
    body.n_apps = 2;
    body.count = 5;
    CHECK(find_ask(find, &asker, &body, now) == VERDICT_OK);
    result->origin = control_bytes(own, KEY_SIZE);
    result->query = fuzz->number;
    find_on_result(find, neighbour, result, now);
    find_on_result(find, neighbour, result, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct control_arena arena;
    struct test_env env;
    struct fuzz fuzz = {0};
    const struct find_ports ports = {.context = &fuzz,
                                     .known = known,
                                     .learn = learn,
                                     .believed = believed,
                                     .neighbours = neighbours,
                                     .send = send,
                                     .answer = answer};
    struct mono now = {NS_PER_S};
    Ziglan__Control *message;
    struct find *find;

    if (control_unpack(&message, &arena, data, size) != ERR_OK) {
        return 0;
    }
    test_env_init(&env, 1);
    CHECK(find_new(&find, &ports, own, &env.env, now) == ERR_OK);
    if (message->body_case == ZIGLAN__CONTROL__BODY_FIND) {
        find_on_find(find, neighbour, message->find, now);
        message->find->hops = FIND_HOPS_MAX;
        message->find->origin = control_bytes(neighbour, KEY_SIZE);
        message->find->query++;
        find_on_find(find, neighbour, message->find, now);
    } else if (message->body_case == ZIGLAN__CONTROL__BODY_FIND_RESULT) {
        find_on_result(find, neighbour, message->find_result, now);
        search(find, &fuzz, message->find_result, now);
    }
    find_expire(find, mono_add_ms(now, FIND_WAIT_MS));
    CHECK(find_stats(find)->waiting == 0);
    find_expire(find, mono_add_ms(now, FIND_REMEMBER_MS));
    CHECK(find_stats(find)->remembered == 0);
    find_free(find);
    return 0;
}
