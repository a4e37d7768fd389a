/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets lie in chains of blocks, since any of the flows may be the next one, and are gathered
 * when they leave. Items, blocks and flows are named by their place in an array; NONE ends a chain.
 */
#include "client/tunnel/fair_queue.h"

#include "client/tunnel/codel.h"
#include "client/tunnel/ecn.h"
#include "client/tunnel/parse.h"
#include "client/tunnel/super_cut.h"
#include "client/tunnel/transport.h"
#include "proto/base/bytes.h"
#include "proto/base/err.h"

#include <stdlib.h>
#include <string.h>

enum {
    NONE = 0xffff,
    BLOCKS = FAIR_BYTES_MAX / FAIR_BLOCK_SIZE,
    PORTS_SIZE = 4, /* of source and destination, where a transport header begins with them */
};

_Static_assert((int)BLOCKS < (int)NONE && (int)FAIR_PACKETS_MAX < (int)NONE &&
                   (int)FAIR_FLOWS < (int)NONE,
               "places in 16 bits");

/* A packet that waits. */
struct item {
    struct packet packet; /* without data; size is that of the whole */
    struct mono since;
    size_t gone;    /* bytes of payload that have left already, of whole segments */
    uint16_t block; /* the first one */
    uint16_t next;  /* behind it in its flow, or among the free ones */
    bool divisible; /* it may leave in parts */
};

/* In which list a flow waits for its turn (RFC 8290, 4.2). */
enum turn {
    TURN_NONE,
    TURN_NEW,
    TURN_OLD,
    TURN_COUNT,
};

struct flow {
    struct codel codel;
    size_t bytes; /* that wait */
    int64_t deficit;
    uint16_t first, last; /* items */
    uint16_t next;        /* in its list */
    uint8_t turn;         /* enum turn */
};

struct list {
    uint16_t first, last;
};

struct fair_store {
    struct flow flows[FAIR_FLOWS];
    struct list lists[TURN_COUNT]; /* of flows; TURN_NONE's is not used */
    struct item items[FAIR_PACKETS_MAX];
    uint16_t items_free, blocks_free; /* chains */
    size_t blocks_left, items_waiting;
    uint16_t block_next[BLOCKS];
    uint8_t out[PACKET_SIZE_MAX];
    uint8_t blocks[BLOCKS][FAIR_BLOCK_SIZE]; /* what is not used takes no memory */
};

/* -- Memory ------------------------------------------------------------------------------------ */

void fair_queue_init(struct fair_queue *queue, const uint8_t *hash_key)
{
    *queue = (struct fair_queue){0};
    memcpy(queue->hash_key, hash_key, sizeof(queue->hash_key));
}

void fair_queue_fini(struct fair_queue *queue)
{
    free(queue->store);
    queue->store = NULL;
}

static struct fair_store *store_new(void)
{
    struct fair_store *s = malloc(sizeof(*s));

    if (s == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < FAIR_FLOWS; i++) {
        s->flows[i] = (struct flow){.first = NONE, .last = NONE, .next = NONE};
    }
    for (size_t i = 0; i < TURN_COUNT; i++) {
        s->lists[i] = (struct list){.first = NONE, .last = NONE};
    }
    for (size_t i = 0; i < FAIR_PACKETS_MAX; i++) {
        s->items[i].next = u16_of(i + 1 < FAIR_PACKETS_MAX ? i + 1 : NONE);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        s->block_next[i] = u16_of(i + 1 < BLOCKS ? i + 1 : NONE);
    }
    s->items_free = 0;
    s->blocks_free = 0;
    s->blocks_left = BLOCKS;
    s->items_waiting = 0;
    return s;
}

static size_t blocks_of(size_t size)
{
    return (size + FAIR_BLOCK_SIZE - 1) / FAIR_BLOCK_SIZE;
}

/* Copy a packet into free blocks, of which there are enough. Returns the first. */
static uint16_t blocks_fill(struct fair_store *s, const uint8_t *data, size_t size)
{
    uint16_t first = s->blocks_free;
    uint16_t last = first;

    for (size_t at = 0; at < size; at += FAIR_BLOCK_SIZE) {
        size_t part = size - at < FAIR_BLOCK_SIZE ? size - at : FAIR_BLOCK_SIZE;

        last = s->blocks_free;
        memcpy(s->blocks[last], data + at, part);
        s->blocks_free = s->block_next[last];
    }
    s->block_next[last] = NONE;
    s->blocks_left -= blocks_of(size);
    return first;
}

/* Copy bytes [at, at + size) of a chain. */
static void blocks_copy(const struct fair_store *s, uint16_t block, size_t at, size_t size,
                        uint8_t *out)
{
    for (; at >= FAIR_BLOCK_SIZE; at -= FAIR_BLOCK_SIZE) {
        block = s->block_next[block];
    }
    while (size > 0) {
        size_t part = size < FAIR_BLOCK_SIZE - at ? size : FAIR_BLOCK_SIZE - at;

        memcpy(out, s->blocks[block] + at, part);
        out += part;
        size -= part;
        at = 0;
        block = s->block_next[block];
    }
}

