/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capsules (proto/wire/capsule.h): any cut of the stream gives the same capsules. */
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include "proto/wire/capsule.h"

enum { STREAM_MAX = 1 << 18, CAPSULES_MAX = 64 };

struct stream {
    uint8_t bytes[STREAM_MAX];
    size_t size;
    struct {
        uint64_t type;
        size_t at, size;
    } capsules[CAPSULES_MAX]; /* the known ones */
    size_t count, unknown_count;
};

static void append(struct stream *s, uint64_t type, size_t size, uint8_t content)
{
    uint8_t header[CAPSULE_HEADER_SIZE_MAX];
    size_t header_size = capsule_header(header, type, size);

    assert_true(s->size + header_size + size <= STREAM_MAX);
    memcpy(s->bytes + s->size, header, header_size);
    s->size += header_size;
    for (size_t i = 0; i < size; i++) {
        s->bytes[s->size + i] = (uint8_t)(content + i);
    }
    if (type == CONTROL_CAPSULE_TYPE || type == DATAGRAM_CAPSULE_TYPE) {
        s->capsules[s->count].type = type;
        s->capsules[s->count].at = s->size;
        s->capsules[s->count].size = size;
        s->count++;
    } else {
        s->unknown_count++;
    }
    s->size += size;
}

static void make(struct stream *s)
{
    s->size = s->count = s->unknown_count = 0;
    append(s, CONTROL_CAPSULE_TYPE, 5, 1);
    append(s, DATAGRAM_CAPSULE_TYPE, 0, 2);
    append(s, 0x29, 0, 3);
    append(s, CONTROL_CAPSULE_TYPE, 0, 4);
    append(s, 0x1234567890, 70000, 5);
    append(s, DATAGRAM_CAPSULE_TYPE, CAPSULE_DATAGRAM_SIZE_MAX, 6);
    append(s, CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX, 7);
    append(s, 0x3fffffffffffffff, 63, 8);
    append(s, DATAGRAM_CAPSULE_TYPE, 1200, 9);
}

/* Play the stream in pieces of piece_max bytes, or (rng not NULL) of random sizes up to that. */
static void play(const struct stream *s, size_t piece_max, struct rng *rng)
{
    struct capsule_parser parser = {0};
    size_t seen = 0;

    for (size_t at = 0; at < s->size;) {
        size_t piece = rng != NULL ? 1 + rng_u64(rng) % piece_max : piece_max;

        piece = piece > s->size - at ? s->size - at : piece;
        uint8_t *copy = fixture_copy(s->bytes + at, piece);
        const uint8_t *data = copy;
        size_t size = piece;
        struct capsule capsule = {.complete = true};

        while (capsule.complete) {
            assert_int_equal(capsule_next(&parser, &data, &size, &capsule), ERR_OK);
            if (!capsule.complete) {
                break;
            }
            assert_true(seen < s->count);
            assert_true(capsule.type == s->capsules[seen].type);
            assert_int_equal(capsule.size, s->capsules[seen].size);
            assert_memory_equal(capsule.value, s->bytes + s->capsules[seen].at, capsule.size);
            seen++;
        }
        assert_int_equal(size, 0);
        at += piece;
        free(copy);
    }
    assert_int_equal(seen, s->count);
    assert_true(parser.skipped_count == s->unknown_count);
    assert_true(capsule_parser_idle(&parser));
    capsule_parser_fini(&parser);
}

static void any_cut_gives_the_same_capsules(void **state)
{
    static const size_t pieces[] = {1, 2, 3, 7, 100, 1200, 9000, 16384, STREAM_MAX};
    static struct stream s;
    struct rng rng = {13};

    (void)state;
    make(&s);
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        play(&s, pieces[i], NULL);
    }
    for (int i = 0; i < 200; i++) {
        play(&s, 1 + rng_u64(&rng) % 5000, &rng);
    }
}

static void too_long_known_capsules_end_the_stream(void **state)
{
    static const struct {
        uint64_t type, size;
    } cases[] = {
        {CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX + 1},
        {CONTROL_CAPSULE_TYPE, UINT64_C(0x3fffffffffffffff)},
        {DATAGRAM_CAPSULE_TYPE, CAPSULE_DATAGRAM_SIZE_MAX + 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct capsule_parser parser = {0};
        uint8_t header[CAPSULE_HEADER_SIZE_MAX];
        size_t size = capsule_header(header, cases[i].type, cases[i].size);
        const uint8_t *data = header;
        struct capsule capsule;

        assert_int_equal(capsule_next(&parser, &data, &size, &capsule), ERR_SESSION);
        assert_false(capsule.complete);
        assert_int_equal(capsule_next(&parser, &data, &size, &capsule), ERR_SESSION);
        assert_false(capsule_parser_idle(&parser));
        assert_null(parser.value);
        capsule_parser_fini(&parser);
    }
}

static void unknown_capsules_of_any_length_take_no_memory(void **state)
{
    static uint8_t zeros[65536];
    struct capsule_parser parser = {0};
    uint8_t header[CAPSULE_HEADER_SIZE_MAX];
    size_t size = capsule_header(header, 0x77, UINT64_C(0x3fffffffffffffff));
    const uint8_t *data = header;
    struct capsule capsule;

    (void)state;
    assert_int_equal(capsule_next(&parser, &data, &size, &capsule), ERR_OK);
    for (int i = 0; i < 1000; i++) {
        data = zeros;
        size = sizeof(zeros);
        assert_int_equal(capsule_next(&parser, &data, &size, &capsule), ERR_OK);
        assert_false(capsule.complete);
        assert_int_equal(size, 0);
        assert_null(parser.value);
    }
    assert_true(parser.left == UINT64_C(0x3fffffffffffffff) - 65536000);
    assert_false(capsule_parser_idle(&parser));
    capsule_parser_fini(&parser);
}

static void a_stream_that_ends_inside_a_capsule_is_noticed(void **state)
{
    static const uint8_t bytes[] = {0x40, 0x00, 0x03, 'a', 'b', 'c'}; /* type 0 in two bytes */

    (void)state;
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        struct capsule_parser parser = {0};
        const uint8_t *data = bytes;
        size_t size = cut;
        struct capsule capsule;

        assert_int_equal(capsule_next(&parser, &data, &size, &capsule), ERR_OK);
        assert_int_equal(capsule.complete, cut == sizeof(bytes));
        assert_int_equal(capsule_parser_idle(&parser), cut == 0 || cut == sizeof(bytes));
        capsule_parser_fini(&parser);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same_capsules),
        cmocka_unit_test(too_long_known_capsules_end_the_stream),
        cmocka_unit_test(unknown_capsules_of_any_length_take_no_memory),
        cmocka_unit_test(a_stream_that_ends_inside_a_capsule_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
