/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets carried from one host to the other, and what must come of them. */
#include "tests/support/tunnel_carry.h"

#include "proto/base/err.h"
#include "tests/support/fixture.h"

const struct tunnel_pair *sender(const struct two_hosts *two, const struct spec *spec)
{
    return spec->back ? &two->b : &two->a;
}

const struct tunnel_pair *receiver(const struct two_hosts *two, const struct spec *spec)
{
    return spec->back ? &two->a : &two->b;
}

void expect_carried(const struct two_hosts *two, const struct spec *spec)
{
    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t wanted[SPEC_PACKET_MAX];
    uint8_t *memory;
    uint16_t next_id = 7;
    struct packet got = {0};
    struct packet packet = {.data = sent, .size = spec_build(sent, spec, two, !spec->back)};
    size_t wanted_size = spec_build(wanted, spec, two, spec->back);

    assert_int_equal(
        carry(&got, &memory, sender(two, spec), receiver(two, spec), &packet, &next_id), ERR_OK);
    assert_int_equal(got.size, wanted_size);
    assert_false(got.checksum_partial);
    assert_int_equal(got.gso, PACKET_GSO_NONE);
    assert_memory_equal(got.data, wanted, wanted_size);
    free(memory);
}

int strip_result(const struct two_hosts *two, const struct spec *spec)
{
    uint8_t sent[SPEC_PACKET_MAX];
    uint8_t plain[SPEC_PACKET_MAX];
    size_t size;
    struct packet packet = {.data = sent, .size = spec_build(sent, spec, two, !spec->back)};

    return strip_one(plain, sizeof(plain), &size, sender(two, spec), &packet);
}