static void blocks_free(struct fair_store *s, uint16_t first, size_t size)
{
    uint16_t last = first;

    while (s->block_next[last] != NONE) {
        last = s->block_next[last];
    }
    s->block_next[last] = s->blocks_free;
    s->blocks_free = first;
    s->blocks_left += blocks_of(size);
}

/* -- Flows ------------------------------------------------------------------------------------- */

static void list_append(struct fair_store *s, enum turn turn, uint16_t place)
{
    struct list *list = &s->lists[turn];

    s->flows[place].turn = (uint8_t)turn;
    s->flows[place].next = NONE;
    if (list->last == NONE) {
        list->first = place;
    } else {
        s->flows[list->last].next = place;
    }
    list->last = place;
}

static uint16_t list_take(struct fair_store *s, enum turn turn)
{
    struct list *list = &s->lists[turn];
    uint16_t place = list->first;

    list->first = s->flows[place].next;
    if (list->first == NONE) {
        list->last = NONE;
    }
    s->flows[place].turn = TURN_NONE;
    return place;
}

/* The flow of a packet: addresses, protocol and ports, as far as they are there. */
static uint16_t flow_of(const struct fair_queue *queue, const struct packet *packet,
                        const struct tunnel_ip *ip)
{
    uint8_t name[2 * 16 + 1 + PORTS_SIZE] = {0};
    size_t size = 2 * ip->address_size;
    bool ports = ip->protocol == IP_PROTOCOL_TCP || ip->protocol == IP_PROTOCOL_UDP ||
                 ip->protocol == IP_PROTOCOL_SCTP;

    memcpy(name, packet->data + ip->source_at, ip->address_size);
    memcpy(name + ip->address_size, packet->data + ip->destination_at, ip->address_size);
    name[size++] = ip->protocol;
    if (ports && ip->transport && !ip->fragment && ip->size >= ip->payload_at + PORTS_SIZE) {
        memcpy(name + size, packet->data + ip->payload_at, PORTS_SIZE);
        size += PORTS_SIZE;
    }
    return u16_of(siphash24(queue->hash_key, name, size) % FAIR_FLOWS);
}

/* Bytes of a packet that are still there: what leaves of it would have so many. */
static size_t left_of(const struct item *item)
{
    return item->packet.size - item->gone;
}

static size_t segments_of(const struct item *item, size_t bytes)
{
    size_t gso_size = item->packet.gso_size;

    return item->divisible ? (bytes - item->packet.header_size + gso_size - 1) / gso_size : 1;
}

/* Take the first packet of a flow out. */
static void head_free(struct fair_store *s, struct flow *flow)
{
    uint16_t place = flow->first;
    struct item *item = &s->items[place];

    flow->bytes -= left_of(item);
    flow->first = item->next;
    if (flow->first == NONE) {
        flow->last = NONE;
    }
    blocks_free(s, item->block, item->packet.size);
    item->next = s->items_free;
    s->items_free = place;
    s->items_waiting--;
}

/* So many bytes of the first packet's payload are gone; with the last of them, it is. */
static void head_cut(struct fair_store *s, struct flow *flow, size_t payload)
{
    struct item *item = &s->items[flow->first];

    if (!item->divisible || left_of(item) == item->packet.header_size + payload) {
        head_free(s, flow);
        return;
    }
    item->gone += payload;
    flow->bytes -= payload;
}

/* -- Putting ----------------------------------------------------------------------------------- */

/* Room for one more packet, at the expense of the flow that holds most (RFC 8290, 4.1). */
static void room_make(struct fair_queue *queue, size_t size)
{
    struct fair_store *s = queue->store;

    while (s->items_free == NONE || s->blocks_left < blocks_of(size)) {
        struct flow *fattest = &s->flows[0];

        for (size_t i = 1; i < FAIR_FLOWS; i++) {
            fattest = s->flows[i].bytes > fattest->bytes ? &s->flows[i] : fattest;
        }
        const struct item *head = &s->items[fattest->first];

        queue->counters.dropped_room += segments_of(head, left_of(head));
        head_free(s, fattest);
    }
}

/* A flow that waits for nothing yet goes before the others, once. */
static void flow_wake(struct fair_store *s, uint16_t place)
{
    if (s->flows[place].turn == TURN_NONE) {
        s->flows[place].deficit = FAIR_QUANTUM;
        list_append(s, TURN_NEW, place);
    }
}

