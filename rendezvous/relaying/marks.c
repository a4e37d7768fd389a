/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One place for each value of the low bits of a name's hash; the whole hash stands in it. */
#include "rendezvous/relaying/marks.h"

#include "proto/base/siphash.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((MARKS_COUNT & (MARKS_COUNT - 1)) == 0, "the place is cut out of the hash");
_Static_assert(sizeof(struct mark_name) == 2 * KEY_SIZE + 16, "no padding is hashed");

struct mark_place {
    uint64_t hash; /* 0: free */
    struct mono until;
};

struct marks {
    uint8_t hash_key[SIPHASH_KEY_SIZE];
    struct mark_place places[MARKS_COUNT];
};

int marks_new(struct marks **out, const struct env *env)
{
    struct marks *marks = calloc(1, sizeof(*marks));

    *out = marks;
    if (marks == NULL) {
        return ERR_NOMEM;
    }
    env_random(env, marks->hash_key, sizeof(marks->hash_key));
    return ERR_OK;
}

void marks_free(struct marks *marks)
{
    free(marks);
}

static uint64_t hash_of(const struct marks *marks, const struct mark_name *name)
{
    uint64_t hash = siphash24(marks->hash_key, name, sizeof(*name));

    return hash != 0 ? hash : 1;
}

void marks_set(struct marks *marks, const struct mark_name *name, struct mono until)
{
    uint64_t hash = hash_of(marks, name);

    marks->places[hash % MARKS_COUNT] = (struct mark_place){.hash = hash, .until = until};
}

bool marks_find(const struct marks *marks, const struct mark_name *name, struct mono *until)
{
    uint64_t hash = hash_of(marks, name);
    const struct mark_place *place = &marks->places[hash % MARKS_COUNT];

    if (place->hash != hash) {
        return false;
    }
    *until = place->until;
    return true;
}

void marks_clear(struct marks *marks, const struct mark_name *name)
{
    uint64_t hash = hash_of(marks, name);
    struct mark_place *place = &marks->places[hash % MARKS_COUNT];

    if (place->hash == hash) {
        *place = (struct mark_place){.hash = 0};
    }
}

bool marks_take(struct marks *marks, const struct mark_name *name, uint64_t ms, struct mono now)
{
    struct mono until;

    if (marks_find(marks, name, &until) && !mono_due(until, now)) {
        return false;
    }
    marks_set(marks, name, mono_add_ms(now, ms));
    return true;
}
