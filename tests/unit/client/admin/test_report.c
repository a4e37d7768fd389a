/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `status` tells of relays and ziglans. */
#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "client/ziglan/ziglan.h"

#include "tests/support/host_fixture.h"

static json_t *status_of(struct lab *lab, size_t host)
{
    json_t *request = json_pack("{s:s}", "do", "status");
    json_t *status = host_admin_request(lab->hosts[host].core, request, lab->now);

    assert_non_null(status);
    json_decref(request);
    return status;
}

/* A text of an item of one of the lists, such as relays[0].state. */
static const char *text_in(const json_t *status, const char *list, size_t index, const char *name)
{
    const json_t *item = json_array_get(json_object_get(status, list), index);
    const char *text = json_string_value(json_object_get(item, name));

    assert_non_null(text);
    return text;
}

static json_int_t again_in_s(const json_t *status)
{
    const json_t *relay = json_array_get(json_object_get(status, "relays"), 0);

    return json_integer_value(json_object_get(relay, "again_in_s"));
}

static void a_relay_that_is_left_alone_for_a_while_is_no_connecting_one(void **state)
{
    struct lab *lab = lab_joined();
    Ziglan__GoAway go_away = ZIGLAN__GO_AWAY__INIT;
    json_t *status = status_of(lab, 0);

    (void)state;
    assert_string_equal(text_in(status, "relays", 0, "state"), "connected");
    assert_int_equal(again_in_s(status), 0);
    assert_string_equal(text_in(status, "relays", 0, "refused"), "");
    json_decref(status);
    go_away.reason = GOAWAY_REVOKED;
    ziglan_on_go_away(ziglan_at(lab, 0), ziglan_at(lab, 0)->entry_point, &go_away, lab->now);
    run_ms(lab, 15000);
    status = status_of(lab, 0);
    assert_string_equal(text_in(status, "relays", 0, "state"), "waiting");
    assert_int_equal(again_in_s(status), RELAY_SESSION_GO_AWAY_MS_MAX / 1000 - 15);
    assert_non_null(strstr(text_in(status, "relays", 0, "refused"), "only its operator"));
    json_decref(status);
    lab_free(lab);
}

static void ziglans_of_one_name_are_told_apart_by_their_keys(void **state)
{
    static const char other[] =
        "ziglan://wrke7uuoqqmfzpkxc7hhezohpkngni267zfffrbey67cklnvbh7q@192.0.2.77";
    struct lab *lab = lab_joined();
    char error[URL_ERROR_SIZE];
    const char *name = ziglan_at(lab, 0)->record.name;
    char title[128];
    char key[KEY_SHORT_SIZE];
    json_t *status = status_of(lab, 0);

    (void)state;
    assert_string_equal(text_in(status, "ziglans", 0, "title"), name);
    assert_string_equal(text_in(status, "peers", 0, "ziglan_title"), name);
    json_decref(status);

    assert_int_equal(
        host_core_join(lab->hosts[0].core, other, NULL, error, sizeof(error), lab->now), ERR_OK);
    status = status_of(lab, 0);
    assert_string_equal(text_in(status, "ziglans", 0, "title"), name);
    json_decref(status);

    struct ziglan *second = TAILQ_NEXT(ziglan_at(lab, 0), in_list);
    (void)snprintf(second->record.name, sizeof(second->record.name), "%s", name);
    status = status_of(lab, 0);
    (void)snprintf(title, sizeof(title), "%s (%s)", name,
                   key_short(ziglan_at(lab, 0)->record.url.key, key));
    assert_string_equal(text_in(status, "ziglans", 0, "title"), title);
    assert_string_equal(text_in(status, "peers", 0, "ziglan_title"), title);
    assert_string_equal(text_in(status, "relays", 0, "ziglan"), name);
    (void)snprintf(title, sizeof(title), "%s (wrke7uuoqq)", name);
    assert_string_equal(text_in(status, "ziglans", 1, "title"), title);
    json_decref(status);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_that_is_left_alone_for_a_while_is_no_connecting_one),
        cmocka_unit_test(ziglans_of_one_name_are_told_apart_by_their_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
