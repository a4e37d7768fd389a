/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts together what relays tell of a peer and what it said itself. */
#include "client/peer/presence.h"

#include "client/peer/initiation.h"

/* A relay of this host may be one of the peer's, too: it is if the peer answers there. */
static bool is_there(const struct peer *peer, const struct path *path, struct mono now)
{
    bool guessed = peer->contact == NULL && path->rank != CONVERSATION_RANK_LAST;
    bool answers =
        path->answered && mono_ms_between(path->at.received_at, now) < PRESENCE_ELSEWHERE_MS;

    return path->relay->open && (!guessed || answers);
}

/* It may be at a relay whose entry point nobody watches. */
static bool may_be_elsewhere(const struct peer *peer, const struct ziglan_list *ziglans,
                             struct mono now)
{
    const struct conversation *a = peer->conversation;

    for (size_t i = 0; a != NULL && i < a->paths.count; i++) {
        const struct path *path = a->paths.list[i];

        if (path->kind == PATH_KIND_RELAY && is_there(peer, path, now) &&
            ziglan_list_of_relay(ziglans, path->relay) == NULL) {
            return true;
        }
    }
    return false;
}

/* What the entry points of all ziglans together say about a peer. */
struct told {
    bool online;
    bool all; /* each of them tells who is online, and there is no other relay */
};

static struct told told_of(const struct peer *peer, const struct ziglan_list *ziglans,
                           struct mono now)
{
    struct told told = {0};
    const struct ziglan *ziglan;
    bool is_known = false;
    bool tell = !may_be_elsewhere(peer, ziglans, now);

    TAILQ_FOREACH(ziglan, &ziglans->head, in_list)
    {
        const struct roster_member *member = roster_find_key(ziglan->roster, peer->key);

        if (member != NULL) {
            is_known = true;
            /* What an entry point said that is silent now may be over. */
            told.online = told.online || (member->online && ziglan_is_heard(ziglan));
            tell = tell && ziglan_tells(ziglan) && ziglan->relays_count == 0;
        }
    }
    told.all = is_known && tell;
    return told;
}

enum presence presence_of(const struct peer *peer, const struct ziglan_list *ziglans,
                          struct mono now)
{
    const struct conversation *a = peer->conversation;

    if (a != NULL && a->sessions.current != NULL && path_table_direct(&a->paths) != NULL) {
        return PRESENCE_ONLINE;
    }
    struct told told = told_of(peer, ziglans, now);
    bool gone = peer->gone_at.ns != MONO_NEVER.ns;

    /* It is told when it comes back. Its relay may not have heard its goodbye and name it still. */
    if (gone && (told.all || mono_ms_between(peer->gone_at, now) < PRESENCE_GOODBYE_MS)) {
        return PRESENCE_OFFLINE;
    }
    if (told.online) {
        return PRESENCE_ONLINE;
    }
    return told.all && peer->away ? PRESENCE_OFFLINE : PRESENCE_UNKNOWN;
}

bool presence_is_offline(const struct peer *peer, const struct ziglan_list *ziglans,
                         struct mono now)
{
    return peer->blocked || (peer->away && presence_of(peer, ziglans, now) == PRESENCE_OFFLINE);
}

void presence_ask(const struct peer *peer, struct mono now)
{
    if (peer->ziglan != NULL) {
        ziglan_lookup_away(peer->ziglan, peer->key, now);
    }
}

void presence_set_away(struct peer *peer, struct mono now)
{
    if (!peer->away) {
        peer->away_at = now;
    }
    peer->away = true;
}

void presence_on_away(struct peer *peer, const struct ziglan_list *ziglans, struct mono now)
{
    struct conversation *a = peer->conversation;

    presence_set_away(peer, now);
    if (a == NULL) {
        return;
    }
    struct path *direct = path_table_direct(&a->paths);

    if (direct != NULL) {
        path_question(direct, now);
        conversation_wake(a, now);
    } else if (presence_is_offline(peer, ziglans, now)) {
        conversation_why(a, WHY_PEER_OFFLINE, NULL);
        if (a->initiating.active) {
            initiation_give_up(a);
        }
    }
}

void presence_on_named(struct peer *peer)
{
    peer->away = peer->gone_at.ns != MONO_NEVER.ns;
}

void presence_on_here(struct peer *peer)
{
    peer->away = false;
    peer->gone_at = MONO_NEVER;
}

void presence_on_frame(struct peer *peer, struct mono now)
{
    if (peer->away && mono_ms_between(peer->away_at, now) > PRESENCE_LATE_MS) {
        presence_on_here(peer);
    }
}
