/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Votes of networks, and pings to those that have one. */
#include "relayd/service/reach_watch.h"

#include "relayd/base/neighbour_redial.h"
#include "rendezvous/mesh/node_prefix.h"

#include <string.h>

enum { MOVE_COST = 60 /* in tokens, of which one comes each second */ };

static const struct bucket_rate moves_rate = {.per_s = 1, .burst = REACH_MOVES_BURST * MOVE_COST};

void reach_watch_init(struct reach_watch *watch, struct relay_base *base, struct mesh_service *mesh,
                      struct mono now)
{
    watch->base = base;
    watch->mesh = mesh;
    watch->watch_at = now;
    watch->look_at = MONO_NEVER;
    bucket_init(&watch->moves, &moves_rate, now);
}

/* ---- who sees us where ---- */

static struct neighbour *next_of(const struct reach_watch *watch, const struct neighbour *before)
{
    return neighbour_next(&watch->base->neighbours, before);
}

/* It is open, and owes no answer. */
static bool answers(const struct neighbour *neighbour)
{
    return neighbour->client != NULL && !mono_before(neighbour->deadline, MONO_NEVER);
}

static bool follows_us(const struct neighbour *neighbour)
{
    return answers(neighbour) && neighbour->dialled;
}

static uint32_t followers(const struct reach_watch *watch)
{
    const struct neighbour *neighbour = next_of(watch, NULL);
    uint32_t count = 0;

    for (; neighbour != NULL; neighbour = next_of(watch, neighbour)) {
        count += follows_us(neighbour) ? 1 : 0;
    }
    return count;
}

/* Who is heard about where we are. */
struct electorate {
    bool any;    /* those that dialled us, too, since there are no others */
    bool family; /* only who sees an address of the family of watch->seen */
};

static bool votes(const struct reach_watch *watch, const struct neighbour *neighbour,
                  const struct electorate *who)
{
    return (who->any ? answers(neighbour) : follows_us(neighbour)) &&
           !endpoint_is_none(&neighbour->observed) &&
           (!who->family || endpoint_is_v4(&neighbour->observed) == endpoint_is_v4(&watch->seen));
}

/* No neighbour before it is of the same network and says the same. */
static bool is_first_of_net(const struct reach_watch *watch, const struct neighbour *of,
                            const struct electorate *who)
{
    uint64_t net = node_prefix(&of->client->remote);
    const struct neighbour *other = next_of(watch, NULL);

    for (; other != of; other = next_of(watch, other)) {
        if (votes(watch, other, who) && node_prefix(&other->client->remote) == net &&
            endpoint_equal(&other->observed, &of->observed)) {
            return false;
        }
    }
    return true;
}

/* How many networks see us at this address, and how many elsewhere at its IP. */
static uint32_t count_votes(const struct reach_watch *watch, const struct endpoint *address,
                            const struct electorate *who, uint32_t *other_ports)
{
    const struct neighbour *one = next_of(watch, NULL);
    uint32_t same = 0;

    *other_ports = 0;
    for (; one != NULL; one = next_of(watch, one)) {
        if (!votes(watch, one, who) || !endpoint_same_ip(&one->observed, address) ||
            !is_first_of_net(watch, one, who)) {
            continue;
        }
        same += one->observed.port == address->port ? 1 : 0;
        *other_ports += one->observed.port != address->port ? 1 : 0;
    }
    return same;
}

/* What most of these see, and how many that are. */
static uint32_t elect(const struct reach_watch *watch, const struct electorate *who,
                      struct endpoint *most, uint32_t *ports)
{
    const struct neighbour *one = next_of(watch, NULL);
    uint32_t other_ports, count = count_votes(watch, &watch->seen, who, &other_ports);

    *most = watch->seen;
    *ports = count == 0 ? 0 : other_ports > 0 ? 2 : 1;
    for (; one != NULL; one = next_of(watch, one)) {
        uint32_t same =
            votes(watch, one, who) ? count_votes(watch, &one->observed, who, &other_ports) : 0;

        if (same > count) {
            count = same;
            *most = one->observed;
            *ports = other_ports > 0 ? 2 : 1;
        }
    }
    return count;
}

struct endpoint reach_watch_most(const struct reach_watch *watch, uint32_t *ports)
{
    struct electorate who = {.any = followers(watch) == 0, .family = true};
    struct endpoint most;

    if (elect(watch, &who, &most, ports) == 0) {
        who.family = false;
        (void)elect(watch, &who, &most, ports);
    }
    return most;
}

bool reach_watch_take(struct reach_watch *watch)
{
    struct endpoint most;
    uint32_t ports;

    watch->look_at = MONO_NEVER;
    most = reach_watch_most(watch, &ports);
    if (endpoint_equal(&most, &watch->seen)) {
        return false;
    }
    watch->former = watch->seen;
    watch->seen = most;
    return true;
}

bool reach_watch_is_witness(const struct neighbour *neighbour, const struct endpoint *address)
{
    return follows_us(neighbour) ||
           (answers(neighbour) && (endpoint_is_none(&neighbour->observed) ||
                                   endpoint_equal(&neighbour->observed, address)));
}

/* ---- it changes ---- */

