/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each table is changed together with the part of the connection that belongs to it. */
#include "proto/link/quic/hub_tables.h"

#include "proto/base/bytes.h"
#include "proto/link/link.h"

#include <string.h>

int hub_tables_init(struct hub_tables *t, size_t conn_size, uint32_t connection_max,
                    uint32_t *half_open_count, const struct env *env)
{
    t->half_open_count = half_open_count;
    TAILQ_INIT(&t->ready);
    if (slab_new(&t->conns, conn_size, connection_max) != ERR_OK ||
        map_new(&t->cids, sizeof(struct cid_key), (size_t)connection_max * HUB_CIDS_MAX, env) !=
            ERR_OK ||
        map_new(&t->resets, sizeof(ngtcp2_stateless_reset_token),
                (size_t)connection_max * HUB_RESETS_MAX, env) != ERR_OK ||
        map_new(&t->half_open_ips, 16, LINK_HALF_OPEN_MAX, env) != ERR_OK) {
        return ERR_NOMEM;
    }
    return ERR_OK;
}

void hub_tables_fini(struct hub_tables *t)
{
    heap_fini(&t->timers);
    map_free(t->half_open_ips);
    map_free(t->resets);
    map_free(t->cids);
    slab_free(t->conns);
}

/* ---- connection ids and reset tokens ---- */

static struct cid_key cid_key(const uint8_t *cid, size_t size)
{
    struct cid_key key = {{0}};

    CHECK(size <= NGTCP2_MAX_CIDLEN);
    key.bytes[0] = u8_of(size);
    memcpy(key.bytes + 1, cid, size);
    return key;
}

int hub_cid_add(struct hub_tables *t, struct link_conn *c, struct conn_ids *ids, const uint8_t *cid,
                size_t size)
{
    struct cid_key key = cid_key(cid, size);
    int rc;

    if (ids->cids_count == HUB_CIDS_MAX || map_find(t->cids, &key, NULL)) {
        return ERR_LIMIT;
    }
    rc = map_put_pointer(t->cids, &key, c);
    if (rc == ERR_OK) {
        ids->cids[ids->cids_count] = key;
        ids->cids_count++;
    }
    return rc;
}

void hub_cid_remove(struct hub_tables *t, struct conn_ids *ids, const uint8_t *cid, size_t size)
{
    struct cid_key key = cid_key(cid, size);

    for (size_t i = 0; i < ids->cids_count; i++) {
        if (memcmp(&ids->cids[i], &key, sizeof(key)) == 0) {
            ids->cids_count--;
            ids->cids[i] = ids->cids[ids->cids_count];
            (void)map_remove(t->cids, &key, NULL);
            return;
        }
    }
}

struct link_conn *hub_cid_find(const struct hub_tables *t, const uint8_t *cid, size_t size)
{
    struct cid_key key = cid_key(cid, size);

    return map_find_pointer(t->cids, &key);
}

void hub_reset_add(struct hub_tables *t, struct link_conn *c, struct conn_ids *ids,
                   const ngtcp2_stateless_reset_token *token)
{
    if (ids->resets_count == HUB_RESETS_MAX || map_find(t->resets, token->data, NULL) ||
        map_put_pointer(t->resets, token->data, c) != ERR_OK) {
        return;
    }
    ids->resets[ids->resets_count] = *token;
    ids->resets_count++;
}

void hub_reset_remove(struct hub_tables *t, struct conn_ids *ids,
                      const ngtcp2_stateless_reset_token *token)
{
    for (size_t i = 0; i < ids->resets_count; i++) {
        if (memcmp(&ids->resets[i], token, sizeof(*token)) == 0) {
            (void)map_remove(t->resets, token->data, NULL);
            ids->resets_count--;
            ids->resets[i] = ids->resets[ids->resets_count];
            return;
        }
    }
}

void hub_ids_clear(struct hub_tables *t, struct conn_ids *ids)
{
    while (ids->cids_count > 0) {
        ids->cids_count--;
        (void)map_remove(t->cids, &ids->cids[ids->cids_count], NULL);
    }
    while (ids->resets_count > 0) {
        ids->resets_count--;
        (void)map_remove(t->resets, ids->resets[ids->resets_count].data, NULL);
    }
}

/* ---- who is not open yet ---- */

/* The part of an address that one customer has: all of an IPv4 address, /64 of an IPv6 address. */
static void ip_key(uint8_t key[16], const struct endpoint *e)
{
    memcpy(key, e->ip, 16);
    if (!endpoint_is_v4(e)) {
        memset(key + 8, 0, 8);
    }
}

uint32_t hub_half_open_count(const struct hub_tables *t, const struct endpoint *remote)
{
    uint8_t key[16];
    uint64_t count = 0;

    ip_key(key, remote);
    (void)map_find(t->half_open_ips, key, &count);
    return (uint32_t)count;
}

void hub_half_open_enter(struct hub_tables *t, struct conn_door *door,
                         const struct endpoint *remote)
{
    uint8_t key[16];
    uint32_t count = hub_half_open_count(t, remote);

    ip_key(key, remote);
    if (map_put(t->half_open_ips, key, count + 1) == ERR_OK) {
        memcpy(door->half_open_ip, key, sizeof(key));
        door->half_open = true;
        (*t->half_open_count)++;
    }
}

void hub_half_open_leave(struct hub_tables *t, struct conn_door *door)
{
    uint64_t count = 0;

    if (door->anonymous) {
        door->anonymous = false;
        t->anonymous_count--;
    }
    if (!door->half_open) {
        return;
    }
    door->half_open = false;
    (*t->half_open_count)--;
    (void)map_find(t->half_open_ips, door->half_open_ip, &count);
    if (count <= 1) {
        (void)map_remove(t->half_open_ips, door->half_open_ip, NULL);
    } else {
        /* The key is there, so this cannot fail. */
        CHECK(map_put(t->half_open_ips, door->half_open_ip, count - 1) == ERR_OK);
    }
}

bool hub_anonymous_enter(struct hub_tables *t, struct conn_door *door)
{
    if (door->anonymous || !door->half_open || t->anonymous_count >= HUB_ANONYMOUS_MAX) {
        return false;
    }
    hub_half_open_leave(t, door);
    door->anonymous = true;
    t->anonymous_count++;
    return true;
}

/* ---- who has something to send ---- */

void hub_ready_enter(struct hub_tables *t, struct conn_turn *turn)
{
    if (!turn->ready) {
        turn->ready = true;
        TAILQ_INSERT_TAIL(&t->ready, turn, entry);
    }
}

void hub_ready_leave(struct hub_tables *t, struct conn_turn *turn)
{
    if (turn->ready) {
        turn->ready = false;
        TAILQ_REMOVE(&t->ready, turn, entry);
    }
}
