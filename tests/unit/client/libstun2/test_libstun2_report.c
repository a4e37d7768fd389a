/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An application measures its NAT by the public interface; what a certificate says of a key. */
#include "client/stun2/stun2.h"

#include "tests/support/app_guest.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { EI = NAT_ENDPOINT_INDEPENDENT, APD = NAT_ADDRESS_AND_PORT_DEPENDENT };

static void measure(size_t relays, const struct nat_kind *kind, struct stun2_report *report)
{
    struct relay_net *net = app_net_new(relays, 1);
    struct app_guest app;

    app_guest_init(&app, net, 1, kind);
    for (size_t i = 0; i < relays; i++) {
        app_guest_relay(&app, i);
    }
    relay_net_run(net, 500);
    assert_int_equal(stun2_report_read(app.agent, report, sizeof(*report)), STUN2_ERROR_STATE);
    app_guest_measure(&app);
    assert_int_equal(app_guest_count(&app, STUN2_EVENT_REPORT), 1);
    assert_int_equal(stun2_report_read(app.agent, report, sizeof(*report)), STUN2_OK);
    assert_int_equal(app_guest_event(&app, STUN2_EVENT_REPORT)->nat_kind, report->kind);
    assert_int_equal(stun2_report_progress(app.agent, app_guest_now(&app)), 100);
    app_guest_fini(&app);
    app_net_free(net);
}

static void kinds_of_nat_are_told(void **state)
{
    const struct {
        int mapping, filtering, want;
        const char *name;
    } rows[] = {
        {EI, EI, STUN2_NAT_FULL_CONE, "FullC"},
        {EI, NAT_ADDRESS_DEPENDENT, STUN2_NAT_RC, "RC"},
        {EI, APD, STUN2_NAT_P_RC, "P-RC"},
        {APD, APD, STUN2_NAT_SYM, "Sym"},
    };
    struct stun2_report report;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct nat_kind kind = {.translates = true,
                                      .mapping = (enum nat_rule)rows[i].mapping,
                                      .filtering = (enum nat_rule)rows[i].filtering,
                                      .lifetime_s = 120};

        print_message("%s\n", rows[i].name);
        measure(3, &kind, &report);
        assert_int_equal(report.kind, rows[i].want);
        assert_string_equal(stun2_nat_kind_text(report.kind), rows[i].name);
        assert_int_equal(report.ip4.tried, 1);
        assert_int_equal(report.ip4.translated, 1);
        assert_int_equal(report.ip4.hairpin, -1);
        assert_int_equal(report.ip4.relays_count, 3);
        assert_true(report.ip4.relays[0].rtt_us >= 20000);
        assert_int_equal(report.ip6.tried, 0);
    }
}

static void one_relay_alone_cannot_tell(void **state)
{
    const struct nat_kind kind = {.translates = true,
                                  .mapping = NAT_ENDPOINT_INDEPENDENT,
                                  .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                  .lifetime_s = 120};
    struct stun2_report report;

    (void)state;
    measure(1, &kind, &report);
    assert_int_equal(report.kind, STUN2_NAT_UNSURE);
    assert_int_equal(report.ip4.one_address, 1);
}

