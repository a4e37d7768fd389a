/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hosts make of the names that an operator gives. */
#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"
#include "tests/support/host_fixture.h"

/* Ask a host; the answer is given. */
static json_t *ask(struct lab *lab, size_t host, const char *request)
{
    json_t *object = json_loads(request, 0, NULL);
    json_t *answer = host_admin_request(lab->hosts[host].core, object, lab->now);

    json_decref(object);
    assert_non_null(answer);
    return answer;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "(none)";
}

/* A field of the first ziglan of a host's status; valid until the next call. */
static const char *ziglan_text(struct lab *lab, size_t host, const char *key)
{
    static json_t *status;

    json_decref(status);
    status = ask(lab, host, "{\"do\":\"status\"}");
    return text_of(json_array_get(json_object_get(status, "ziglans"), 0), key);
}

static void rename_to(struct lab *lab, const char *who, const char *name)
{
    struct who_fits fits;

    assert_int_equal(
        operator_rename(relay_core_operator(lab->relay.core), who, name, &fits, lab->now),
        VERDICT_OK);
    run_ms(lab, 200);
}

static bool knows(struct lab *lab, size_t host, const char *name)
{
    struct host_name_record record;

    return host_core_lookup_name(lab->hosts[host].core, name, &record);
}

/* Host 1 is what anna's machine is after it was installed anew: another key, the same name. */
static void a_host_says_why_it_has_a_number_and_is_renamed_while_it_runs(void **state)
{
    struct lab *lab = lab_new();
    struct who_fits fits;

    (void)state;
    join(lab, 0);
    run_ms(lab, 1000);
    lab_restart_as(lab, 1, "anna");
    join(lab, 1);
    run_ms(lab, 1000);
    assert_string_equal(ziglan_text(lab, 1, "granted_name"), "anna-2");
    assert_non_null(
        strstr(ziglan_text(lab, 1, "name_why"), "relayd forget anna; relayd rename anna-2 anna"));
    assert_string_equal(ziglan_text(lab, 0, "name_why"), "");
    assert_int_equal(operator_forget(relay_core_operator(lab->relay.core), "anna", &fits, lab->now),
                     VERDICT_OK);
    rename_to(lab, "anna-2", "anna");
    assert_string_equal(ziglan_text(lab, 1, "granted_name"), "anna");
    assert_string_equal(ziglan_text(lab, 1, "name_why"), "");
    lab_restart_as(lab, 1, "anna"); /* it was stored */
    assert_string_equal(ziglan_text(lab, 1, "granted_name"), "anna");
    lab_free(lab);
}

/* The operator calls anna nas, while the former nas is a member still: on nas's side that name
   means itself until its user agrees. */
static void a_name_moves_to_a_second_member_only_if_the_user_agrees(void **state)
{
    struct lab *lab = lab_joined();
    json_t *answer;

    (void)state;
    rename_to(lab, "nas", "store");
    rename_to(lab, "anna", "nas");
    assert_false(knows(lab, 1, "nas"));
    assert_true(knows(lab, 1, "store"));
    answer = ask(lab, 1, "{\"do\":\"peers\"}");
    const json_t *anna = json_array_get(json_object_get(answer, "peers"), 0);
    assert_true(json_is_true(json_object_get(anna, "name_conflict")));
    char means[KEY_TEXT_SIZE];
    assert_string_equal(text_of(anna, "name_means"),
                        key_text(lab->hosts[1].identity.public_key, means));
    json_decref(answer);
    answer = ask(lab, 1, "{\"do\":\"trust\",\"name\":\"nobody\"}");
    assert_false(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    for (int again = 0; again < 2; again++) {
        answer = ask(lab, 1, "{\"do\":\"trust\",\"name\":\"NAS.zignet\"}");
        assert_true(json_is_true(json_object_get(answer, "ok")));
        assert_string_equal(text_of(answer, "key"),
                            key_text(lab->hosts[0].identity.public_key, means));
        assert_string_equal(text_of(answer, "before"),
                            again == 0 ? key_text(lab->hosts[1].identity.public_key, means) : "");
        json_decref(answer);
    }
    assert_true(knows(lab, 1, "nas"));
    lab_restart(lab, 1);
    assert_true(knows(lab, 1, "nas"));
    lab_free(lab);
}

/* A copy of a disk: both hosts say what is wrong, also the one that has the place just now. */
static void two_hosts_with_one_key_both_say_so(void **state)
{
    struct lab *lab = lab_new();
    bool told[HOSTS] = {false};

    (void)state;
    lab->hosts[1].identity = lab->hosts[0].identity;
    lab_restart(lab, 1);
    join(lab, 0);
    run_ms(lab, 1000);
    join(lab, 1);
    for (int s = 0; s < 120; s++) {
        run_ms(lab, 1000);
        for (size_t host = 0; host < HOSTS; host++) {
            bool says = strstr(ziglan_text(lab, host, "error"), "another host with this key");
            told[host] = told[host] || says;
            assert_true(says || !told[host]); /* from the first time on, joined or not */
        }
    }
    assert_true(told[0] && told[1]);
    lab_free(lab);
}

/* The key was lost and a new one made, or a key file of another host was put in its place. */
static void a_store_tells_that_it_was_written_with_another_key(void **state)
{
    struct lab *lab = lab_joined();
    uint8_t other[KEY_SIZE];
    bool same = false;

    (void)state;
    assert_int_equal(
        host_core_key_check(lab->hosts[0].store, lab->hosts[0].identity.public_key, other, &same),
        ERR_OK);
    assert_true(same);
    assert_int_equal(
        host_core_key_check(lab->hosts[0].store, lab->hosts[1].identity.public_key, other, &same),
        ERR_OK);
    assert_false(same);
    assert_memory_equal(other, lab->hosts[0].identity.public_key, KEY_SIZE);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_says_why_it_has_a_number_and_is_renamed_while_it_runs),
        cmocka_unit_test(a_name_moves_to_a_second_member_only_if_the_user_agrees),
        cmocka_unit_test(two_hosts_with_one_key_both_say_so),
        cmocka_unit_test(a_store_tells_that_it_was_written_with_another_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
