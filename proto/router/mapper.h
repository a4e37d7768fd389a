/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lets the router before this machine map a UDP port of ours (proto/portmap), in the loop and in
 * the background: finds the router, speaks PCP with it, hears what it tells everybody, and lets the
 * libraries of NAT-PMP and UPnP run. When the way to the internet changes, the new router is asked.
 * Only IPv4: where there is IPv6 there is no NAT.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/portmap/portmap_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct mapper;

enum {
    MAPPER_WAY_MS = 10000, /* so often it is looked whether the router is still the same */
    MAPPER_END_MS = 1500,  /* so long a stop waits for the router */
    MAPPER_TEXT_SIZE = PORTMAP_TEXT_SIZE,
};

/** What a mapper is made from. */
struct mapper_options {
    struct ev_loop *loop; /* these three are borrowed */
    const struct env *env;
    void *context;
    void (*changed)(void *context); /* the mapping came, went or is another one; may be NULL */
    struct endpoint local;          /* the port; and the address, or zero: the kernel's choice */
    /* From whose secret the nonce of PCP follows, so that it is the same after a restart; borrowed
     * for the call. NULL: it is a random one. */
    const struct identity *identity;
    enum portmap_mode mode;
    bool find_only; /* nothing is mapped: it only finds out what the router speaks */
};

/** Make it and begin. *out is written on ERR_OK only. ERR_NOMEM; ERR_SYSTEM: the kernel does not
 * tell the way to the internet. */
int mapper_open(struct mapper **out, const struct mapper_options *options) MUST_CHECK;

/** End the mapping, for which the router gets up to MAPPER_END_MS, and stop. NULL is fine. */
void mapper_close(struct mapper *mapper);

/** Take another mode. */
void mapper_set_mode(struct mapper *mapper, enum portmap_mode mode);

/** This machine's own address on its way to the internet by IPv4, with the port; none: there is no
 * way. */
struct endpoint mapper_internal(const struct mapper *mapper);

/** What is known of the router; borrowed for its life. */
const struct portmap *mapper_portmap(const struct mapper *mapper);

/** The mapping, or NULL; as portmap_external. */
const struct endpoint *mapper_external(const struct mapper *mapper,
                                       enum portmap_protocol *protocol);

struct mapper_counters {
    uint64_t mapped, lost;
};

/** How often there was a new mapping, and how often one was lost. Borrowed for its life. */
const struct mapper_counters *mapper_counters(const struct mapper *mapper);

/** How it stands, as a sentence without an end. Writes and returns text. */
const char *mapper_text(const struct mapper *mapper, char text[MAPPER_TEXT_SIZE]);
