/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages for foreign HTTP/3 clients, asked directly. */
#include "relayd/core/core_internal.h"
#include "relayd/service/http.h"
#include "rendezvous/store/store_memory.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void page_ask(struct world *w, const char *method, const char *path)
{
    struct link_request request = {.stream_id = 0};
    struct link_event event = {
        .type = LINK_EVENT_REQUEST, .remote = w->relay.address, .request = &request};

    (void)snprintf(request.method, sizeof(request.method), "%s", method);
    (void)snprintf(request.path, sizeof(request.path), "%s", path);
    http_on_request(&w->relay.core->base, &event, w->now);
}

static void only_known_pages_are_answered(void **state)
{
    struct world *w = world_new(NULL);

    (void)state;
    page_ask(w, "GET", "/");
    page_ask(w, "HEAD", "/");
    page_ask(w, "GET", "/addr");
    page_ask(w, "GET", "/health");
    page_ask(w, "GET", "/.well-known/ziglan");
    assert_int_equal(world_counters(w).http_ok, 5);
    page_ask(w, "GET", "");
    page_ask(w, "GET", "/members");
    page_ask(w, "GET", "/addr/");
    page_ask(w, "GET", "//");
    assert_int_equal(world_counters(w).http_not_found, 4);
    page_ask(w, "POST", "/");
    page_ask(w, "DELETE", "/members");
    page_ask(w, "get", "/");
    assert_int_equal(world_counters(w).http_bad_method, 3);
    store_memory_fail_commit(w->relay.store, true); /* a failing disk shows in the health page */
    assert_int_equal(operator_invite(relay_core_operator(w->relay.core),
                                     &(struct directory_terms){.uses = 1}, (char[URL_SIZE_MAX]){0}),
                     VERDICT_UNAVAILABLE);
    page_ask(w, "GET", "/health");
    assert_int_equal(world_counters(w).http_unavailable, 1);
    world_free(w);
}

static uint64_t pages_answered(struct world *w, const struct endpoint *from, int count)
{
    uint64_t before = world_counters(w).http_ok;

    for (int i = 0; i < count; i++) {
        struct link_request request = {.method = "GET", .path = "/addr"};
        struct link_event event = {
            .type = LINK_EVENT_REQUEST, .remote = *from, .request = &request};
        http_on_request(&w->relay.core->base, &event, w->now);
    }
    return world_counters(w).http_ok - before;
}

static void a_reader_of_pages_is_limited_per_address_and_prefix(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t one[4] = {203, 0, 113, 9};
    const uint8_t other[4] = {203, 0, 113, 10};
    struct endpoint from = endpoint_v4(one, 7777);
    uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4};
    uint64_t answered = 0;

    (void)state;
    assert_int_equal(pages_answered(w, &from, 200), HTTP_BURST);
    assert_int_equal(world_counters(w).http_limited, 200 - HTTP_BURST);
    from.port++; /* whoever connects again is the same reader */
    assert_int_equal(pages_answered(w, &from, 10), 0);
    world_run(w, 1000);
    assert_int_equal(pages_answered(w, &from, 200), HTTP_PER_S);
    from = endpoint_v4(other, 7777);
    assert_int_equal(pages_answered(w, &from, 5), 5);
    for (int i = 0; i < 10; i++) { /* all of one /56 share, another is another */
        six[7] = (uint8_t)i;
        from = endpoint_v6(six, 1000);
        answered += pages_answered(w, &from, 20);
    }
    assert_int_equal(answered, HTTP_BURST);
    six[6]++;
    from = endpoint_v6(six, 1000);
    assert_int_equal(pages_answered(w, &from, 5), 5);
    for (uint32_t i = 0; i < HTTP_ADDRESSES_MAX + 100; i++) {
        const uint8_t ip[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
        from = endpoint_v4(ip, 7777);
        (void)pages_answered(w, &from, 1);
    }
    assert_int_equal(bucket_table_count(w->relay.core->base.limits.http_addresses),
                     HTTP_ADDRESSES_MAX);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_known_pages_are_answered),
        cmocka_unit_test(a_reader_of_pages_is_limited_per_address_and_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
