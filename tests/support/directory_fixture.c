/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory, and nodes that ask it for membership. */
#include "tests/support/directory_fixture.h"

#include "proto/net/addrplan.h"
#include "proto/wire/control.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"

void office_reopen(struct office *office)
{
    directory_free(office->directory);
    assert_int_equal(directory_new(&office->directory, &office->cfg), ERR_OK);
}

void office_init(struct office *office)
{
    office_init_of(office, 0);
}

void office_init_of(struct office *office, uint32_t member_max)
{
    memset(office, 0, sizeof(*office));
    test_env_init(&office->ports, 0);
    office->entry = node_of(1000001);
    office->ziglan = node_of(1000002);
    assert_int_equal(store_memory_new(&office->store), ERR_OK);
    office->cfg.member_max = member_max;
    office->cfg.store = office->store;
    office->cfg.env = &office->ports.env;
    office->cfg.identity = &office->entry;
    memcpy(office->cfg.ziglan_key, office->ziglan.public_key, KEY_SIZE);
    office_reopen(office);
}

void office_fini(struct office *office)
{
    directory_free(office->directory);
    store_close(office->store);
}

void office_invite(struct office *office, uint32_t uses, uint32_t days, const char *name,
                   uint8_t invite[INVITE_SIZE])
{
    struct directory_terms terms = {.uses = uses};

    terms.expires_ms = days == 0 ? 0 : office->ports.wall_ms + days * DAY_MS;
    memcpy(terms.name, name, strlen(name) + 1);
    assert_int_equal(directory_invite(office->directory, &terms, invite), VERDICT_OK);
}

enum verdict office_join(struct office *office, uint32_t n, const uint8_t *invite, const char *name,
                         const struct part *part, struct directory_joined *out)
{
    struct identity identity = node_of(n);
    struct directory_join join = {
        .key = identity.public_key,
        .invite = invite,
        .invite_size = invite != NULL ? INVITE_SIZE : 0,
        .wanted_name = name,
        .member_part = part->bytes,
        .member_part_size = part->size,
    };

    return directory_join(office->directory, &join, out);
}

const char *office_admit(struct office *office, uint32_t n, const char *name, uint8_t mac,
                         struct directory_joined *out)
{
    uint8_t invite[INVITE_SIZE];
    struct part part = part_of(office->ports.wall_ms, n, office->ports.wall_ms, mac);

    office_invite(office, 1, 0, "", invite);
    assert_int_equal(office_join(office, n, invite, name, &part, out), VERDICT_OK);
    return out->name;
}

enum verdict office_revoke(struct office *office, uint32_t n)
{
    struct identity identity = node_of(n);

    return directory_revoke(office->directory, identity.public_key);
}

enum verdict office_leave(struct office *office, uint32_t n)
{
    struct identity identity = node_of(n);

    return directory_leave(office->directory, identity.public_key);
}

const char *office_name_of(struct office *office, uint32_t n)
{
    static struct directory_entry entry;
    struct identity node = node_of(n);

    return directory_find_key(office->directory, node.public_key, &entry) == VERDICT_OK ? entry.name
                                                                                        : "-";
}

enum directory_status office_status_of(struct office *office, uint32_t n)
{
    struct identity node = node_of(n);

    return directory_status(office->directory, node.public_key);
}

enum verdict office_find_name(struct office *office, const char *name, uint32_t want)
{
    struct identity node = node_of(want);
    struct directory_entry entry;
    enum verdict verdict = directory_find_name(office->directory, name, &entry);

    if (verdict == VERDICT_OK) {
        assert_memory_equal(entry.key, node.public_key, KEY_SIZE);
    }
    return verdict;
}

enum verdict office_find_fixed(struct office *office, uint8_t mac, struct directory_entry *entry)
{
    const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {1, 2, 3, 4};
    uint8_t eui64[EUI64_SIZE], ip[16];

    memset(eui64, mac, sizeof(eui64));
    addrplan_fixed(ip, middle, eui64);
    return directory_find_address(office->directory, ip, entry);
}

uint32_t office_owner_of(struct office *office, uint8_t mac, uint32_t node_max)
{
    struct directory_entry entry;

    if (office_find_fixed(office, mac, &entry) != VERDICT_OK) {
        return 0;
    }
    for (uint32_t n = 1; n <= node_max; n++) {
        struct identity node = node_of(n);
        if (memcmp(node.public_key, entry.key, KEY_SIZE) == 0) {
            return n;
        }
    }
    return 0;
}

size_t office_follow(struct office *office, uint64_t *since, size_t *revoked)
{
    static struct directory_chunk chunk;
    static uint8_t packed[CONTROL_SIZE_MAX];
    size_t count = 0;

    *revoked = 0;
    do {
        Ziglan__Control control = ZIGLAN__CONTROL__INIT;
        Ziglan__Changes changes = ZIGLAN__CHANGES__INIT;
        Ziglan__Member members[DIRECTORY_CHUNK_COUNT_MAX];
        Ziglan__Member *pointers[DIRECTORY_CHUNK_COUNT_MAX];
        uint64_t last = *since;
        size_t size;

        assert_int_equal(directory_changes(office->directory, *since, &chunk), VERDICT_OK);
        for (size_t i = 0; i < chunk.count; i++) {
            const struct directory_change *c = &chunk.changes[i];
            assert_true(c->sequence > last || *since > directory_sequence(office->directory));
            last = c->sequence;
            ziglan__member__init(&members[i]);
            members[i].member_part.data = (uint8_t *)(uintptr_t)c->member_part;
            members[i].member_part.len = c->member_part_size;
            members[i].admission.data = (uint8_t *)(uintptr_t)c->admission;
            members[i].admission.len = c->admission_size;
            members[i].revocation.data = (uint8_t *)(uintptr_t)c->revocation;
            members[i].revocation.len = c->revocation_size;
            members[i].online = true;
            members[i].sequence = UINT64_MAX;
            pointers[i] = &members[i];
            *revoked += c->revocation_size > 0 ? 1 : 0;
        }
        changes.members = pointers;
        changes.n_members = chunk.count;
        changes.sequence = UINT64_MAX;
        changes.more = true;
        control.request_id = UINT32_MAX;
        control.body_case = ZIGLAN__CONTROL__BODY_CHANGES;
        control.changes = &changes;
        assert_int_equal(control_pack(packed, sizeof(packed), &size, &control), ERR_OK);
        count += chunk.count;
        *since = chunk.sequence;
    } while (chunk.more);
    return count;
}
