/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that are larger than a frame of the path arrive all the same; their sender is told. */
#include "client/peer/packet_fit.h"

#include "client/core/core_internal.h"
#include "proto/base/bytes.h"
#include "tests/support/host_fixture.h"

enum {
    FULL = INNER_MTU_DEFAULT,
    ICMP_UNREACHABLE = 3,
    ICMP_CODE_TOO_BIG = 4,
    EVERY_MS = 100,
    NOT_TOLD = 0,
    HEADERS_IP4 = 28,
};

/* Two joined hosts that talk by such a path. Datagrams to each other may be so large. */
static struct lab *lab_fit(uint16_t mtu, size_t direct_size_max, enum path_kind kind)
{
    struct lab *lab = lab_new_of_mtu(mtu);
    bool direct = kind == PATH_KIND_DIRECT;

    lab->wire.size_max = direct ? INNER_MTU_MAX : 1500 - HEADERS_IP4;
    lab->cut_lanes = kind != PATH_KIND_LANE;
    lab->direct_size_max = direct_size_max;
    lab->cut_direct = !direct;
    join(lab, 0);
    join(lab, 1);
    run_ms(lab, 1500);
    send_pings(lab, 20, EVERY_MS);
    assert_string_equal(state_of_nas(lab), direct ? "direct" : "relayed");
    return lab;
}

/* Host 0 sends a packet. Returns the size that it is told at once; NOT_TOLD: none. */
static size_t told_of(struct lab *lab, size_t size)
{
    struct host_node *anna = &lab->hosts[0];
    size_t told = NOT_TOLD;

    anna->last_size = 0;
    send_ping(lab, size);
    if (anna->last_size > 28) {
        assert_int_equal(anna->last[20], ICMP_UNREACHABLE);
        assert_int_equal(anna->last[21], ICMP_CODE_TOO_BIG);
        told = be16_read(anna->last + 26);
    }
    run_ms(lab, EVERY_MS);
    return told;
}

/* Packets of `size` bytes arrive, all of them, and after a second of this their sender knows what
 * would fit: `want` bytes. */
static void arrives_and_is_told(struct lab *lab, size_t size, size_t want)
{
    struct mono since = lab->now;

    for (int i = 0; i < 20; i++) {
        size_t before = lab->hosts[1].delivered;
        bool settled = mono_ms_between(since, lab->now) >= PACKET_FIT_SETTLED_MS;

        assert_int_equal(told_of(lab, size), settled ? want : NOT_TOLD);
        assert_int_equal(lab->hosts[1].delivered, before + 1);
        assert_int_equal(lab->hosts[1].last_size, size);
    }
}

static void a_full_packet_goes_in_one_frame_where_ethernet_is(void **state)
{
    struct lab *lab = lab_fit(FULL, 1500 - HEADERS_IP4, PATH_KIND_DIRECT);

    (void)state;
    arrives_and_is_told(lab, FULL, NOT_TOLD);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.fragments_out, 0);
    assert_int_equal(packet_fit_size(conversation_at(lab, 0)), FULL);
    lab_free(lab);
}

static void a_direct_path_that_takes_less_tells_what_fits(void **state)
{
    enum { FRAME = 1400 - HEADERS_IP4, FITS = 1340 };
    struct lab *lab = lab_fit(FULL, FRAME, PATH_KIND_DIRECT);

    (void)state;
    arrives_and_is_told(lab, FULL, FITS);
    uint64_t fragments = lab->hosts[0].core->dataplane.counters.fragments_out;
    assert_true(fragments > 0);
    arrives_and_is_told(lab, FITS, NOT_TOLD); /* what it is told fits one frame */
    assert_int_equal(lab->hosts[0].core->dataplane.counters.fragments_out, fragments);
    lab_free(lab);
}

static void nobody_is_told_of_less_than_an_interface_takes(void **state)
{
    struct lab *lab = lab_fit(FULL, PATH_FRAME_SIZE_IPV6, PATH_KIND_DIRECT);

    (void)state;
    arrives_and_is_told(lab, FULL, INNER_MTU_MIN);
    arrives_and_is_told(lab, INNER_MTU_MIN, NOT_TOLD);
    lab_free(lab);
}

static void a_session_to_a_relay_tells_what_its_datagrams_take(void **state)
{
    struct lab *lab = lab_fit(FULL, 0, PATH_KIND_RELAY);
    size_t fits = packet_fit_size(conversation_at(lab, 0));

    (void)state;
    assert_in_range(fits, INNER_MTU_MIN, FULL - 1);
    arrives_and_is_told(lab, FULL, fits);
    arrives_and_is_told(lab, fits, NOT_TOLD);
    lab_free(lab);
}

static void a_lane_takes_a_full_packet_in_one_frame(void **state)
{
    struct lab *lab = lab_fit(FULL, 0, PATH_KIND_LANE);

    (void)state;
    send_pings(lab, 20, EVERY_MS);
    arrives_and_is_told(lab, FULL, NOT_TOLD);
    assert_int_equal(packet_fit_size(conversation_at(lab, 0)), FULL);
    lab_free(lab);
}

static void a_path_that_is_found_to_take_more_is_not_told_of_before(void **state)
{
    struct lab *lab = lab_fit(FULL, 1400 - HEADERS_IP4, PATH_KIND_DIRECT);

    (void)state;
    arrives_and_is_told(lab, FULL, 1340);
    lab->direct_size_max = 1500;
    run_ms(lab, PATH_SIZE_RETRY_MS);
    arrives_and_is_told(lab, FULL, NOT_TOLD);
    lab_free(lab);
}

/* 9,000 bytes are more than four frames of 1,232, and no relay takes them either. */
static void what_cannot_be_carried_is_told_at_once(void **state)
{
    struct lab *lab = lab_fit(INNER_MTU_MAX, PATH_FRAME_SIZE_IPV6, PATH_KIND_DIRECT);

    (void)state;
    relay_node_stop(&lab->relay);
    for (int s = 0; s < 60; s++) { /* until the session is known to be over */
        send_ping(lab, 84);
        run_ms(lab, 1000);
    }
    assert_string_equal(state_of_nas(lab), "direct");
    assert_int_equal(told_of(lab, INNER_MTU_MAX), INNER_MTU_MIN);
    lab_free(lab);
}

static void jumbo_frames_are_used_where_they_pass(void **state)
{
    enum { FITS = 9000 - HEADERS_IP4 - 32 };
    struct lab *lab = lab_fit(INNER_MTU_MAX, 9000 - HEADERS_IP4, PATH_KIND_DIRECT);

    (void)state;
    assert_int_equal(packet_fit_size(conversation_at(lab, 0)), FITS);
    arrives_and_is_told(lab, FITS, NOT_TOLD);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.fragments_out, 0);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_packet_goes_in_one_frame_where_ethernet_is),
        cmocka_unit_test(a_direct_path_that_takes_less_tells_what_fits),
        cmocka_unit_test(nobody_is_told_of_less_than_an_interface_takes),
        cmocka_unit_test(a_session_to_a_relay_tells_what_its_datagrams_take),
        cmocka_unit_test(a_lane_takes_a_full_packet_in_one_frame),
        cmocka_unit_test(a_path_that_is_found_to_take_more_is_not_told_of_before),
        cmocka_unit_test(what_cannot_be_carried_is_told_at_once),
        cmocka_unit_test(jumbo_frames_are_used_where_they_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
