/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * IP packets for the tests of the tunnel, made and checked in the plainest way. Two hosts see each
 * other under different addresses; a `struct spec` describes a packet, and spec_build makes it with
 * the addresses that one of the two sees.
 */
#pragma once

#include "client/tunnel/rebuild.h"
#include "client/tunnel/strip.h"
#include "client/tunnel/tunnel.h"
#include "tests/support/naive_sum.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    SPEC_PAYLOAD_MAX = 9000,
    SPEC_PACKET_MAX = SPEC_PAYLOAD_MAX + 200,
    SPEC_EXTRA_MAX = 64,
};

/** Hosts A and B: `a` holds the addresses of both as A knows them, `b` as B knows them. */
struct two_hosts {
    struct tunnel_pair a, b;
};

/** Two hosts; A has two fixed addresses and B has one. */
struct two_hosts two_hosts_make(void);

/** Kinds of addresses that a packet of the pair may have. */
enum spec_kind { SPEC_OWN, SPEC_4IN6, SPEC_FIXED, SPEC_FIXED_SECOND, SPEC_REAL };

/** A packet, independent of who sees it. */
struct spec {
    bool v6;
    bool back; /* from B to A */
    enum spec_kind source, destination;
    uint8_t source_real[16], destination_real[16];
    uint8_t protocol, traffic_class, hop_limit;
    bool df;
    uint16_t id;
    uint32_t flow;
    uint8_t extra[SPEC_EXTRA_MAX]; /* IPv4 options, or IPv6 extension headers */
    size_t extra_size;
    uint8_t extra_first; /* IPv6: next header of the fixed header */
    bool fragment;       /* it carries only [part_at, part_at + part_size) of the payload */
    size_t part_at, part_size;
    bool udp_zero;                     /* the checksum is zero: UDP without one */
    uint16_t spoil;                    /* added to the right checksum */
    uint8_t payload[SPEC_PAYLOAD_MAX]; /* transport header and what follows */
    size_t payload_size;
};

/** The offset of the checksum in the transport header; -1 if the protocol has none over this
 * version of IP. */
int checksum_place(bool v6, uint8_t protocol);

/** Write a number of two bytes, most significant byte first. */
void put16(uint8_t *at, unsigned value);

/** Build the packet as one of the two sees it; returns its size. */
size_t spec_build(uint8_t *out, const struct spec *spec, const struct two_hosts *two, bool a_sees);

/** A random packet without options: TCP, UDP, or an echo request of ICMP. */
void spec_random(struct spec *spec, struct rng *rng);

/** The same, of this protocol. */
void spec_random_of(struct spec *spec, struct rng *rng, uint8_t protocol);

/** Give the packet IPv4 options, or IPv6 extension headers: hop-by-hop with a router alert, then
 * destination options. */
void set_options(struct spec *spec, struct rng *rng);

/** Make it a fragment that carries `size` bytes of the payload from `at` on. */
void set_fragment(struct spec *spec, struct rng *rng, size_t at, size_t size);

/** Is this one of the host's addresses? */
bool of_host(const struct tunnel_host *host, bool v6, const uint8_t *ip);

/** Strip a copy of a packet, and write its first plaintext to `out`; arguments and results of
 * tunnel_next, or the error of tunnel_open. */
int strip_one(uint8_t *out, size_t capacity, size_t *size, const struct tunnel_pair *pair,
              const struct packet *packet);

/** Rebuild a copy of a plaintext. The caller frees *memory, to which out points. The memory has
 * exactly the size that the contract asks for, so that the sanitizer sees one byte too many.
 * Returns what tunnel_rebuild does. */
int rebuild_copy(struct packet *out, uint8_t **memory, const struct tunnel_pair *to,
                 const uint8_t *plain, size_t size, uint16_t *next_id);

/** Strip the next segment at the sender, which overwrites a super-packet, and rebuild it at the
 * receiver. The caller frees *memory, to which out points. The memory has exactly the size that the
 * contracts of both ask for, so that the sanitizer sees one byte too many. Returns the first error
 * of both. */
int carry_next(struct packet *out, uint8_t **memory, const struct tunnel_pair *from,
               const struct tunnel_pair *to, struct tunnel_cut *cut, uint16_t *next_id);

/** The same for a packet that makes one plaintext. */
int carry(struct packet *out, uint8_t **memory, const struct tunnel_pair *from,
          const struct tunnel_pair *to, const struct packet *packet, uint16_t *next_id);