static void a_report_needs_a_relay_and_a_family(void **state)
{
    const struct nat_kind kind = {
        .translates = false, .filtering = NAT_ENDPOINT_INDEPENDENT, .lifetime_s = 120};
    struct relay_net *net = app_net_new(1, 2);
    struct app_guest app;
    struct stun2_report_options options = {.size = sizeof(options)};

    (void)state;
    app_guest_init(&app, net, 1, &kind);
    assert_int_equal(stun2_report_begin(app.agent, &options, app_guest_now(&app)),
                     STUN2_ERROR_ARGUMENT);
    options.ip4 = &app.local[APP_GUEST_REPORT];
    assert_int_equal(stun2_report_begin(app.agent, &options, app_guest_now(&app)),
                     STUN2_ERROR_STATE);
    app_guest_relay(&app, 0);
    relay_net_run(net, 200);
    options.ip6 = &app.local[APP_GUEST_REPORT]; /* no relay has such an address */
    assert_int_equal(stun2_report_begin(app.agent, &options, app_guest_now(&app)),
                     STUN2_ERROR_STATE);
    assert_int_equal(stun2_report_progress(app.agent, app_guest_now(&app)), 100); /* of nothing */
    options.ip6 = NULL;
    assert_int_equal(stun2_report_begin(app.agent, &options, app_guest_now(&app)), STUN2_OK);
    relay_net_run(net, 1000);
    options.ip6 = &app.local[APP_GUEST_REPORT];
    assert_int_equal(stun2_report_begin(app.agent, &options, app_guest_now(&app)),
                     STUN2_ERROR_STATE);
    assert_in_range(stun2_report_progress(app.agent, app_guest_now(&app)), 1, 99); /* it goes on */
    app_guest_fini(&app);
    app_net_free(net);
}

static void a_certificate_says_whose_key_it_is(void **state)
{
    const struct nat_kind kind = {
        .translates = false, .filtering = NAT_ENDPOINT_INDEPENDENT, .lifetime_s = 120};
    struct relay_net *net = app_net_new(1, 3);
    struct app_guest app;
    uint8_t certificate[STUN2_CERTIFICATE_SIZE], secret[STUN2_PRIVATE_KEY_SIZE];
    uint8_t key[STUN2_KEY_SIZE] = {0};

    (void)state;
    app_guest_init(&app, net, 1, &kind);
    stun2_certificate(app.agent, certificate, secret);
    assert_int_equal(stun2_certificate_key(key, certificate, sizeof(certificate)), STUN2_OK);
    assert_memory_equal(key, stun2_key(app.agent), sizeof(key));
    /* RFC 5280: what is signed is the TBSCertificate, 139 bytes behind the outer head. */
    assert_int_equal(crypto_sign_verify_detached(certificate + sizeof(certificate) - 64,
                                                 certificate + 3, 139, key),
                     0);
    for (size_t size = 0; size < sizeof(certificate); size++) {
        assert_int_equal(stun2_certificate_key(key, certificate, size), STUN2_ERROR_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof(certificate) - 64; i++) { /* serial and key may be any */
        bool any = (i >= 13 && i < 21) || (i >= 110 && i < 142);

        certificate[i] ^= 1;
        assert_int_equal(stun2_certificate_key(key, certificate, sizeof(certificate)),
                         any ? STUN2_OK : STUN2_ERROR_ARGUMENT);
        certificate[i] ^= 1;
    }
    app_guest_fini(&app);
    app_net_free(net);
}

static void a_report_fills_what_an_older_application_knows(void **state)
{
    const struct nat_kind kind = {
        .translates = false, .filtering = NAT_ENDPOINT_INDEPENDENT, .lifetime_s = 120};
    struct relay_net *net = app_net_new(1, 4);
    struct app_guest app;
    struct stun2_event event, part;

    (void)state;
    memset(&part, 0xff, sizeof(part));
    app_guest_init(&app, net, 1, &kind);
    assert_int_equal(stun2_report_read(app.agent, (struct stun2_report *)&part, sizeof(int)),
                     STUN2_ERROR_STATE);
    assert_int_equal(part.type, 0);
    assert_int_equal(part.code, -1); /* behind what the caller has nothing is written */
    assert_int_equal(stun2_event(app.agent, &event, sizeof(event)), 0);
    app_guest_fini(&app);
    app_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_of_nat_are_told),
        cmocka_unit_test(one_relay_alone_cannot_tell),
        cmocka_unit_test(a_report_needs_a_relay_and_a_family),
        cmocka_unit_test(a_certificate_says_whose_key_it_is),
        cmocka_unit_test(a_report_fills_what_an_older_application_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
