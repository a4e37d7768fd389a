/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to an address as it was, and as it is. */
#include "client/stun2/way.h"

#include <string.h>

/* The way is not known if the finder cannot tell it. */
static struct way find(const struct way_finder *finder, const struct endpoint *local,
                       const struct endpoint *remote)
{
    struct way way = {0};

    way.known = finder->find(finder->context, local, remote, &way);
    return way;
}

static bool is_same(const struct way *a, const struct way *b)
{
    return a->interface == b->interface && memcmp(a->source, b->source, sizeof(a->source)) == 0 &&
           memcmp(a->next_hop, b->next_hop, sizeof(a->next_hop)) == 0;
}

enum way_change way_look(struct way *way, const struct way_finder *finder,
                         const struct endpoint *local, const struct endpoint *remote)
{
    struct way before = *way;

    if (finder == NULL) {
        *way = (struct way){0};
        return WAY_CHANGED;
    }
    struct way now = find(finder, local, remote);
    if (!now.known) { /* what was known stays, to be compared with the next answer */
        return WAY_DOUBTFUL;
    }
    *way = now;
    if (before.known && is_same(&before, way)) {
        return finder->doubtful && way->interface != 0 ? WAY_DOUBTFUL : WAY_SAME;
    }
    if (way->interface == 0) {
        return WAY_GONE;
    }
    return before.known ? WAY_CHANGED : WAY_DOUBTFUL;
}

bool way_differs(const struct way *way, const struct way_finder *finder,
                 const struct endpoint *local, const struct endpoint *remote)
{
    struct way now = find(finder, local, remote);

    return way->known && now.known && !is_same(way, &now);
}

void way_learn(struct way *way, const struct way_finder *finder, const struct endpoint *local,
               const struct endpoint *remote)
{
    if (!way->known) {
        *way = find(finder, local, remote);
    }
}