void fair_queue_put(struct fair_queue *queue, const struct packet *packet, struct mono now)
{
    struct tunnel_ip ip = {0};
    bool read = tunnel_ip_parse(&ip, packet->data, packet->size, false) == ERR_OK;

    CHECK(packet->size >= IP4_HEADER_SIZE && packet->size <= PACKET_SIZE_MAX);
    if (queue->store == NULL) {
        queue->store = store_new();
    }
    if (queue->store == NULL) {
        queue->counters.dropped_room++;
        return;
    }
    room_make(queue, packet->size);

    struct fair_store *s = queue->store;
    uint16_t flow_place = read ? flow_of(queue, packet, &ip) : 0;
    uint16_t place = s->items_free;
    struct flow *flow = &s->flows[flow_place];
    struct item *item = &s->items[place];

    s->items_free = item->next;
    *item = (struct item){.packet = *packet,
                          .since = now,
                          .block = blocks_fill(s, packet->data, packet->size),
                          .next = NONE,
                          .divisible = read && super_cut_possible(packet, &ip)};
    item->packet.data = NULL;
    if (flow->last == NONE) {
        flow->first = place;
    } else {
        s->items[flow->last].next = place;
    }
    flow->last = place;
    flow->bytes += packet->size;
    s->items_waiting++;
    flow_wake(s, flow_place);
}

/* -- Taking ------------------------------------------------------------------------------------ */

/* The payload of a part of at most `most` bytes: whole segments, one at least. */
static size_t payload_within(const struct item *item, size_t most)
{
    size_t head = item->packet.header_size;
    size_t left = left_of(item) - head;
    size_t whole = most <= head ? 0 : (most - head) / item->packet.gso_size;
    size_t payload = (whole == 0 ? 1 : whole) * item->packet.gso_size;

    return payload < left ? payload : left;
}

/* Gather the first packet of a flow, or its part, and take it out. */
static void head_take(struct fair_store *s, struct flow *flow, size_t most, struct packet *out)
{
    const struct item *item = &s->items[flow->first];
    size_t head = item->packet.header_size;

    *out = item->packet;
    out->data = s->out;
    if (!item->divisible) {
        blocks_copy(s, item->block, 0, out->size, s->out);
        head_free(s, flow);
        return;
    }
    size_t payload = payload_within(item, most);

    blocks_copy(s, item->block, 0, head, s->out);
    blocks_copy(s, item->block, head + item->gone, payload, s->out + head);
    out->size = head + payload;
    super_cut_headers(out, item->gone, left_of(item) == out->size);
    head_cut(s, flow, payload);
}

/* CoDel takes one packet, of a super-packet one segment. */
static void head_drop(struct fair_queue *queue, struct flow *flow, bool whole)
{
    const struct item *item = &queue->store->items[flow->first];

    if (whole) {
        queue->counters.dropped_age += segments_of(item, left_of(item));
        head_free(queue->store, flow);
    } else {
        queue->counters.dropped_age++;
        head_cut(queue->store, flow, item->divisible ? payload_within(item, 0) : 0);
    }
}

/* The next packet of a flow that has not waited too long. False: there is none. */
static bool flow_next(struct fair_queue *queue, struct flow *flow, size_t most, struct mono now,
                      struct packet *out)
{
    struct fair_store *s = queue->store;

    while (flow->first != NONE) {
        const struct item *item = &s->items[flow->first];
        uint64_t waited_ns = mono_ns_between(item->since, now);
        bool late = waited_ns > FAIR_WAIT_MAX_MS * NS_PER_MS;
        bool taken = codel_takes(&flow->codel, waited_ns, flow->bytes <= FAIR_QUANTUM, now);
        bool marked = taken && !late && ecn_is_capable(s->blocks[item->block]);

        if ((taken && !marked) || late) {
            head_drop(queue, flow, late);
            continue;
        }
        head_take(s, flow, most, out);
        if (marked) {
            ecn_mark(out->data);
            queue->counters.marked +=
                out->gso == PACKET_GSO_NONE
                    ? 1
                    : (out->size - out->header_size + out->gso_size - 1) / out->gso_size;
        }
        return true;
    }
    codel_idle(&flow->codel);
    return false;
}

bool fair_queue_next(struct fair_queue *queue, size_t most, struct mono now, struct packet *out)
{
    struct fair_store *s = queue->store;

    while (s != NULL && (s->lists[TURN_NEW].first != NONE || s->lists[TURN_OLD].first != NONE)) {
        enum turn turn = s->lists[TURN_NEW].first != NONE ? TURN_NEW : TURN_OLD;
        uint16_t place = s->lists[turn].first;
        struct flow *flow = &s->flows[place];

        if (flow->deficit <= 0) {
            flow->deficit += FAIR_QUANTUM;
            list_append(s, TURN_OLD, list_take(s, turn));
            continue;
        }
        if (flow_next(queue, flow, most, now, out)) {
            flow->deficit -= (int64_t)out->size;
            return true;
        }
        (void)list_take(s, turn);
        /* Who ran dry as a new flow stays for a round, so that it cannot always be new. */
        if (turn == TURN_NEW && s->lists[TURN_OLD].first != NONE) {
            list_append(s, TURN_OLD, place);
        }
    }
    return false;
}

bool fair_queue_is_empty(const struct fair_queue *queue)
{
    return queue->store == NULL || queue->store->items_waiting == 0;
}