/* All say soon how they see us. */
static void ask_all(struct reach_watch *watch, struct mono now)
{
    const struct neighbour *neighbour = next_of(watch, NULL);

    watch->asked_at = now;
    for (; neighbour != NULL; neighbour = next_of(watch, neighbour)) {
        if (follows_us(neighbour)) {
            link_hub_ping(watch->base->hub, neighbour->client->handle, now);
        }
    }
}

void reach_watch_on_seen(struct reach_watch *watch, const struct neighbour *neighbour,
                         struct mono now)
{
    uint32_t ports;
    struct endpoint most;

    if (endpoint_is_none(&neighbour->observed) ||
        endpoint_equal(&neighbour->observed, &watch->seen) ||
        (!neighbour->dialled && followers(watch) > 0)) {
        return;
    }
    if (mono_due(mono_add_ms(watch->asked_at, REACH_WATCH_MS), now)) {
        ask_all(watch, now);
    }
    most = reach_watch_most(watch, &ports);
    if (!endpoint_equal(&most, &watch->seen) && followers(watch) > 1) {
        watch->look_at = now; /* two of them see it */
    } else {
        watch->look_at = mono_min(watch->look_at, mono_add_ms(now, REACH_CONFIRM_MS));
    }
}

bool reach_watch_has_moved(struct reach_watch *watch, struct mono now)
{
    char before[ENDPOINT_TEXT_SIZE], after[ENDPOINT_TEXT_SIZE];
    struct endpoint most;
    uint32_t ports;

    if (!mono_due(watch->look_at, now)) {
        return false;
    }
    watch->look_at = MONO_NEVER;
    most = reach_watch_most(watch, &ports);
    if (endpoint_equal(&most, &watch->seen)) {
        return false;
    }
    if (!bucket_take(&watch->moves, &moves_rate, MOVE_COST, now)) {
        watch->look_at = mono_add_ms(now, 60000);
        return false;
    }
    env_trace(&watch->base->env, TRACE_LEVEL_INFO, "relay.moved", "seen_at=%s before=%s",
              endpoint_text(&most, after),
              endpoint_is_none(&watch->seen) ? "nowhere" : endpoint_text(&watch->seen, before));
    return true;
}

/* It dialled us where we are no more. A port that the router maps for us is not that from which we
 * come, so that of the address tells only while the address is the same. */
static bool is_stranded(const struct reach_watch *watch, const struct neighbour *neighbour)
{
    return !neighbour->dialled && !endpoint_is_none(&watch->former) &&
           (endpoint_equal(&neighbour->observed, &watch->former) ||
            (endpoint_same_ip(&neighbour->observed, &watch->former) &&
             !endpoint_same_ip(&watch->former, &watch->seen)));
}

void reach_watch_redial(struct reach_watch *watch, struct mono now)
{
    struct neighbour *neighbour = next_of(watch, NULL);
    uint32_t count = 0;

    for (; neighbour != NULL && count < REACH_REDIALS_MAX; neighbour = next_of(watch, neighbour)) {
        if (is_stranded(watch, neighbour) &&
            neighbour_redial(&watch->base->neighbours, neighbour, now)) {
            count++;
        }
    }
}

void reach_watch_found(struct reach_watch *watch, const struct endpoint *address)
{
    if (endpoint_is_none(&watch->seen)) {
        watch->seen = *address;
    }
}

/* ---- the mapping of a NAT ---- */

/* One session more that follows us: in place of one that was dialled from the other side, or with
 * any relay that is known. */
static void find_follower(struct reach_watch *watch, struct mono now)
{
    struct neighbour_table *table = &watch->base->neighbours;
    struct neighbour *neighbour = next_of(watch, NULL);
    struct node_found found;

    for (; neighbour != NULL; neighbour = next_of(watch, neighbour)) {
        if (mono_ms_between(neighbour->opened_at, now) >= REACH_STEADY_MS &&
            neighbour_redial(table, neighbour, now)) {
            return;
        }
    }
    if (mesh_sample(watch->mesh->mesh, &found, 1) == 1) {
        neighbour = neighbour_want(table, found.key, now);
        if (neighbour != NULL) {
            neighbour->kept = true;
        }
    }
}

void reach_watch_expire(struct reach_watch *watch, struct mono now)
{
    const struct neighbour *neighbour = next_of(watch, NULL);
    uint32_t count = 0;

    if (!mono_due(watch->watch_at, now)) {
        return;
    }
    watch->watch_at = mono_add_ms(now, REACH_WATCH_MS);
    for (; neighbour != NULL; neighbour = next_of(watch, neighbour)) {
        if (follows_us(neighbour)) {
            link_hub_keepalive(watch->base->hub, neighbour->client->handle,
                               count < REACH_WATCHERS ? REACH_WATCH_MS : LINK_KEEPALIVE_MS, now);
            count++;
        }
    }
    if (count < REACH_WATCHERS) {
        find_follower(watch, now);
    }
}

struct mono reach_watch_deadline(const struct reach_watch *watch, bool moves, bool nat)
{
    return mono_min(moves ? watch->look_at : MONO_NEVER, nat ? watch->watch_at : MONO_NEVER);
}
