/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics of a host: states and counters with their values, and nobody's name. */
#include "client/admin/host_metrics.h"

#include "tests/support/host_fixture.h"

static char *metrics_of(struct lab *lab, size_t host)
{
    const struct process_use process = {.open_fds = 7};
    char *text = NULL;
    size_t size = 0;

    assert_int_equal(host_metrics_print(&text, &size, EXPOSITION_FORM_OPENMETRICS,
                                        lab->hosts[host].core, &process, lab->now),
                     ERR_OK);
    assert_int_equal(strlen(text), size);
    return text;
}

static void line_expect(const char *text, const char *line)
{
    if (strstr(text, line) == NULL) {
        fail_msg("missing: %s in %s", line, text);
    }
}

static void peers_relays_and_ziglans_are_counted_by_state(void **state)
{
    struct lab *lab = lab_joined();
    char *text;

    (void)state;
    lab->cut_direct = true;
    send_ping_between(lab, 0, "nas", 100);
    run_ms(lab, 500);
    text = metrics_of(lab, 0);
    line_expect(text, "\nziglan_peers{state=\"relayed\"} 1\n");
    line_expect(text, "\nziglan_peers{state=\"direct\"} 0\n");
    line_expect(text, "\nziglan_relays{state=\"connected\"} 1\n");
    line_expect(text, "\nziglan_relays{state=\"waiting\"} 0\n");
    line_expect(text, "\nziglan_ziglans{state=\"joined\"} 1\n");
    line_expect(text, "\nziglan_relay_round_trip_seconds 0.02");
    line_expect(text, "\nziglan_packets_total{dir=\"to_peers\"} 1\n");
    line_expect(text, "\nziglan_sent_bytes_total 100\n");
    line_expect(text, "\nprocess_open_fds 7\n");
    free(text);
    text = metrics_of(lab, 1);
    line_expect(text, "\nziglan_packets_total{dir=\"from_peers\"} 1\n");
    line_expect(text, "\nziglan_received_bytes_total{way=\"relayed\"} 100\n");
    line_expect(text, "\nziglan_received_bytes_total{way=\"direct\"} 0\n");
    assert_null(strstr(text, "anna"));
    assert_null(strstr(text, "nas"));
    free(text);
    lab_free(lab);
}

static void a_lost_relay_and_a_wrong_clock_are_seen(void **state)
{
    static const char ahead[] = "\nziglan_clock_ahead_seconds ";
    struct lab *lab = lab_joined();
    char *text = metrics_of(lab, 0);
    double before_s, after_s;

    (void)state;
    line_expect(text, ahead);
    before_s = strtod(strstr(text, ahead) + sizeof(ahead) - 1, NULL);
    free(text);
    lab->ports.wall_ms += 120000;
    text = metrics_of(lab, 0);
    after_s = strtod(strstr(text, ahead) + sizeof(ahead) - 1, NULL);
    assert_true(after_s - before_s > 119.9 && after_s - before_s < 120.1);
    free(text);
    lab->relay_deaf_to = &lab->hosts[0].address;
    run_ms(lab, 120000);
    text = metrics_of(lab, 0);
    line_expect(text, "\nziglan_relays{state=\"connected\"} 0\n");
    assert_null(strstr(text, "ziglan_relay_round_trip_seconds"));
    free(text);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peers_relays_and_ziglans_are_counted_by_state),
        cmocka_unit_test(a_lost_relay_and_a_wrong_clock_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
