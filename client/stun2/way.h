/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the kernel sends to an address: the interface, the next hop and the source. The shell finds a
 * way, whoever uses an address keeps it and compares. So a change of the network counts only where
 * it changes the way to an address in use, and not because something was written anew.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

/** All zero: nobody has looked yet. */
struct way {
    bool known;
    uint32_t interface; /* 0: there is no way */
    uint8_t source[16]; /* IPv4 in its mapped form; zero where there is no way */
    uint8_t next_hop[16];
};

/** Who finds ways. A pointer to one that is NULL means: every way may have changed. */
struct way_finder {
    /** Write how packets to `remote` leave now. local->ip is zero if the kernel chooses the source;
     * there is no way if this machine has not that address any more. False if that cannot be told
     * now, which says nothing of the way. */
    bool (*find)(void *context, const struct endpoint *local, const struct endpoint *remote,
                 struct way *out);
    void *context;
    bool doubtful; /* a way that looks the same may lead elsewhere (another NAT) */
};

/** What looking at a way found. */
enum way_change {
    WAY_SAME,
    WAY_DOUBTFUL, /* it may have changed: nobody had looked before, or the finder doubts it or
                     cannot tell now */
    WAY_CHANGED,
    WAY_GONE, /* there is none any more */
};

/** Look at the way from `local` to `remote` again, keep it and tell what changed. finder may be
 * NULL: WAY_CHANGED, and nobody knows the way then. */
enum way_change way_look(struct way *way, const struct way_finder *finder,
                         const struct endpoint *local, const struct endpoint *remote);

/** True if the way is another one by now, or gone. It is kept as it was, for way_look. */
bool way_differs(const struct way *way, const struct way_finder *finder,
                 const struct endpoint *local, const struct endpoint *remote);

/** Look at a way that nobody has looked at yet, so that a later change is seen. */
void way_learn(struct way *way, const struct way_finder *finder, const struct endpoint *local,
               const struct endpoint *remote);
